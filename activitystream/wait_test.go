package activitystream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// waited is what came of a wait.
type waited struct {
	Verdict string
	Took    time.Duration
	Status  activitystream.Status // of the value beside the error
	Last    string                // of the WaitError
	Reads   int
}

func TestWait(t *testing.T) {
	const m = time.Minute
	type options = activitystreamtest.Options
	for _, test := range []struct {
		why     string
		options func(*options)
		setup   func(s *server, db database) // before the wait
		target  activitystream.Status
		maxWait time.Duration
		grace   time.Duration
		status  activitystream.Status // at first
		want    waited
		says    []string
	}{
		{
			why: "already there", status: activitystream.StatusStarted,
			want: waited{Status: activitystream.StatusStarted, Reads: 1},
		},
		{
			why: "a start", status: activitystream.StatusStarting,
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 25},
		},
		{
			why: "a stop", status: activitystream.StatusStopping, target: activitystream.StatusStopped,
			want: waited{Status: activitystream.StatusStopped, Took: m, Reads: 13},
		},
		{
			why: "a long start: the delay is an eightieth of the time waited", status: activitystream.StatusStarting,
			options: func(o *options) { o.Starting = 20 * m },
			want:    waited{Status: activitystream.StatusStarted, Took: 1200*time.Second + 0, Reads: 0}, // see below
		},
		{
			why: "reads right after the start are 40 s old",
			setup: func(s *server, db database) {
				s.Set(db.arn, activitystream.StatusStarting)
				s.Stale(db.arn, 40*time.Second)
			},
			want: waited{Status: activitystream.StatusStarted, Took: 160 * time.Second, Reads: 33},
		},
		{
			why: "one old read in the middle", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(57*time.Second, func() { s.Stale(db.arn, 40*time.Second) })
				time.AfterFunc(62*time.Second, func() { s.Stale(db.arn, 0) })
			},
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 25},
		},
		{
			why: "a start that is rolled back", status: activitystream.StatusStarting,
			setup: func(s *server, db database) { s.Lapse(db.arn) },
			want:  waited{Verdict: "lapsed", Status: activitystream.StatusStopped, Last: "stopped", Took: 2 * m, Reads: 25},
			says:  []string{"database activity stream", "waiting for started: lapsed: starting → stopped after 2m0s", "(25 reads in 2m0s)", "StartActivityStream would lead to started"},
		},
		{
			why: "a start that is rolled back within the grace", status: activitystream.StatusStarting,
			options: func(o *options) { o.Starting = 20 * time.Second },
			setup:   func(s *server, db database) { s.Lapse(db.arn) },
			want:    waited{Verdict: "lapsed", Status: activitystream.StatusStopped, Last: "stopped", Took: m, Reads: 13},
			says:    []string{"starting → stopped after 20s"},
		},
		{
			why: "somebody stops it while it is starting", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(88*time.Second, func() { s.Set(db.arn, activitystream.StatusStopping) })
			},
			want: waited{Verdict: "lapsed", Status: activitystream.StatusStopping, Last: "stopping", Took: 90 * time.Second, Reads: 19},
			says: []string{"starting → stopping after 1m30s"},
		},
		{
			why:  "nobody started it",
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Last: "stopped", Took: m, Reads: 13},
			says: []string{"unreachable from stopped", "StartActivityStream would lead to started", "ApplyImmediately", "maintenance window"},
		},
		{
			why: "nobody started it, and no read can be old", grace: -1,
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Last: "stopped", Reads: 1},
		},
		{
			why: "nobody stopped it", status: activitystream.StatusStarted, target: activitystream.StatusStopped,
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStarted, Last: "started", Took: m, Reads: 13},
			says: []string{"StopActivityStream would lead to stopped"},
		},
		{
			why: "stopping does not lead to starting", status: activitystream.StatusStopping, target: activitystream.StatusStarting,
			want: waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Last: "stopped", Took: m, Reads: 13},
		},
		{
			why: "a start in the maintenance window, with a grace as long as the wait", grace: 12 * time.Hour, maxWait: 12 * time.Hour,
			setup: func(s *server, db database) {
				time.AfterFunc(5*time.Hour, func() { s.Set(db.arn, activitystream.StatusStarting) })
			},
			want: waited{Status: activitystream.StatusStarted, Took: 5*time.Hour + 2*m, Reads: 0},
		},
		{
			why: "throttled in the middle: twice the delay, once", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(8*time.Second, func() { s.Fail(db.describe, failure{Code: "Throttling"}) })
			},
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 24},
		},
		{
			why: "no policy allows it any more", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(8*time.Second, func() { s.Fail(db.describe, failure{Code: "AccessDenied", Status: 403}) })
			},
			want: waited{Verdict: "read failed", Status: activitystream.StatusStarting, Last: "starting", Took: 10 * time.Second, Reads: 3},
			says: []string{"read failed (3 reads in 10s), last seen starting", "AccessDenied"},
		},
		{
			why: "deleted while it was waited for", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(31*time.Second, func() { s.Remove(db.arn) })
			},
			want: waited{Verdict: "gone", Status: activitystream.StatusStarting, Last: "starting", Took: 35 * time.Second, Reads: 8},
			says: []string{"gone", "last seen starting"},
		},
		{
			why: "a deadline between two reads: one read at it", status: activitystream.StatusStarting, maxWait: 12 * time.Second,
			want: waited{Verdict: "timed out", Status: activitystream.StatusStarting, Last: "starting", Took: 12 * time.Second, Reads: 4},
			says: []string{"timed out (4 reads in 12s), last seen starting"},
		},
		{
			why: "there at the deadline", status: activitystream.StatusStarting, maxWait: 2 * m,
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 25},
		},
		{
			why: "a status that nobody knows, on the way", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(m, func() { s.Set(db.arn, "warming-up") })
				time.AfterFunc(3*m, func() { s.Set(db.arn, activitystream.StatusStarting) })
			},
			want: waited{Status: activitystream.StatusStarted, Took: 5 * m, Reads: 61},
		},
		{
			why: "a status that nobody knows, for ever", status: "warming-up", maxWait: 5 * m,
			want: waited{Verdict: "timed out", Status: "warming-up", Last: "warming-up", Took: 5 * m, Reads: 61},
		},
		{
			why: "a read that hangs counts as one that failed", status: activitystream.StatusStarting,
			setup: func(s *server, db database) {
				time.AfterFunc(3*time.Second, func() { s.Fail(db.describe, failure{Hang: true}) })
			},
			// Reads at 0, 5 (until 35), 45, 50, …
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 18},
		},
		{
			why: "the last read hangs: the wait ends one ReadTimeout after the deadline", status: activitystream.StatusStarting, maxWait: 12 * time.Second,
			setup: func(s *server, db database) {
				time.AfterFunc(11*time.Second, func() { s.Fail(db.describe, failure{Hang: true}) })
			},
			want: waited{Verdict: "timed out", Status: activitystream.StatusStarting, Last: "starting", Took: 42 * time.Second, Reads: 4},
			says: []string{"no answer within 30s"},
		},
		{
			why: "nothing was ever read", status: activitystream.StatusStarting, maxWait: m,
			setup: func(s *server, db database) {
				s.Fail("", failure{Drop: true, Times: -1})
			},
			want: waited{Verdict: "timed out", Took: m, Reads: 7},
		},
	} {
		for name, db := range databases() {
			bubble(t, test.why+" ("+name+")", func(t *testing.T) {
				s := activitystreamtest.NewServer(func(o *options) {
					if test.options != nil {
						test.options(o)
					}
				})
				db.add(s, test.status)
				if test.setup != nil {
					test.setup(s, db)
				}
				target, maxWait := test.target, test.maxWait
				if target == "" {
					target = activitystream.StatusStarted
				}
				if maxWait == 0 {
					maxWait = time.Hour
				}
				began := time.Now()
				got, err := client(s).Wait(t.Context(), db.arn, target, maxWait, func(o *activitystream.Options) { o.Wait.Grace = test.grace })
				outcome := waited{Verdict: verdict(err), Took: time.Since(began), Reads: len(s.Calls())}
				if got != nil {
					outcome.Status = got.Status
				}
				want := test.want
				switch {
				case test.options != nil && want.Reads == 0, test.grace > time.Hour:
					// Late by less than an eightieth of the time waited, and 2 minutes at most.
					late := outcome.Took - want.Took
					if late < 0 || late > min(want.Took/80, 2*m) {
						t.Errorf("%s late", late)
					}
					want.Took, want.Reads = outcome.Took, outcome.Reads
				}
				if err != nil {
					we := as[*statemachine.WaitError](t, err)
					outcome.Last = we.Last
					same(t, "reads of the error", outcome.Reads, we.Reads)
					same(t, "elapsed of the error", outcome.Took, we.Elapsed)
					same(t, "resource of the error", db.arn, we.Resource)
					oneLine(t, err)
					mentions(t, err, append(test.says, db.arn)...)
				}
				same(t, "wait", want, outcome)
				same(t, "in time", test.want.Verdict == "timed out", errors.Is(err, context.DeadlineExceeded))
			})
		}
	}
}

