package conformance

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instanceARN = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
	keyID       = "1234abcd-12ab-34cd-56ef-1234567890ab"
	otherKeyID  = "0987dcba-09fe-87dc-65ba-ab0987654321"
)

// database is a kind of resource that can have an activity stream.
type database struct {
	name, arn string
	read      statemachine.Operation
	refusal   string // the code of an invalid state
	add       func(s *activitystreamtest.Server, status activitystream.Status, key string)
}

// databases returns a cluster and an instance.
func databases() []database {
	return []database{
		{"cluster", clusterARN, "DescribeDBClusters", "InvalidDBClusterStateFault", func(s *activitystreamtest.Server, status activitystream.Status, key string) {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: status, KmsKeyId: key})
		}},
		{"instance", instanceARN, "DescribeDBInstances", "InvalidDBInstanceState", func(s *activitystreamtest.Server, status activitystream.Status, key string) {
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: status, KmsKeyId: key})
		}},
	}
}

// activityStreams returns the scenarios of the activity streams of both databases, and of the audit
// policy, which only an instance has.
func activityStreams() []scenario {
	const (
		stopped, starting = string(activitystream.StatusStopped), string(activitystream.StatusStarting)
		started, stopping = string(activitystream.StatusStarted), string(activitystream.StatusStopping)
		locked, unlocking = string(activitystream.PolicyLocked), string(activitystream.PolicyUnlocking)
		unlocked, locking = string(activitystream.PolicyUnlocked), string(activitystream.PolicyLocking)
	)
	shared := scenario{
		machine: activitystream.Machine().Name(), least: 5 * time.Second, most: 2 * time.Minute, rows: activityStreamRows,
		has: settles | returns | lapses | vanishes | watches | commands | replaces,
	}
	var ways []scenario
	for _, db := range databases() {
		up := shared
		up.name, up.op, up.read = db.name+", start", activitystream.StartActivityStream, db.read
		up.from, up.via, up.to, up.back = stopped, starting, started, stopping
		up.busy, up.already = db.refusal, "InvalidParameterCombination"
		up.has |= deferrable | restarts
		up.undo, up.unusable = activitystream.StopActivityStream, row{code: "KMSKeyNotAccessibleFault", kind: statemachine.KeyNotAccessible}
		up.simulate = db.simulate
		down := up
		down.has, down.undo = down.has&^restarts, ""
		down.name, down.op = db.name+", stop", activitystream.StopActivityStream
		down.from, down.via, down.to, down.back = started, stopping, stopped, starting
		ways = append(ways, up, down)
	}
	instance := databases()[1]
	unlock := shared
	unlock.name, unlock.machine, unlock.op, unlock.read = "policy, unlock", activitystream.PolicyMachine().Name(), activitystream.ModifyActivityStream, instance.read
	unlock.from, unlock.via, unlock.to, unlock.back = locked, unlocking, unlocked, locking
	unlock.busy, unlock.already = instance.refusal, instance.refusal
	unlock.has = unlock.has&^(lapses|watches) | unplannable // Watch reads the stream only
	unlock.stuck, unlock.shows = noPolicy, map[string]string{noPolicy: ""}
	unlock.simulate = instance.simulatePolicy
	lock := unlock
	lock.name, lock.from, lock.via, lock.to, lock.back = "policy, lock", unlocked, locking, locked, unlocking
	return append(ways, unlock, lock)
}

// noPolicy stands for the state of a policy whose stream is stopped.
const noPolicy = "(stream stopped)"

// server returns a simulator with the database in a status.
func (db database) server(status activitystream.Status, change func(simulator.Call) *simulator.Failure) *activitystreamtest.Server {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.PolicyChange = settle, settle, settle
		o.Intercept = change
	})
	db.add(s, status, keyID)
	return s
}

// simulate returns the stream of the database on a simulator.
func (db database) simulate(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := db.server(activitystream.Status(w.from), change)
	in := activitystream.StartInput{ResourceArn: db.arn, Mode: activitystream.ModeAsync, KmsKeyId: keyID, ApplyImmediately: true}
	sub := ofStream(s.Config(), in, w.to == string(activitystream.StatusStarted))
	sub.simulated = db.controls(s)
	sub.move = func(state string) {
		status := activitystream.Status(state)
		if s.Status(db.arn) == activitystream.StatusStopped && (status == activitystream.StatusStarting || status == activitystream.StatusStarted) {
			db.add(s, status, keyID) // with the settings of the Ensure call
			return
		}
		s.Set(db.arn, status)
	}
	sub.other = func(state string) { s.Switchover(db.arn, "", activitystream.Status(state)) }
	sub.open = func() { s.OpenMaintenanceWindow(db.arn) }
	sub.set = func(own bool) {
		key := keyID
		if !own {
			key = otherKeyID
		}
		db.add(s, activitystream.StatusStarted, key)
	}
	sub.isOwn = func() bool {
		s.Stale(db.arn, 0)
		stream, err := activitystream.NewFromConfig(s.Config()).Get(context.Background(), db.arn)
		return err == nil && stream.KmsKeyId == keyID
	}
	sub.truth = func() string { return string(s.Status(db.arn)) }
	return sub
}

