package activitystream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureLeavesPendingCommand commands without ApplyImmediately, leaves, and asks again until
// the maintenance window. RDS shows no difference before it.
func TestEnsureLeavesPendingCommand(t *testing.T) {
	const window = 100 * time.Hour
	for name, db := range databases() {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MaintenanceWindow = window })
			db.add(s, "")
			began := time.Now()
			in := start(db.arn)
			in.ApplyImmediately = false
			leave := func(o *activitystream.Options) { o.LeavePending = true }
			out, err := client(s).EnsureStarted(t.Context(), in, time.Hour, leave)
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "time", 0, time.Since(began))
			assert.Equal(t, "pending", activitystream.StartActivityStream, out.Pending)
			assert.Equal(t, "since", began, out.PendingSince)
			assert.Equal(t, "status", activitystream.StatusStopped, out.Stream.Status)
			assert.Equal(t, "operations", []string{opStart}, ops(out.Operations))

			since := out.PendingSince
			again := func(o *activitystream.Options) { o.LeavePending, o.PendingSince = true, since }
			for _, test := range []struct {
				why      string
				at, took time.Duration
				pending  statemachine.Operation
				status   activitystream.Status
			}{
				{"before the window", time.Hour, 0, activitystream.StartActivityStream, activitystream.StatusStopped},
				{"in the window", window + time.Minute, time.Minute, "", activitystream.StatusStarted},
				{"after the window", window + time.Hour, 0, "", activitystream.StatusStarted},
			} {
				time.Sleep(test.at - time.Since(began))
				asked := time.Now()
				out, err := client(s).EnsureStarted(t.Context(), in, time.Hour, again)
				if err != nil {
					t.Fatalf("%s: %v", test.why, err)
				}
				assert.Equal(t, test.why+": time", test.took, time.Since(asked))
				assert.Equal(t, test.why+": pending", test.pending, out.Pending)
				assert.Equal(t, test.why+": status", test.status, out.Stream.Status)
				assert.Equal(t, test.why+": operations", nil, ops(out.Operations))
			}
			assert.Equal(t, "commands", []string{"0s StartActivityStream accepted"}, commands(s, began))
		})
	}
}

// TestEnsurePendingForAtMostEightDays asks again for a command that RDS lost, such as one that
// another actor withdrew.
func TestEnsurePendingForAtMostEightDays(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		why     string
		after   time.Duration
		call    func(*activitystream.Options)
		in      func(*activitystream.StartInput)
		pending statemachine.Operation
		planned []string
		sent    []string
	}{
		{why: "the last instant", after: 8*day - time.Second, pending: activitystream.StartActivityStream},
		{why: "eight days", after: 8 * day, pending: activitystream.StartActivityStream, sent: []string{"192h0m0s StartActivityStream accepted"}},
		{
			why: "a dry run", after: day, call: func(o *activitystream.Options) { o.DryRun = true },
			pending: activitystream.StartActivityStream,
		},
		{
			why: "a dry run, later", after: 8 * day, call: func(o *activitystream.Options) { o.DryRun = true },
			planned: []string{opStart},
		},
		{
			why: "at once after all", after: day, in: func(in *activitystream.StartInput) { in.ApplyImmediately = true },
			sent: []string{"24h0m0s StartActivityStream accepted"},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arn := s.AddCluster(activitystreamtest.Cluster{})
			since := time.Now()
			time.Sleep(test.after)
			in := start(arn)
			in.ApplyImmediately = false
			if test.in != nil {
				test.in(in)
			}
			out, err := client(s).EnsureStarted(t.Context(), in, time.Hour, func(o *activitystream.Options) {
				o.LeavePending, o.PendingSince = true, since
				if test.call != nil {
					test.call(o)
				}
			})
			assert.Equal(t, "verdict", "", assert.ErrorSummary(err))
			assert.Equal(t, "pending", test.pending, out.Pending)
			assert.Equal(t, "planned", test.planned, ops(out.Planned))
			assert.Equal(t, "commands", test.sent, commands(s, since))
		})
	}
}