func TestWaitThrottledReads(t *testing.T) {
	bubble(t, "instants", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 25 * time.Second })
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		time.AfterFunc(8*time.Second, func() { s.Fail(describeClusters, failure{Code: "Throttling"}) })
		began := time.Now()
		var readings []statemachine.Reading
		must(client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour, func(o *activitystream.Options) {
			o.Wait.OnRead = func(r statemachine.Reading) { readings = append(readings, r) }
		}))(t)
		same(t, "reads", []time.Duration{0, 5 * time.Second, 10 * time.Second, 20 * time.Second, 25 * time.Second}, reads(s, describeClusters, began))
		var kinds []statemachine.Kind
		for _, r := range readings {
			kinds = append(kinds, statemachine.KindOf(r.Err))
		}
		same(t, "OnRead", []statemachine.Kind{"", "", statemachine.Throttled, "", ""}, kinds)
		same(t, "delay after the throttled read", 10*time.Second, readings[2].NextDelay)
		same(t, "state beside the error", "starting", readings[2].State)
	})
}

func TestWaitFaultIsInTheError(t *testing.T) {
	bubble(t, "access denied", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		s.Fail(describeClusters, failure{Code: "AccessDenied", Message: "User: x is not authorized", Status: 403})
		_, err := client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour)
		fault := as[*statemachine.Fault](t, err)
		same(t, "code", "AccessDenied", fault.Code)
		for _, target := range []error{statemachine.ReadFailed, statemachine.AccessDenied} {
			if !errors.Is(err, target) {
				t.Errorf("not a %v: %v", target, err)
			}
		}
		same(t, "kind", statemachine.AccessDenied, statemachine.KindOf(err))
	})
}

