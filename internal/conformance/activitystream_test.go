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
)

// database is one of the two that can have an activity stream.
type database struct {
	name, arn string
	read      statemachine.Operation
	refusal   string // the code that says invalid state
	add       func(s *activitystreamtest.Server, status activitystream.Status)
}

func databases() []database {
	return []database{
		{"cluster", clusterARN, "DescribeDBClusters", "InvalidDBClusterStateFault", func(s *activitystreamtest.Server, status activitystream.Status) {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: status, KmsKeyId: keyID})
		}},
		{"instance", instanceARN, "DescribeDBInstances", "InvalidDBInstanceState", func(s *activitystreamtest.Server, status activitystream.Status) {
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: status, KmsKeyId: keyID})
		}},
	}
}

// activityStreams are the ways of both sorts of activity stream, and of the audit policy, which only an instance has.
func activityStreams() []scenario {
	const (
		stopped, starting = string(activitystream.StatusStopped), string(activitystream.StatusStarting)
		started, stopping = string(activitystream.StatusStarted), string(activitystream.StatusStopping)
		locked, unlocking = string(activitystream.PolicyLocked), string(activitystream.PolicyUnlocking)
		unlocked, locking = string(activitystream.PolicyUnlocked), string(activitystream.PolicyLocking)
	)
	shared := scenario{
		machine: activitystream.Machine().Name(), least: 5 * time.Second, most: 2 * time.Minute, rows: activityStreamRows,
		has: settles | returns | lapses | vanishes | watches | commands,
	}
	var ways []scenario
	for _, db := range databases() {
		up := shared
		up.name, up.op, up.read = db.name+", start", activitystream.StartActivityStream, db.read
		up.from, up.via, up.to, up.back = stopped, starting, started, stopping
		up.busy, up.already = db.refusal, "InvalidParameterCombination"
		up.simulate = db.simulate
		down := up
		down.name, down.op = db.name+", stop", activitystream.StopActivityStream
		down.from, down.via, down.to, down.back = started, stopping, stopped, starting
		ways = append(ways, up, down)
	}
	instance := databases()[1]
	unlock := shared
	unlock.name, unlock.machine, unlock.op, unlock.read = "policy, unlock", activitystream.PolicyMachine().Name(), activitystream.ModifyActivityStream, instance.read
	unlock.from, unlock.via, unlock.to, unlock.back = locked, unlocking, unlocked, locking
	unlock.busy, unlock.already = instance.refusal, instance.refusal
	unlock.has = unlock.has&^(lapses|watches) | unplannable // Watch is the stream's
	unlock.stuck, unlock.shows = noPolicy, map[string]string{noPolicy: ""}
	unlock.simulate = instance.simulatePolicy
	lock := unlock
	lock.name, lock.from, lock.via, lock.to, lock.back = "policy, lock", unlocked, locking, locked, unlocking
	return append(ways, unlock, lock)
}

// noPolicy stands for the state of a policy whose stream is stopped.
const noPolicy = "(stream stopped)"

// server is a simulator with the database in a status.
func (db database) server(status activitystream.Status, change func(simulator.Call) *simulator.Failure) *activitystreamtest.Server {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.PolicyChange = settle, settle, settle
		o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure {
			return (*activitystreamtest.Failure)(change(simulator.Call(c)))
		}
	})
	db.add(s, status)
	return s
}

func (db database) simulate(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := db.server(activitystream.Status(w.from), change)
	in := activitystream.StartInput{ResourceArn: db.arn, Mode: activitystream.ModeAsync, KmsKeyId: keyID, ApplyImmediately: true}
	sub := ofStream(s.Config(), in, w.to == string(activitystream.StatusStarted))
	sub.simulated = db.behind(s)
	sub.move = func(state string) {
		status := activitystream.Status(state)
		if s.Status(db.arn) == activitystream.StatusStopped && (status == activitystream.StatusStarting || status == activitystream.StatusStarted) {
			db.add(s, status) // with the settings that the ensure wants
			return
		}
		s.Set(db.arn, status)
	}
	sub.truth = func() string { return string(s.Status(db.arn)) }
	return sub
}

func (db database) simulatePolicy(w scenario, change func(simulator.Call) *simulator.Failure) subject {
	s := db.server(activitystream.StatusStarted, change)
	s.SetPolicy(db.arn, activitystream.PolicyStatus(w.from))
	sub := ofPolicy(s.Config(), db.arn, w.to == string(activitystream.PolicyUnlocked))
	sub.simulated = db.behind(s)
	sub.move = func(state string) {
		if state == noPolicy {
			s.Set(db.arn, activitystream.StatusStopped)
			return
		}
		s.SetPolicy(db.arn, activitystream.PolicyStatus(state))
	}
	sub.truth = func() string { // by a read, for the server tells only the stream's
		s.Stale(db.arn, 0)
		state, _ := sub.get(context.Background())
		return state
	}
	return sub
}