// TestEnsureStoppedLeavesPendingCommand also tests the Each methods.
func TestEnsureStoppedLeavesPendingCommand(t *testing.T) {
	assert.RunSynctest(t, "each", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
		began := time.Now()
		leave := func(o *activitystream.Options) { o.LeavePending = true }
		for _, r := range client(s).EnsureStoppedEach(t.Context(), []*activitystream.StopInput{{ResourceArn: arn}}, time.Hour, leave) {
			assert.Equal(t, "verdict", "", assert.ErrorSummary(r.Err))
			assert.Equal(t, "pending", activitystream.StopActivityStream, r.Value.Pending)
		}
		again := func(o *activitystream.Options) { o.PendingSince = began }
		for _, r := range client(s).EnsureStoppedEach(t.Context(), []*activitystream.StopInput{{ResourceArn: arn}}, time.Hour, again) {
			assert.Equal(t, "verdict", "", assert.ErrorSummary(r.Err))
			assert.Equal(t, "pending", activitystream.StopActivityStream, r.Value.Pending)
		}
		assert.Equal(t, "commands", []string{"0s StopActivityStream accepted"}, commands(s, began))
	})
}

// TestForceRestart restarts a stream whose key cannot be compared.
func TestForceRestart(t *testing.T) {
	const m = time.Minute
	force := func(o *activitystream.Options) { o.ForceRestart = true }
	for _, sc := range []scenario{
		{
			why: "started as specified", status: "started",
			want: ensured{
				Took: 4 * m, Status: "started", Operations: []string{opStop, opStart}, Reads: 49, Asked: true,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted"},
				GapFrom:  m, GapTo: 4 * m,
			},
		},
		{
			why: "stopped: one start is enough",
			want: ensured{
				Took: 2 * m, Status: "started", Operations: []string{opStart}, Reads: 25, Asked: true,
				Commands: []string{"0s StartActivityStream accepted"},
			},
		},
		{
			why: "a read from before a quick stop looks like the end of the restart", status: "started",
			options: func(o *activitystreamtest.Options, _ func() *server, _ database) { o.Stopping = 4 * time.Second },
			setup: func(s *server, db database) {
				time.AfterFunc(67*time.Second, func() { s.Stale(db.arn, 30*time.Second) })
				time.AfterFunc(72*time.Second, func() { s.Stale(db.arn, 0) })
			},
			want: ensured{
				Took: 3*m + 5*time.Second, Status: "started", Operations: []string{opStop, opStart}, Reads: 38, Asked: true,
				Commands: []string{"1m0s StopActivityStream accepted", "1m5s StartActivityStream accepted"},
				GapFrom:  m, GapTo: 3*m + 5*time.Second,
			},
		},
		{
			why: "the start is lost, and a read from before the stop looks like its effect", status: "started",
			options: func(o *activitystreamtest.Options, _ func() *server, _ database) { o.Stopping = 4 * time.Second },
			setup: func(s *server, db database) {
				s.Fail(opStart, failure{Status: 503})
				time.AfterFunc(67*time.Second, func() { s.Stale(db.arn, 30*time.Second) })
				time.AfterFunc(72*time.Second, func() { s.Stale(db.arn, 0) })
			},
			want: ensured{
				Took: 4*m + 10*time.Second, Status: "started", Operations: []string{opStop, opStart}, Reads: 51, Asked: true,
				Commands: []string{"1m0s StopActivityStream accepted", "1m5s StartActivityStream InternalFailure", "2m10s StartActivityStream accepted"},
				GapFrom:  m, GapTo: 4*m + 10*time.Second,
			},
		},
		{
			why: "a dry run", status: "started", call: func(o *activitystream.Options) { o.ForceRestart, o.DryRun = true, true },
			want: ensured{Status: "started", Planned: []string{opStop, opStart}, Reads: 1, Asked: true},
		},
	} {
		if sc.call == nil {
			sc.call = force
		}
		for name, db := range databases() {
			assert.RunSynctest(t, sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStarted) })
		}
	}
	t.Run("without ApplyImmediately", func(t *testing.T) {
		in := start(clusterARN)
		in.ApplyImmediately = false
		_, err := client(activitystreamtest.NewServer()).EnsureStarted(t.Context(), in, time.Hour, force)
		assert.Equal(t, "fields", []string{"ApplyImmediately"}, assert.InputFields(err))
	})
}