func TestWaitCanceled(t *testing.T) {
	boss := errors.New("the boss said stop")
	for _, test := range []struct {
		why  string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		took time.Duration
		is   []error
	}{
		{
			why: "with a cause, between two reads", took: 7 * time.Second, is: []error{context.Canceled, boss},
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(7*time.Second, func() { cancel(boss) })
				return ctx, func() { cancel(nil) }
			},
		},
		{
			why: "with a deadline of its own", took: 8 * time.Second, is: []error{context.DeadlineExceeded},
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 8*time.Second)
			},
		},
		{
			why: "before anything", is: []error{context.Canceled},
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			},
		},
	} {
		bubble(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
			ctx, cancel := test.ctx(t.Context())
			defer cancel()
			began := time.Now()
			got, err := client(s).Wait(ctx, clusterARN, activitystream.StatusStarted, time.Hour)
			same(t, "time", test.took, time.Since(began))
			same(t, "verdict", "canceled", verdict(err))
			same(t, "a value", test.took > 0, got != nil)
			for _, target := range append(test.is, statemachine.Canceled) {
				if !errors.Is(err, target) {
					t.Errorf("no %v in %v", target, err)
				}
			}
			if errors.Is(err, statemachine.TimedOut) {
				t.Error("it timed out")
			}
			oneLine(t, err)
		})
	}
	bubble(t, "during a read that hangs", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		s.Fail(describeClusters, failure{Hang: true})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(boss) })
		began := time.Now()
		_, err := client(s).Wait(ctx, clusterARN, activitystream.StatusStarted, time.Hour)
		same(t, "verdict", "canceled", verdict(err))
		same(t, "time", time.Second, time.Since(began))
		if !errors.Is(err, boss) {
			t.Errorf("no cause in %v", err)
		}
	})
}