// simulatePolicy returns the audit policy of the database on a simulator.
func (db database) simulatePolicy(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := db.server(activitystream.StatusStarted, change)
	s.SetPolicy(db.arn, activitystream.PolicyStatus(w.from))
	sub := ofPolicy(s.Config(), db.arn, w.to == string(activitystream.PolicyUnlocked))
	sub.simulated = db.controls(s)
	sub.move = func(state string) {
		if state == noPolicy {
			s.Set(db.arn, activitystream.StatusStopped)
			return
		}
		s.SetPolicy(db.arn, activitystream.PolicyStatus(state))
	}
	sub.other = func(state string) {
		s.Switchover(db.arn, "", activitystream.StatusStarted)
		sub.move(state)
	}
	sub.truth = func() string { // by a read, because the server returns only the stream's status
		s.Stale(db.arn, 0)
		state, _ := sub.get(context.Background())
		return state
	}
	return sub
}

// controls returns the controls of the database, except for its state.
func (db database) controls(s *activitystreamtest.Server) simulated {
	return simulated{
		remove: func() { s.Remove(db.arn) },
		lapse:  func() { s.Lapse(db.arn) },
		stale:  func(d time.Duration) { s.Stale(db.arn, d) },
		clear:  func() { s.ClearFailures("") },
		fail:   s.Fail,
		log:    s.Calls,
	}
}

// activityStreamOptions returns a function that applies the settings.
func activityStreamOptions(o settings) func(*activitystream.Options) {
	return func(to *activitystream.Options) {
		to.Wait, to.DryRun, to.Pacer = o.wait, o.dryRun, cmp.Or(o.pacer, to.Pacer)
		to.AllowRestart, to.LeavePending, to.PendingSince = o.restart, o.leave, o.since
	}
}

// ofStream returns the stream of a cluster or an instance. Its operation is a start with the input,
// or a stop.
func ofStream(cfg aws.Config, in activitystream.StartInput, up bool) subject {
	c := activitystream.NewFromConfig(cfg)
	state := func(s *activitystream.Stream) string { return string(s.Status) }
	stop := &activitystream.StopInput{ResourceArn: in.ResourceArn, ApplyImmediately: in.ApplyImmediately}
	sub := subject{
		resource: in.ResourceArn,
		get:      func(ctx context.Context) (string, error) { return stateOf(state)(c.Get(ctx, in.ResourceArn)) },
		run: func(ctx context.Context) error {
			if up {
				return errOf(c.Start(ctx, &in))
			}
			return errOf(c.Stop(ctx, stop))
		},
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return stateOf(state)(c.Wait(ctx, in.ResourceArn, activitystream.Status(target), maxWait, activityStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return states(state, c.Watch(ctx, in.ResourceArn, activityStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
			in, stop := in, *stop
			in.ApplyImmediately, stop.ApplyImmediately = !o.defers, !o.defers
			if up {
				return ensuredStream(state)(c.EnsureStarted(ctx, &in, maxWait, activityStreamOptions(o)))
			}
			return ensuredStream(state)(c.EnsureStopped(ctx, &stop, maxWait, activityStreamOptions(o)))
		},
	}
	return sub
}

// ofPolicy returns the audit policy of an instance. Its operation unlocks or locks it.
func ofPolicy(cfg aws.Config, arn string, unlock bool) subject {
	c := activitystream.NewFromConfig(cfg)
	in := &activitystream.ModifyInput{ResourceArn: arn, AuditPolicyState: activitystream.AuditPolicyLocked}
	if unlock {
		in.AuditPolicyState = activitystream.AuditPolicyUnlocked
	}
	state := func(s *activitystream.Stream) string {
		if s.Status != activitystream.StatusStarted {
			return ""
		}
		return string(s.PolicyStatus)
	}
	return subject{
		resource: arn,
		get:      func(ctx context.Context) (string, error) { return stateOf(state)(c.Get(ctx, arn)) },
		run:      func(ctx context.Context) error { return errOf(c.Modify(ctx, in)) },
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return stateOf(state)(c.WaitPolicy(ctx, arn, activitystream.PolicyStatus(target), maxWait, activityStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return states(state, c.Watch(ctx, arn, activityStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (ensureResult, error) {
			return ensuredStream(state)(c.EnsurePolicy(ctx, in, maxWait, activityStreamOptions(o)))
		},
	}
}

// ensuredStream returns a function that converts the output of an ensure method.
func ensuredStream(state func(*activitystream.Stream) string) func(*activitystream.EnsureOutput, error) (ensureResult, error) {
	return func(out *activitystream.EnsureOutput, err error) (ensureResult, error) {
		if out == nil {
			return ensureResult{IsNil: true}, err
		}
		d := ensureResult{
			Operations: out.Operations, Planned: out.Planned, Pending: out.Pending, PendingSince: out.PendingSince,
			GapFrom: out.GapFrom, GapTo: out.GapTo,
		}
		if out.Stream != nil {
			d.State = state(out.Stream)
		}
		return d, err
	}
}

// stateOf returns a function that converts the results of a call into a state and an error.
func stateOf[T any](state func(*T) string) func(*T, error) (string, error) {
	return func(v *T, err error) (string, error) {
		if v == nil {
			return "", err
		}
		return state(v), err
	}
}

// states converts the values of a watch into states.
func states[T any](state func(*T) string, seq iter.Seq2[*T, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for v, err := range seq {
			s, err := stateOf(state)(v, err)
			if !yield(s, err) {
				return
			}
		}
	}
}

// errOf returns the error of a call.
func errOf[T any](_ T, err error) error { return err }