// behind is what the simulator can do to the database.
func (db database) behind(s *activitystreamtest.Server) simulated {
	return simulated{
		remove: func() { s.Remove(db.arn) },
		lapse:  func() { s.Lapse(db.arn) },
		stale:  func(d time.Duration) { s.Stale(db.arn, d) },
		clear:  func() { s.ClearFailures("") },
		fail:   func(op statemachine.Operation, f simulator.Failure) { s.Fail(op, activitystreamtest.Failure(f)) },
		log: func() []simulator.Call {
			return converted(s.Calls(), func(c activitystreamtest.Call) simulator.Call { return simulator.Call(c) })
		},
	}
}

// activityStreamOptions applies what the services share.
func activityStreamOptions(o settings) func(*activitystream.Options) {
	return func(to *activitystream.Options) {
		to.Wait, to.DryRun, to.Pacer = o.wait, o.dryRun, cmp.Or(o.pacer, to.Pacer)
	}
}

// ofStream is the stream of a cluster or instance, to be started as in says, or stopped.
func ofStream(cfg aws.Config, in activitystream.StartInput, up bool) subject {
	c := activitystream.NewFromConfig(cfg)
	state := func(s *activitystream.Stream) string { return string(s.Status) }
	stop := &activitystream.StopInput{ResourceArn: in.ResourceArn, ApplyImmediately: in.ApplyImmediately}
	sub := subject{
		resource: in.ResourceArn,
		get:      func(ctx context.Context) (string, error) { return shown(state)(c.Get(ctx, in.ResourceArn)) },
		run: func(ctx context.Context) error {
			if up {
				return last(c.Start(ctx, &in))
			}
			return last(c.Stop(ctx, stop))
		},
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return shown(state)(c.Wait(ctx, in.ResourceArn, activitystream.Status(target), maxWait, activityStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return told(state, c.Watch(ctx, in.ResourceArn, activityStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (done, error) {
			if up {
				return didToStream(state)(c.EnsureStarted(ctx, &in, maxWait, activityStreamOptions(o)))
			}
			return didToStream(state)(c.EnsureStopped(ctx, stop, maxWait, activityStreamOptions(o)))
		},
	}
	return sub
}

// ofPolicy is the audit policy of an instance, to be unlocked or locked.
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
		get:      func(ctx context.Context) (string, error) { return shown(state)(c.Get(ctx, arn)) },
		run:      func(ctx context.Context) error { return last(c.Modify(ctx, in)) },
		wait: func(ctx context.Context, target string, maxWait time.Duration, o settings) (string, error) {
			return shown(state)(c.WaitPolicy(ctx, arn, activitystream.PolicyStatus(target), maxWait, activityStreamOptions(o)))
		},
		watch: func(ctx context.Context, o settings) iter.Seq2[string, error] {
			return told(state, c.Watch(ctx, arn, activityStreamOptions(o)))
		},
		ensure: func(ctx context.Context, maxWait time.Duration, o settings) (done, error) {
			return didToStream(state)(c.EnsurePolicy(ctx, in, maxWait, activityStreamOptions(o)))
		},
	}
}

func didToStream(state func(*activitystream.Stream) string) func(*activitystream.EnsureOutput, error) (done, error) {
	return func(out *activitystream.EnsureOutput, err error) (done, error) {
		if out == nil {
			return done{IsNil: true}, err
		}
		d := done{Operations: out.Operations, Planned: out.Planned}
		if out.Stream != nil {
			d.State = state(out.Stream)
		}
		return d, err
	}
}

// shown is the state of what a call returned, beside its error.
func shown[T any](state func(*T) string) func(*T, error) (string, error) {
	return func(v *T, err error) (string, error) {
		if v == nil {
			return "", err
		}
		return state(v), err
	}
}

// told is a watch of states.
func told[T any](state func(*T) string, seq iter.Seq2[*T, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for v, err := range seq {
			s, err := shown(state)(v, err)
			if !yield(s, err) {
				return
			}
		}
	}
}

// last is the error of a call.
func last[T any](_ T, err error) error { return err }

func converted[T any](calls []T, to func(T) simulator.Call) []simulator.Call {
	all := make([]simulator.Call, len(calls))
	for i, c := range calls {
		all[i] = to(c)
	}
	return all
}