func TestWaitConsecutive(t *testing.T) {
	bubble(t, "three reads in a row", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		began := time.Now()
		time.AfterFunc(123*time.Second, func() { s.Fail(describeClusters, failure{Drop: true}) }) // neither counts nor begins anew
		must(client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour, func(o *activitystream.Options) { o.Wait.Consecutive = 3 }))(t)
		same(t, "time", 140*time.Second, time.Since(began)) // 120, (125), 135, 140
	})
}

func TestWaitInAnotherLetterCase(t *testing.T) {
	bubble(t, "cluster", func(t *testing.T) {
		const arn = "arn:aws:rds:us-east-1:123456789012:cluster:DAS-Cluster"
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
		got := must(client(s).Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour))(t)
		same(t, "as RDS writes it", clusterARN, got.ResourceArn)
		_, err := client(s).Wait(t.Context(), arn, activitystream.StatusStopped, time.Hour)
		same(t, "as it was given", arn, as[*statemachine.WaitError](t, err).Resource)
	})
}

func TestWaitPolicy(t *testing.T) {
	const m = time.Minute
	for _, test := range []struct {
		why     string
		status  activitystream.Status
		policy  activitystream.PolicyStatus
		target  activitystream.PolicyStatus
		setup   func(s *server)
		want    waited
		policy2 activitystream.PolicyStatus // in the end
		says    []string
	}{
		{
			why: "already locked", status: activitystream.StatusStarted, target: activitystream.PolicyLocked,
			want: waited{Status: activitystream.StatusStarted, Reads: 1}, policy2: activitystream.PolicyLocked,
		},
		{
			why: "it is being unlocked", status: activitystream.StatusStarted, policy: activitystream.PolicyUnlocking, target: activitystream.PolicyUnlocked,
			want: waited{Status: activitystream.StatusStarted, Took: 30 * time.Second, Reads: 7}, policy2: activitystream.PolicyUnlocked,
		},
		{
			why: "nobody unlocks it", status: activitystream.StatusStarted, target: activitystream.PolicyUnlocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStarted, Last: "locked", Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked, says: []string{"ModifyActivityStream would lead to unlocked"},
		},
		{
			why: "while the stream is starting its policy has no life yet, though it reads locked", status: activitystream.StatusStarting, target: activitystream.PolicyLocked,
			want: waited{Status: activitystream.StatusStarted, Took: 2 * m, Reads: 25}, policy2: activitystream.PolicyLocked,
		},
		{
			why: "a stopped stream has no policy, though it reads locked", status: activitystream.StatusStopped, target: activitystream.PolicyLocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked, says: []string{"only while the stream is started"},
		},
		{
			why: "nor has one that is stopping", status: activitystream.StatusStopping, target: activitystream.PolicyLocked,
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: m, Reads: 13},
			policy2: activitystream.PolicyLocked,
		},
		{
			why: "the stream is stopped while the policy is being unlocked", status: activitystream.StatusStarted, policy: activitystream.PolicyUnlocking,
			target: activitystream.PolicyUnlocked,
			setup: func(s *server) {
				s.SetPolicy(instanceARN, activitystream.PolicyUnlocking)
				time.AfterFunc(10*time.Second, func() { s.Set(instanceARN, activitystream.StatusStopping) })
			},
			want:    waited{Verdict: "lapsed", Status: activitystream.StatusStopping, Took: m, Reads: 13},
			policy2: activitystream.PolicyUnlocked, // its time passes all the same
		},
		{
			why: "a start that is rolled back was never on the way", status: activitystream.StatusStarting, target: activitystream.PolicyLocked,
			setup:   func(s *server) { s.Lapse(instanceARN) },
			want:    waited{Verdict: "unreachable", Status: activitystream.StatusStopped, Took: 2 * m, Reads: 25},
			policy2: activitystream.PolicyLocked,
		},
	} {
		bubble(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: test.status, PolicyStatus: test.policy})
			if test.setup != nil {
				test.setup(s)
			}
			began := time.Now()
			got, err := client(s).WaitPolicy(t.Context(), instanceARN, test.target, time.Hour)
			outcome := waited{Verdict: verdict(err), Took: time.Since(began), Reads: len(s.Calls()), Status: got.Status}
			if err != nil {
				outcome.Last = as[*statemachine.WaitError](t, err).Last
				oneLine(t, err)
				mentions(t, err, append(test.says, "activity stream audit policy "+instanceARN)...)
			}
			same(t, "wait", test.want, outcome)
			same(t, "policy", test.policy2, got.PolicyStatus)
		})
	}
	t.Run("a cluster", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		_, err := client(s).WaitPolicy(background(), clusterARN, activitystream.PolicyLocked, time.Hour)
		same(t, "fields", []string{"ResourceArn"}, fields(t, err))
		same(t, "calls", 0, len(s.Calls()))
	})
	t.Run("a target that is no policy status", func(t *testing.T) {
		_, err := client(activitystreamtest.NewServer()).WaitPolicy(background(), instanceARN, "(stream starting)", time.Hour)
		same(t, "fields", []string{"target"}, fields(t, err))
	})
}