// TestForceRestartChangesAlias changes an alias that the client cannot resolve. Without
// ForceRestart the output says that the key was not compared.
func TestForceRestartChangesAlias(t *testing.T) {
	assert.RunSynctest(t, "another alias", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.SetAlias("alias/one", keyID)
		s.SetAlias("alias/two", otherKeyID)
		arn := s.AddCluster(activitystreamtest.Cluster{})
		began := time.Now()
		in := start(arn)
		in.KmsKeyId = "alias/one"
		assert.Must(client(s).EnsureStarted(t.Context(), in, time.Hour))(t)
		in.KmsKeyId = "alias/two"
		out := assert.Must(client(s).EnsureStarted(t.Context(), in, time.Hour, func(o *activitystream.Options) { o.AllowRestart = true }))(t)
		assert.Equal(t, "key in use", keyID, out.Stream.KmsKeyId)
		if out.KeyNotCompared == "" {
			t.Error("the output does not say that the key was not compared")
		}
		out = assert.Must(client(s).EnsureStarted(t.Context(), in, time.Hour, func(o *activitystream.Options) { o.ForceRestart = true }))(t)
		assert.Equal(t, "key in use after a restart", otherKeyID, out.Stream.KmsKeyId)
		assert.Equal(t, "commands", 3, len(commands(s, began)))
	})
}

// TestAdviceForPendingCommand checks that only a command that waits for the maintenance window has
// the advice to wait for it.
func TestAdviceForPendingCommand(t *testing.T) {
	const later = "Call again after the maintenance window: the command was accepted, and takes effect then."
	ordinary := statemachine.Advice(statemachine.TimedOut)
	for _, test := range []struct {
		why         string
		immediately bool
		setup       func(s *server)
		cancel      time.Duration // zero: the wait of 30 s ends
		want        string
	}{
		{why: "accepted", want: later},
		{why: "canceled", cancel: 20 * time.Second, want: later},
		{why: "canceled before it was sent", cancel: time.Nanosecond, want: statemachine.Advice(statemachine.Canceled), setup: func(s *server) {
			s.Fail(describeClusters, failure{Hang: true, Times: -1})
		}},
		{why: "at once, and no read shows it", immediately: true, want: ordinary, setup: func(s *server) { s.FreezeReads(clusterARN, 100) }},
		{why: "at once, and under way", immediately: true, want: ordinary},
		{why: "the response was lost", want: ordinary, setup: func(s *server) { s.Fail(opStart, failure{Lost: true}) }},
		{why: "the command was throttled", want: ordinary, setup: func(s *server) { s.Fail(opStart, failure{Code: "Throttling", Times: -1}) }},
	} {
		for _, each := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("%s, each %v", test.why, each), func(t *testing.T) {
				s := activitystreamtest.NewServer()
				s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
				pass(time.Hour)
				if test.setup != nil {
					test.setup(s)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				in := start(clusterARN)
				in.ApplyImmediately = test.immediately
				var err error
				if each {
					for _, r := range client(s).EnsureStartedEach(ctx, []*activitystream.StartInput{in}, 30*time.Second) {
						err = r.Err
					}
				} else {
					_, err = client(s).EnsureStarted(ctx, in, 30*time.Second)
				}
				assert.Equal(t, "advice", test.want, statemachine.Advice(err))
				if test.want == later {
					assert.ErrorContains(t, err, "yet; it takes effect in the next maintenance window")
				} else if strings.Contains(err.Error(), "it takes effect") {
					t.Error(err)
				}
			})
		}
	}
}

// TestEnsureAdvisesNoGrace checks that only a wait is advised to set Grace. An Ensure method knows
// whether its command takes effect in the maintenance window.
func TestEnsureAdvisesNoGrace(t *testing.T) {
	for _, test := range []struct {
		why   string
		setup func(s *server)
		want  string
	}{
		{"the command fails", func(s *server) { s.Fail(opStart, failure{Status: 500, Times: -1}) }, "timed out"},
		{"the command has no effect", func(s *server) { s.FreezeReads("", 100) }, "unreachable"},
	} {
		for _, immediately := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("%s, at once %v", test.why, immediately), func(t *testing.T) {
				s := activitystreamtest.NewServer()
				s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
				test.setup(s)
				in := start(clusterARN)
				in.ApplyImmediately = immediately
				_, err := client(s).EnsureStarted(t.Context(), in, 5*time.Minute)
				if immediately {
					assert.Equal(t, "verdict", test.want, strings.TrimSuffix(assert.ErrorSummary(err), ": unavailable"))
				}
				if err == nil || strings.Contains(err.Error(), "Grace") {
					t.Error(err)
				}
				for _, r := range client(s).EnsureStartedEach(t.Context(), []*activitystream.StartInput{in}, 5*time.Minute) {
					if r.Err == nil || strings.Contains(r.Err.Error(), "Grace") {
						t.Error(r.Err)
					}
				}
			})
		}
	}
}