// seen is one turn of a Watch's loop.
type seen struct {
	At     time.Duration
	Stream string // status, policy, the database's
	Err    string
}

func TestWatch(t *testing.T) {
	const s30 = 30 * time.Second
	for _, test := range []struct {
		why   string
		setup func(s *server)
		want  []seen
	}{
		{
			why: "status, policy and the database's status are told, what stays is not",
			setup: func(s *server) {
				time.AfterFunc(40*time.Second, func() { s.Set(instanceARN, activitystream.StatusStarting) })
				time.AfterFunc(200*time.Second, func() { s.SetPolicy(instanceARN, activitystream.PolicyUnlocking) })
				time.AfterFunc(305*time.Second, func() { s.SetResourceStatus(instanceARN, "backing-up") })
				time.AfterFunc(335*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{
				{0, "stopped locked available", ""},
				{2 * s30, "starting locked available", ""},
				{6 * s30, "started locked available", ""},
				{7 * s30, "started unlocking-policy configuring-activity-stream", ""},
				{8 * s30, "started unlocked available", ""},
				{11 * s30, "started unlocked backing-up", ""},
				{12 * s30, "started unlocked backing-up", "gone"},
			},
		},
		{
			why: "what a wait tolerates is not told, and doubles the delay",
			setup: func(s *server) {
				time.AfterFunc(20*time.Second, func() { s.Fail("", failure{Code: "ServiceUnavailable", Status: 503, Times: 2}) })
				time.AfterFunc(70*time.Second, func() { s.Set(instanceARN, activitystream.StatusStarted) })
				time.AfterFunc(170*time.Second, func() { s.Fail("", failure{Code: "AccessDenied", Status: 403}) })
			},
			want: []seen{ // reads at 0, 30 and 90, which fail, 150, 180
				{0, "stopped locked available", ""},
				{5 * s30, "started locked available", ""},
				{6 * s30, "started locked available", "read failed"},
			},
		},
		{
			why: "a policy that changed between two reads, while the database stayed available",
			setup: func(s *server) {
				s.Set(instanceARN, activitystream.StatusStarted)
				time.AfterFunc(40*time.Second, func() { s.SetPolicy(instanceARN, activitystream.PolicyUnlocked) })
				time.AfterFunc(70*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{{0, "started locked available", ""}, {2 * s30, "started unlocked available", ""}, {3 * s30, "started unlocked available", "gone"}},
		},
		{
			why:   "gone from the beginning",
			setup: func(s *server) { s.Remove(instanceARN) },
			want:  []seen{{0, "", "gone"}},
		},
		{
			why: "an unknown status is a status",
			setup: func(s *server) {
				time.AfterFunc(1*time.Second, func() { s.Set(instanceARN, "paused") })
				time.AfterFunc(31*time.Second, func() { s.Remove(instanceARN) })
			},
			want: []seen{{0, "stopped locked available", ""}, {s30, "paused locked available", ""}, {2 * s30, "paused locked available", "gone"}},
		},
	} {
		bubble(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db"})
			test.setup(s)
			began := time.Now()
			var got []seen
			for st, err := range client(s).Watch(t.Context(), instanceARN) {
				n := seen{At: time.Since(began), Err: verdict(err)}
				if st != nil {
					n.Stream = strings.Join([]string{string(st.Status), string(st.PolicyStatus), st.ResourceStatus}, " ")
				}
				got = append(got, n)
			}
			same(t, "watch", test.want, got)
		})
	}
}

func TestWatchModeAndKey(t *testing.T) {
	bubble(t, "a restart between two reads", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
		time.AfterFunc(10*time.Second, func() {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID})
		})
		time.AfterFunc(40*time.Second, func() {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID, Mode: activitystream.ModeSync})
		})
		var got []string
		for st, err := range client(s).Watch(t.Context(), clusterARN) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, st.KmsKeyId+" "+string(st.Mode)); len(got) == 3 {
				break
			}
		}
		same(t, "watch", []string{keyID + " async", otherKeyID + " async", otherKeyID + " sync"}, got)
	})
}

func TestWatchEnds(t *testing.T) {
	bubble(t, "canceled, with a cause", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		boss := errors.New("the boss said stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(45*time.Second, func() { cancel(boss) })
		began := time.Now()
		var errs []error
		for st, err := range client(s).Watch(ctx, clusterARN) {
			if err != nil {
				errs = append(errs, err)
				same(t, "the last value", activitystream.StatusStopped, st.Status)
			}
		}
		same(t, "errors", 1, len(errs))
		same(t, "time", 45*time.Second, time.Since(began))
		if !errors.Is(errs[0], boss) || !errors.Is(errs[0], context.Canceled) || !errors.Is(errs[0], statemachine.Canceled) {
			t.Errorf("causes: %v", errs[0])
		}
		oneLine(t, errs[0])
	})
	bubble(t, "broken out of, and ranged over again", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		watch := client(s).Watch(t.Context(), clusterARN)
		for i := range 2 {
			for st, err := range watch {
				if err != nil || st.Status != activitystream.StatusStopped {
					t.Errorf("%v, %v", st, err)
				}
				break
			}
			pass(time.Hour)
			same(t, "calls", i+1, len(s.Calls()))
		}
	})
}

// A call that sets one bound of the delay moves the default of the other, as one that sets it for the client does.
func TestWaitOneBoundOfTheDelay(t *testing.T) {
	bubble(t, "a call's MinDelay above the default MaxDelay", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 4 * time.Minute })
		arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarting})
		began := time.Now()
		must(client(s).Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour, func(o *activitystream.Options) {
			o.Wait.MinDelay = 5 * time.Minute
		}))(t)
		same(t, "time", 5*time.Minute, time.Since(began))
	})
}
