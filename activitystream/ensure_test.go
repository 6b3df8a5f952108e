package activitystream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const (
	opStart  = "StartActivityStream"
	opStop   = "StopActivityStream"
	opModify = "ModifyActivityStream"
)

// ensured is what came of an Ensure call.
type ensured struct {
	Verdict    string
	Took       time.Duration
	Status     activitystream.Status // of the last value
	Operations []string
	Planned    []string
	Commands   []string // as the server saw them; $ stands for the code that says invalid state
	Reads      int
	Asked      bool // whether the resource supports a stream
	GapFrom    time.Duration
	GapTo      time.Duration // zero: none
}

// scenario is one test of an Ensure call.
type scenario struct {
	why     string
	status  activitystream.Status // at first
	options func(o *activitystreamtest.Options, s func() *server, db database)
	setup   func(s *server, db database)
	maxWait time.Duration // zero: an hour
	call    func(o *activitystream.Options)
	want    ensured
	says    []string
}

type ensure func(ctx context.Context, c *activitystream.Client, db database, maxWait time.Duration, optFns ...func(*activitystream.Options)) (*activitystream.EnsureOutput, error)

// run runs a scenario and compares what came of it.
func (sc scenario) run(t *testing.T, db database, ensure ensure) {
	t.Helper()
	var s *server
	s = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		if sc.options != nil {
			sc.options(o, func() *server { return s }, db)
		}
	})
	db.add(s, sc.status)
	if sc.setup != nil {
		sc.setup(s, db)
	}
	maxWait := sc.maxWait
	if maxWait == 0 {
		maxWait = time.Hour
	}
	call := sc.call
	if call == nil {
		call = func(*activitystream.Options) {}
	}
	began := time.Now()
	out, err := ensure(t.Context(), client(s), db, maxWait, call)
	got := ensured{
		Verdict: assert.ErrorSummary(err), Took: time.Since(began), Operations: ops(out.Operations), Planned: ops(out.Planned), Commands: commands(s, began),
	}
	if out.Stream != nil {
		got.Status = out.Stream.Status
	}
	if !out.GapFrom.IsZero() {
		got.GapFrom = out.GapFrom.Sub(began)
	}
	if !out.GapTo.IsZero() {
		got.GapTo = out.GapTo.Sub(began)
	}
	questions, events := 0, 0
	for _, c := range s.Calls() {
		switch {
		case c.Operation == describeEvents: // after the verdict
			events++
		case c.Operation == db.describe && c.ResourceCount == 1:
			got.Reads++
		case c.Operation == describeOrderable:
			got.Asked = true
			questions++
		case c.Operation == describeInstances: // the members of the cluster
			questions++
		}
	}
	want := sc.want
	want.Commands = slices.Clone(want.Commands)
	for i, c := range want.Commands {
		want.Commands[i] = strings.ReplaceAll(c, "$", db.invalidState)
	}
	assert.Equal(t, "ensure", want, got)
	if n := got.Reads + questions + events + len(got.Commands); n != len(s.Calls()) {
		t.Errorf("%d calls, of which %d are known", len(s.Calls()), n)
	}
	if most := map[string]int{clusterARN: 2, instanceARN: 1}[db.arn]; questions > most && sc.call == nil {
		t.Errorf("%d questions, at most %d", questions, most)
	}
	if err != nil {
		assert.ErrorOneLine(t, err)
		assert.ErrorContains(t, err, append(sc.says, db.arn)...)
		if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
			want := got.Operations
			if _, ok := errors.AsType[*statemachine.RestartError](err); ok { // a rollback comes before what restores the settings
				want = want[:min(len(we.Accepted), len(want))]
			}
			assert.Equal(t, "accepted, in the error", want, ops(we.Accepted))
		}
	}
}

// before calls do when the first request of an operation arrives, before the server executes it.
func before(op statemachine.Operation, do func(s *server, db database)) func(*activitystreamtest.Options, func() *server, database) {
	return beforeEach(op, func(n int, s *server, db database) *failure {
		if n == 1 {
			do(s, db)
		}
		return nil
	})
}

// beforeEach calls do when the nth request of an operation arrives, before the server executes it.
func beforeEach(op statemachine.Operation, do func(n int, s *server, db database) *failure) func(*activitystreamtest.Options, func() *server, database) {
	return func(o *activitystreamtest.Options, s func() *server, db database) {
		var n atomic.Int64
		o.Intercept = func(c activitystreamtest.Call) *failure {
			if c.Operation != op {
				return nil
			}
			return do(int(n.Add(1)), s(), db)
		}
	}
}

func set(status activitystream.Status) func(*server, database) {
	return func(s *server, db database) { s.Set(db.arn, status) }
}

// asWanted lets another actor bring the stream into a status, with the settings that this call
// wants, too.
func asWanted(status activitystream.Status) func(*server, database) {
	return func(s *server, db database) { db.add(s, status) }
}

// later does something after a while.
func later(d time.Duration, do func(*server, database)) func(*server, database) {
	return func(s *server, db database) { time.AfterFunc(d, func() { do(s, db) }) }
}

func ensureStarted(ctx context.Context, c *activitystream.Client, db database, maxWait time.Duration, optFns ...func(*activitystream.Options)) (*activitystream.EnsureOutput, error) {
	return c.EnsureStarted(ctx, start(db.arn), maxWait, optFns...)
}

func ensureStopped(ctx context.Context, c *activitystream.Client, db database, maxWait time.Duration, optFns ...func(*activitystream.Options)) (*activitystream.EnsureOutput, error) {
	return c.EnsureStopped(ctx, stop(db.arn), maxWait, optFns...)
}

// fail makes an operation fail.
func fail(op statemachine.Operation, f failure) func(*server, database) {
	return func(s *server, _ database) { s.Fail(op, f) }
}

func TestEnsureStarted(t *testing.T) {
	const s, m = time.Second, time.Minute
	const stopped, starting, running, stopping = activitystream.StatusStopped, activitystream.StatusStarting, activitystream.StatusStarted, activitystream.StatusStopping
	one := []string{opStart}
	for _, sc := range []scenario{
		{
			why: "already there: nothing is run, nothing is asked", status: running,
			want: ensured{Status: running, Reads: 1},
		},
		{
			why:  "stopped",
			want: ensured{Status: running, Took: 2 * m, Operations: one, Commands: []string{"0s StartActivityStream accepted"}, Reads: 25, Asked: true},
		},
		{
			why: "another actor starts it, and the response is the other plausible one",
			options: func(o *activitystreamtest.Options, srv func() *server, db database) {
				before(opStart, asWanted(running))(o, srv, db)
				o.Refuse = func(statemachine.Operation, string, activitystream.Status) *activitystreamtest.Refusal {
					return &activitystreamtest.Refusal{Code: db.invalidState}
				}
			},
			want: ensured{Status: running, Took: 5 * s, Commands: []string{"0s StartActivityStream $"}, Reads: 2, Asked: true},
		},
		{
			why: "a start that another made is rolled back: this call has not commanded yet", status: starting,
			setup: func(s *server, db database) { s.Lapse(db.arn) },
			want:  ensured{Status: running, Took: 4 * m, Operations: one, Commands: []string{"2m0s StartActivityStream accepted"}, Reads: 49, Asked: true},
		},
		{
			why: "the database is busy for a while",
			setup: func(s *server, db database) {
				s.SetResourceStatus(db.arn, "backing-up")
				time.AfterFunc(12*time.Second, func() { s.SetResourceStatus(db.arn, "available") })
			},
			want: ensured{
				Status: running, Took: 135 * s, Operations: one, Reads: 28, Asked: true,
				Commands: []string{"0s StartActivityStream $", "5s StartActivityStream $", "10s StartActivityStream $", "15s StartActivityStream accepted"},
			},
		},
		{
			why: "the database is stopped: no command can be accepted", setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "stopped") },
			want: ensured{Verdict: "invalid state", Status: stopped, Commands: []string{"0s StartActivityStream $"}, Reads: 1, Asked: true},
			says: []string{"database is stopped"},
		},
		{
			why: "the database is being deleted", setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "deleting") },
			want: ensured{Verdict: "invalid state", Status: stopped, Commands: []string{"0s StartActivityStream $"}, Reads: 1, Asked: true},
			says: []string{"database is deleting"},
		},
		{
			why: "another actor stops the database while it rejects the command",
			setup: func(s *server, db database) {
				s.SetResourceStatus(db.arn, "modifying")
				time.AfterFunc(7*time.Second, func() { s.SetResourceStatus(db.arn, "stopping") })
			},
			want: ensured{Verdict: "invalid state", Status: stopped, Took: 10 * s, Commands: []string{"0s StartActivityStream $", "5s StartActivityStream $"}, Reads: 3, Asked: true},
		},
		{
			why: "deadline while the command is refused", maxWait: 12 * s, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "backing-up") },
			want: ensured{
				Verdict: "timed out", Status: stopped, Took: 12 * s, Reads: 4, Asked: true,
				Commands: []string{"0s StartActivityStream $", "5s StartActivityStream $", "10s StartActivityStream $"},
			},
			says: []string{"waiting for started: timed out", "last seen stopped", "is not in available state, but in backing-up"},
		},
		{
			why: "deadline while it is asked whether the database supports a stream: nothing is run", maxWait: 8 * s,
			setup: fail(describeOrderable, failure{Hang: true, Times: -1}),
			want:  ensured{Verdict: "timed out", Status: stopped, Took: 10 * s, Reads: 1, Asked: true},
		},
		{
			why: "that question hangs: the start goes without its result", setup: fail(describeOrderable, failure{Hang: true, Times: -1}),
			want: ensured{Status: running, Took: 130 * s, Operations: one, Commands: []string{"10s StartActivityStream accepted"}, Reads: 25, Asked: true},
		},
		{
			why: "that question is throttled twice: the start goes without its result", setup: fail(describeOrderable, failure{Code: "Throttling", Times: -1}),
			call: func(*activitystream.Options) {}, // the question is repeated once
			want: ensured{Status: running, Took: 123 * s, Operations: one, Commands: []string{"3s StartActivityStream accepted"}, Reads: 25, Asked: true},
		},
	} {
		for name, db := range databases() {
			assert.RunSynctest(t, sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStarted) })
		}
	}
	members := scenario{
		why: "deadline while the classes of the cluster's members are asked for: nothing is run", maxWait: 8 * s,
		setup: fail(describeInstances, failure{Hang: true, Times: -1}),
		want:  ensured{Verdict: "timed out", Status: stopped, Took: 10 * s, Reads: 1},
	}
	assert.RunSynctest(t, members.why, func(t *testing.T) { members.run(t, databases()["cluster"], ensureStarted) })
}

func TestEnsureStopped(t *testing.T) {
	const s, m = time.Second, time.Minute
	const stopped, starting, running, stopping = activitystream.StatusStopped, activitystream.StatusStarting, activitystream.StatusStarted, activitystream.StatusStopping
	one := []string{opStop}
	for _, sc := range []scenario{
		{
			why: "started", status: running,
			want: ensured{Status: stopped, Took: m, Operations: one, Commands: []string{"0s StopActivityStream accepted"}, Reads: 13},
		},
		{
			why: "a start under way is rolled back", status: starting, setup: func(s *server, db database) { s.Lapse(db.arn) },
			want: ensured{Status: stopped, Took: 2 * m, Reads: 25},
		},
		{
			why: "the database is stopped: no command can be accepted", status: running, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "stopped") },
			want: ensured{Verdict: "invalid state", Status: running, Commands: []string{"0s StopActivityStream $"}, Reads: 1},
		},
		{
			why: "the database is being deleted", status: running, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "deleting") },
			want: ensured{Verdict: "invalid state", Status: running, Commands: []string{"0s StopActivityStream $"}, Reads: 1},
		},
		{
			why: "old reads after the stop", status: running, setup: func(s *server, db database) { s.Stale(db.arn, 40*time.Second) },
			want: ensured{Status: stopped, Took: 100 * s, Operations: one, Commands: []string{"0s StopActivityStream accepted"}, Reads: 21},
		},
		{
			why: "deadline while the command is refused", status: running, maxWait: 12 * s, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "backing-up") },
			want: ensured{
				Verdict: "timed out", Status: running, Took: 12 * s, Reads: 4,
				Commands: []string{"0s StopActivityStream $", "5s StopActivityStream $", "10s StopActivityStream $"},
			},
			says: []string{"waiting for stopped: timed out", "last seen started", "is not in available state, but in backing-up"},
		},
	} {
		for name, db := range databases() {
			assert.RunSynctest(t, sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStopped) })
		}
	}
}

func TestEnsurePolicy(t *testing.T) {
	const s, m = time.Second, time.Minute
	const started = activitystream.StatusStarted
	policy := func(p activitystream.PolicyStatus) func(*server, database) {
		return func(s *server, db database) { s.SetPolicy(db.arn, p) }
	}
	unlock := func(ctx context.Context, c *activitystream.Client, db database, maxWait time.Duration, optFns ...func(*activitystream.Options)) (*activitystream.EnsureOutput, error) {
		return c.EnsurePolicy(ctx, &activitystream.ModifyInput{ResourceArn: db.arn, AuditPolicyState: activitystream.AuditPolicyUnlocked}, maxWait, optFns...)
	}
	one := []string{opModify}
	accepted := []string{"0s ModifyActivityStream accepted"}
	for _, sc := range []scenario{
		{
			why: "locked", status: started,
			want: ensured{Status: started, Took: 30 * s, Operations: one, Commands: accepted, Reads: 7},
		},
		{
			why: "the stream is starting", status: activitystream.StatusStarting,
			want: ensured{Status: started, Took: 150 * s, Operations: one, Commands: []string{"2m0s ModifyActivityStream accepted"}, Reads: 31},
		},
		{
			why: "the stream is stopped: it is not for EnsurePolicy to start it", status: activitystream.StatusStopped,
			want: ensured{Verdict: "unreachable", Took: m, Status: activitystream.StatusStopped, Reads: 13},
			says: []string{"the audit policy changes only while the stream is started"},
		},
		{
			why: "a read from before a start that another actor began late in the grace period", status: activitystream.StatusStopped,
			setup: func(s *server, db database) {
				time.AfterFunc(52*time.Second, func() { s.Set(db.arn, activitystream.StatusStarting) })
				time.AfterFunc(62*time.Second, func() { s.Stale(db.arn, 20*time.Second) })
				time.AfterFunc(67*time.Second, func() { s.Stale(db.arn, 0) })
			},
			want: ensured{Status: started, Took: 205 * s, Operations: one, Commands: []string{"2m55s ModifyActivityStream accepted"}, Reads: 42},
		},
		{
			why: "the first reads are from before the start", status: activitystream.StatusStopped, setup: func(s *server, db database) {
				s.Set(db.arn, started)
				s.Stale(db.arn, 20*time.Second)
			},
			want: ensured{Status: started, Took: 70 * s, Operations: one, Commands: []string{"20s ModifyActivityStream accepted"}, Reads: 15},
		},
		{
			why: "the stream is stopping", status: activitystream.StatusStopping,
			want: ensured{Verdict: "unreachable", Took: m, Status: activitystream.StatusStopped, Reads: 13},
		},
		{
			why: "the stream is stopped meanwhile", status: started, setup: later(12*s, set(activitystream.StatusStopping)),
			want: ensured{Verdict: "lapsed", Status: activitystream.StatusStopping, Took: 70 * s, Operations: one, Commands: accepted, Reads: 15},
		},
		{
			why: "database is stopped", status: started, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "stopped") },
			want: ensured{Verdict: "invalid state", Status: started, Commands: []string{"0s ModifyActivityStream $"}, Reads: 1},
		},
		{
			why: "the database is being deleted", status: started, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "deleting") },
			want: ensured{Verdict: "invalid state", Status: started, Commands: []string{"0s ModifyActivityStream $"}, Reads: 1},
		},
		{
			why: "throttled", status: started, setup: fail(opModify, failure{Code: "Throttling", Times: 2}),
			want: ensured{
				Status: started, Took: 40 * s, Operations: one, Reads: 9,
				Commands: []string{"0s ModifyActivityStream Throttling", "5s ModifyActivityStream Throttling", "10s ModifyActivityStream accepted"},
			},
		},
		{
			why: "old reads after the modification", status: started, setup: func(s *server, db database) { s.Stale(db.arn, 40*time.Second) },
			want: ensured{Status: started, Took: 70 * s, Operations: one, Commands: accepted, Reads: 15},
		},
		{
			why: "deadline while the command is refused", status: started, maxWait: 12 * s, setup: func(s *server, db database) { s.SetResourceStatus(db.arn, "backing-up") },
			want: ensured{
				Verdict: "timed out", Status: started, Took: 12 * s, Reads: 4,
				Commands: []string{"0s ModifyActivityStream $", "5s ModifyActivityStream $", "10s ModifyActivityStream $"},
			},
			says: []string{"waiting for unlocked: timed out", "last seen locked", "is not in available state, but in backing-up"},
		},
		{
			why: "deadline before the stream is started", status: activitystream.StatusStarting, maxWait: 12 * s,
			want: ensured{Verdict: "timed out", Status: activitystream.StatusStarting, Took: 12 * s, Reads: 4},
			says: []string{"stream starting"},
		},
	} {
		assert.RunSynctest(t, sc.why, func(t *testing.T) { sc.run(t, databases()["instance"], unlock) })
	}
	assert.RunSynctest(t, "empty is locked", func(t *testing.T) {
		scenario{
			status: started, setup: policy(activitystream.PolicyUnlocked),
			want: ensured{Status: started, Took: 30 * s, Operations: one, Commands: accepted, Reads: 7},
		}.run(t, databases()["instance"], func(ctx context.Context, c *activitystream.Client, db database, maxWait time.Duration, optFns ...func(*activitystream.Options)) (*activitystream.EnsureOutput, error) {
			return c.EnsurePolicy(ctx, &activitystream.ModifyInput{ResourceArn: db.arn}, maxWait, optFns...)
		})
	})
}

// restarts returns the calls that may restart a stream.
func restarts() map[string]func(context.Context, *activitystream.Client, *activitystream.StartInput) (*activitystream.EnsureOutput, error) {
	allow := func(o *activitystream.Options) { o.AllowRestart = true }
	return map[string]func(context.Context, *activitystream.Client, *activitystream.StartInput) (*activitystream.EnsureOutput, error){
		"one": func(ctx context.Context, c *activitystream.Client, in *activitystream.StartInput) (*activitystream.EnsureOutput, error) {
			return c.EnsureStarted(ctx, in, time.Hour, allow)
		},
		"each": func(ctx context.Context, c *activitystream.Client, in *activitystream.StartInput) (*activitystream.EnsureOutput, error) {
			for _, r := range c.EnsureStartedEach(ctx, []*activitystream.StartInput{in}, time.Hour, allow) {
				return r.Value, r.Err
			}
			return nil, nil
		},
	}
}

// TestRestartGoesBack checks which settings a stream has after a restart whose start was rejected.
func TestRestartGoesBack(t *testing.T) {
	for name, way := range restarts() {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arn := s.AddInstance(activitystreamtest.Instance{
				Engine: "sqlserver-se", EngineVersion: "15.00.4198.2.v1", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID,
				EngineNativeAuditFieldsIncluded: true,
			})
			c := client(s)
			before := assert.Must(c.Get(t.Context(), arn))(t)
			s.SetKeyAccessible(keyID, false)
			out, err := way(t.Context(), c, start(arn))
			assert.ErrorIs(t, err, statemachine.KeyNotAccessible)
			e := assert.ErrorAs[*statemachine.RestartError](t, err)
			assert.Equal(t, "gap of the error", [2]time.Time{out.GapFrom, out.GapTo}, [2]time.Time{e.From, e.To})
			settings := func(s *activitystream.Stream) activitystream.Stream {
				return activitystream.Stream{Mode: s.Mode, KmsKeyId: s.KmsKeyId, EngineNativeAuditFieldsIncluded: s.EngineNativeAuditFieldsIncluded}
			}
			assert.Equal(t, "before", settings(before), settings(out.Before), cmpopts.IgnoreUnexported(activitystream.Stream{}))
			assert.Equal(t, "after", settings(before), settings(assert.Must(c.Get(t.Context(), arn))(t)), cmpopts.IgnoreUnexported(activitystream.Stream{}))
		})
	}
}

// TestRestartThatIsRolledBackSaysWhy checks that the error of a start that was rolled back has the
// events up to then, and not those of the start that restored the settings.
func TestRestartThatIsRolledBackSaysWhy(t *testing.T) {
	const why = "The KMS key is disabled."
	for name, way := range restarts() {
		assert.RunSynctest(t, name, func(t *testing.T) {
			var s *server
			starts := 0
			s = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
				o.Intercept = func(c activitystreamtest.Call) *failure {
					if c.Operation != opStart {
						return nil
					}
					if starts++; starts == 1 {
						s.Lapse(clusterARN)
						s.AddEvent(activitystreamtest.Event{SourceArn: clusterARN, At: time.Now().Add(2 * time.Minute), Message: why})
					}
					return nil
				}
			})
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID})
			out, err := way(t.Context(), client(s), start(clusterARN))
			assert.ErrorIs(t, err, statemachine.Lapsed)
			assert.ErrorContains(t, err, "the former settings are restored", why)
			assert.Equal(t, "key", otherKeyID, out.Stream.KmsKeyId)
			assert.Equal(t, "key before", otherKeyID, out.Before.KmsKeyId)
			events := assert.ErrorAs[*statemachine.WaitError](t, err).Events
			assert.Equal(t, "last event", why, events[len(events)-1].Message)
		})
	}
}

// TestEnsureOutputInLogsAndJSON pins the keys of an output, which are stable.
func TestEnsureOutputInLogsAndJSON(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	out := &activitystream.EnsureOutput{
		Stream: &activitystream.Stream{Status: activitystream.StatusStopped}, Operations: []statemachine.Operation{opStop},
		Pending: opStart, PendingSince: at, GapFrom: at, KeyNotCompared: "an alias",
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("done", "out", out)
	_, line, _ := strings.Cut(strings.TrimSpace(b.String()), "msg=done ")
	assert.Equal(t, "log", `out.status=stopped out.key_not_compared="an alias" out.operations=[StopActivityStream] `+
		`out.pending=StartActivityStream out.pending_since=2026-01-02T03:04:05.000Z out.gap_from=2026-01-02T03:04:05.000Z`, line)
	out.Stream = nil
	assert.Equal(t, "JSON", `{"operations":["StopActivityStream"],"pending":"StartActivityStream","pending_since":"2026-01-02T03:04:05Z",`+
		`"gap_from":"2026-01-02T03:04:05Z","key_not_compared":"an alias"}`, string(assert.Must(json.Marshal(out))(t)))
}

// TestEnsureContinuesAfterCrash crashes the program as soon as RDS has executed a request, for
// every request, and is run again.
func TestEnsureContinuesAfterCrash(t *testing.T) {
	wantStarted := func(s *server, arn string) bool { return s.Status(arn) == activitystream.StatusStarted }
	restart := func(o *activitystream.Options) { o.AllowRestart = true }
	for _, test := range []struct {
		why    string
		db     string
		add    func(s *server)
		ensure func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error)
		done   func(s *server, arn string) bool
		want   []string // accepted, in all
		least  int      // calls
	}{
		{
			why: "start of a cluster", db: "cluster", done: wantStarted, want: []string{opStart}, least: 28,
			ensure: func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error) {
				return c.EnsureStarted(ctx, start(clusterARN), time.Hour)
			},
		},
		{
			why: "start of an instance that is stopping", db: "instance", done: wantStarted, want: []string{opStart}, least: 39,
			add: func(s *server) { s.Set(instanceARN, activitystream.StatusStopping) },
			ensure: func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error) {
				return c.EnsureStarted(ctx, start(instanceARN), time.Hour)
			},
		},
		{
			why: "restart of a cluster with another key", db: "cluster", done: wantStarted, want: []string{opStop, opStart}, least: 41,
			add: func(s *server) {
				s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: otherKeyID})
			},
			ensure: func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error) {
				return c.EnsureStarted(ctx, start(clusterARN), time.Hour, restart)
			},
		},
		{
			why: "stop of an instance", db: "instance", want: []string{opStop}, least: 14,
			done: func(s *server, arn string) bool { return s.Status(arn) == activitystream.StatusStopped },
			add:  func(s *server) { s.Set(instanceARN, activitystream.StatusStarted) },
			ensure: func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error) {
				return c.EnsureStopped(ctx, stop(instanceARN), time.Hour)
			},
		},
		{
			why: "unlock of a policy", db: "instance", want: []string{opModify}, least: 8,
			done: wantStarted,
			add:  func(s *server) { s.Set(instanceARN, activitystream.StatusStarted) },
			ensure: func(ctx context.Context, c *activitystream.Client) (*activitystream.EnsureOutput, error) {
				return c.EnsurePolicy(ctx, &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: activitystream.AuditPolicyUnlocked}, time.Hour)
			},
		},
	} {
		db := databases()[test.db]
		for n := 1; ; n++ {
			survived := false
			assert.RunSynctest(t, fmt.Sprintf("%s/%d", test.why, n), func(t *testing.T) {
				ctx, die := context.WithCancelCause(t.Context())
				crash := errors.New("crash")
				calls := 0
				s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
					o.Intercept = func(activitystreamtest.Call) *failure {
						if calls++; calls == n {
							die(crash)
						}
						return nil
					}
				})
				db.add(s, "")
				if test.add != nil {
					test.add(s)
				}
				c := client(s)
				out, err := test.ensure(ctx, c)
				if survived = err == nil; survived {
					if n < test.least {
						t.Errorf("only %d calls", n)
					}
					assert.Equal(t, "operations", test.want, ops(out.Operations))
					return
				}
				if !errors.Is(err, crash) || statemachine.KindOf(err) != statemachine.Interrupted {
					t.Errorf("not a crash: %v", err)
				}
				if _, err := test.ensure(t.Context(), c); err != nil {
					t.Errorf("the second run: %v", err)
				}
				if !test.done(s, db.arn) {
					t.Errorf("it is %s", s.Status(db.arn))
				}
				var accepted []string
				for _, c := range s.Calls() {
					switch op := string(c.Operation); {
					case op == opStart, op == opStop, op == opModify:
						if !c.Accepted {
							t.Errorf("a command was refused: %+v", c)
						}
						accepted = append(accepted, op)
					}
				}
				assert.Equal(t, "accepted", test.want, accepted)
			})
			if survived || n > 100 {
				break
			}
		}
	}
}

func TestEnsureStartedRejectsUnsupportedMode(t *testing.T) {
	sync := func(arn string) *activitystream.StartInput {
		in := start(arn)
		in.Mode = activitystream.ModeSync
		return in
	}
	for _, test := range []struct {
		why  string
		add  func(*server) string
		in   func(arn string) *activitystream.StartInput
		says string
	}{
		{"an engine without", instance(activitystreamtest.Instance{Engine: "mysql"}), start, "does not support activity streams"},
		{"Neptune", cluster(activitystreamtest.Cluster{Engine: "neptune"}), start, "does not support activity streams"},
		{"a multi-tenant Oracle", instance(activitystreamtest.Instance{Engine: "oracle-ee-cdb"}), start, "does not support activity streams"},
		{"an instance class without", cluster(activitystreamtest.Cluster{Class: "db.t4g.medium"}), start, "does not support activity streams"},
		{"a version that is too old", cluster(activitystreamtest.Cluster{EngineVersion: "10.21"}), start, "does not support activity streams"},
		{"sync of Aurora MySQL", cluster(activitystreamtest.Cluster{Engine: "aurora-mysql"}), sync, "(supported: [async])"},
		{"sync of Oracle", instance(activitystreamtest.Instance{}), sync, "(supported: [async])"},
		{"sync of SQL Server", instance(activitystreamtest.Instance{Engine: "sqlserver-ee"}), sync, "(supported: [async])"},
		{
			"sync of an Aurora MySQL that is started: a restart could not remove the drift",
			cluster(activitystreamtest.Cluster{Engine: "aurora-mysql", Status: activitystream.StatusStarted, KmsKeyId: keyID}), sync, "(supported: [async])",
		},
		{
			"sync of an Oracle that is started", instance(activitystreamtest.Instance{Status: activitystream.StatusStarted, KmsKeyId: keyID}), sync, "(supported: [async])",
		},
	} {
		for _, allow := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("%s (AllowRestart %t)", test.why, allow), func(t *testing.T) {
				s := activitystreamtest.NewServer()
				arn := test.add(s)
				began := time.Now()
				out, err := client(s).EnsureStarted(t.Context(), test.in(arn), time.Hour, func(o *activitystream.Options) { o.AllowRestart = allow })
				fault := assert.ErrorAs[*statemachine.Fault](t, err)
				assert.Equal(t, "kind", statemachine.Unsupported, fault.Kind)
				assert.Equal(t, "NotSent", true, fault.NotSent)
				assert.Equal(t, "operation", activitystream.StartActivityStream, fault.Operation)
				assert.Equal(t, "resource", arn, fault.Resource)
				assert.ErrorContains(t, err, test.says)
				var took time.Duration
				if allow && out.Stream != nil && out.Stream.Status == activitystream.StatusStarted {
					took = time.Minute // before a restart, the drift must be read for a Grace
				}
				assert.Equal(t, "time", took, time.Since(began))
				assert.Equal(t, "commands", nil, commands(s, began))
				if out.Stream == nil {
					t.Error("what was read is lost")
				}
			})
		}
	}
}

func TestEnsureStartedAsksForSupportOnce(t *testing.T) {
	for _, test := range []struct {
		why  string
		fail func(s *server)
		mode activitystream.Mode
		want []string
		err  string
	}{
		{why: "may not ask", fail: func(s *server) { s.Fail(describeOrderable, failure{Code: "AccessDenied", Times: -1}) }, want: []string{"0s StartActivityStream accepted"}},
		{why: "may not read the members", fail: func(s *server) { s.Fail(describeInstances, failure{Code: "AccessDenied", Times: -1}) }, want: []string{"0s StartActivityStream accepted"}},
		{why: "throttled", fail: func(s *server) { s.Fail(describeOrderable, failure{Code: "Throttling"}) }, want: []string{"1s StartActivityStream accepted"}},
		{why: "unavailable: it is asked twice, and the start goes without the result", fail: func(s *server) { s.Fail(describeInstances, failure{Drop: true, Times: 2}) }, want: []string{"0s StartActivityStream accepted"}},
		{why: "hostile", fail: func(s *server) { s.Fail(describeOrderable, failure{Body: "<html>"}) }, want: []string{"0s StartActivityStream accepted"}},
		{
			why:  "a version that RDS does not offer anymore: RDS decides about the start",
			fail: func(s *server) { s.Fail(describeOrderable, notSold) },
			want: []string{"0s StartActivityStream accepted"},
		},
		{
			why:  "a version that RDS does not list",
			fail: func(s *server) { s.Fail(describeOrderable, failure{Body: noOptions}) },
			want: []string{"0s StartActivityStream accepted"},
		},
		{
			why:  "a failure of the question alone, which no retry fixes",
			fail: func(s *server) { s.Fail(describeOrderable, failure{Code: "OptInRequired", Status: 403, Times: -1}) },
			want: []string{"0s StartActivityStream accepted"},
		},
		{
			why:  "may not ask, but a wrong mode needs no question",
			fail: func(s *server) { s.Fail(describeOrderable, failure{Code: "AccessDenied", Times: -1}) },
			mode: "sync", err: "unsupported",
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-mysql"})
			test.fail(s)
			in := start(clusterARN)
			if test.mode != "" {
				in.Mode = test.mode
			}
			began := time.Now()
			_, err := client(s).EnsureStarted(t.Context(), in, time.Hour)
			assert.Equal(t, "verdict", test.err, assert.ErrorSummary(err))
			assert.Equal(t, "commands", test.want, commands(s, began))
		})
	}
	assert.RunSynctest(t, "SkipPreflight asks nothing, and a wrong mode is still rejected", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-mysql"})
		began := time.Now()
		c := client(s, func(o *activitystream.Options) { o.SkipPreflight = true })
		in := start(clusterARN)
		in.Mode = activitystream.ModeSync
		_, err := c.EnsureStarted(t.Context(), in, time.Hour)
		assert.Equal(t, "verdict", "unsupported", assert.ErrorSummary(err))
		out := assert.Must(c.EnsureStarted(t.Context(), start(clusterARN), time.Hour))(t)
		assert.Equal(t, "status", activitystream.StatusStarted, out.Stream.Status)
		assert.Equal(t, "questions", nil, slices.Concat(reads(s, describeOrderable, began), reads(s, describeInstances, began)))
	})
	assert.RunSynctest(t, "AWS refuses what the caller may not ask", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Class: "db.t3.medium"})
		s.Fail(describeOrderable, failure{Code: "AccessDenied", Times: -1})
		_, err := client(s).EnsureStarted(t.Context(), start(arn), time.Hour)
		assert.Equal(t, "verdict", "unsupported", assert.ErrorSummary(err))
		assert.ErrorContains(t, err, "in this configuration")
	})
}

func TestEnsureStartedReportsDrift(t *testing.T) {
	drift := func(field, want, got string) statemachine.Drift {
		return statemachine.Drift{Field: field, Want: want, Got: got}
	}
	const running, starting = activitystream.StatusStarted, activitystream.StatusStarting
	for _, test := range []struct {
		why  string
		add  func(*server) string
		in   activitystream.StartInput
		want []statemachine.Drift
		took time.Duration
	}{
		{
			why: "as wanted", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: keyID},
		},
		{
			why: "the ARN of the key whose ID RDS reports", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyARN}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: keyARN},
		},
		{
			why: "the ID of the key that was given by its ARN", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyARN}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: keyID},
		},
		{
			why: "the ID in capitals", add: instance(activitystreamtest.Instance{Status: running, KmsKeyId: keyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: strings.ToUpper(keyID)},
		},
		{
			why: "an alias is not compared", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: "alias/audit"},
		},
		{
			why: "nor is an alias ARN", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: "arn:aws:kms:us-east-1:123456789012:alias/audit"},
		},
		{
			why: "another key", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: otherKeyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: keyARN}, want: []statemachine.Drift{drift("KmsKeyId", keyID, otherKeyID)},
		},
		{
			why: "another mode", add: cluster(activitystreamtest.Cluster{Status: running, KmsKeyId: keyID, Mode: "async"}),
			in: activitystream.StartInput{Mode: "sync", KmsKeyId: keyID}, want: []statemachine.Drift{drift("Mode", "sync", "async")},
		},
		{
			why: "native fields that are missing", add: instance(activitystreamtest.Instance{Status: running, KmsKeyId: keyID}),
			in:   activitystream.StartInput{Mode: "async", KmsKeyId: keyID, EngineNativeAuditFieldsIncluded: true},
			want: []statemachine.Drift{drift("EngineNativeAuditFieldsIncluded", "true", "false")},
		},
		{
			why: "native fields that were not requested, and another key", add: instance(activitystreamtest.Instance{Status: running, KmsKeyId: otherKeyID, EngineNativeAuditFieldsIncluded: true}),
			in:   activitystream.StartInput{Mode: "async", KmsKeyId: keyID},
			want: []statemachine.Drift{drift("KmsKeyId", keyID, otherKeyID), drift("EngineNativeAuditFieldsIncluded", "false", "true")},
		},
		{
			why: "another's start with another key, joined", add: cluster(activitystreamtest.Cluster{Status: starting, KmsKeyId: otherKeyID}),
			in: activitystream.StartInput{Mode: "async", KmsKeyId: keyID}, want: []statemachine.Drift{drift("KmsKeyId", keyID, otherKeyID)}, took: 2 * time.Minute,
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			test.in.ResourceArn, test.in.ApplyImmediately = test.add(s), true
			began := time.Now()
			out, err := client(s).EnsureStarted(t.Context(), &test.in, time.Hour)
			assert.Equal(t, "time", test.took, time.Since(began))
			assert.Equal(t, "commands", nil, commands(s, began))
			assert.Equal(t, "status", running, out.Stream.Status)
			if test.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			d := assert.ErrorAs[*statemachine.DriftError](t, err)
			assert.Equal(t, "drift", &statemachine.DriftError{Resource: test.in.ResourceArn, Fields: test.want}, d)
			assert.Equal(t, "kind", statemachine.Drifted, statemachine.KindOf(err))
			assert.ErrorOneLine(t, err)
		})
	}
}

func TestEnsureStartedRestartsDriftedStream(t *testing.T) {
	const s, m = time.Second, time.Minute
	const running = activitystream.StatusStarted
	other := func(s *server, db database) { // the stream has another key
		if db.arn == clusterARN {
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: running, KmsKeyId: otherKeyID})
		} else {
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: running, KmsKeyId: otherKeyID})
		}
	}
	both := []string{opStop, opStart}
	restart := func(o *activitystream.Options) { o.AllowRestart = true }
	for _, sc := range []scenario{
		{
			why: "stop and start", setup: other, call: restart,
			want: ensured{
				Status: running, Took: 4 * m, Operations: both, Reads: 49, Asked: true, GapFrom: m, GapTo: 4 * m,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted"},
			},
		},
		{
			why: "as wanted already", status: running, call: restart,
			want: ensured{Status: running, Reads: 1},
		},
		{
			why: "the stop's response is lost: the gap begins when it was sent", call: restart,
			setup: func(s *server, db database) { other(s, db); s.Fail(opStop, failure{Lost: true}) },
			want: ensured{
				Status: running, Took: 4 * m, Operations: both, Reads: 49, Asked: true, GapFrom: m, GapTo: 4 * m,
				Commands: []string{"1m0s StopActivityStream accepted, response lost", "2m0s StartActivityStream accepted"},
			},
		},
		{
			why: "another actor starts it with its own settings in between: reported, not fought", call: restart, setup: other,
			options: before(opStart, other),
			want: ensured{
				Verdict: "drifted", Status: running, Took: 3 * m, Operations: both[:1], Reads: 37, Asked: true, GapFrom: m,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream InvalidParameterCombination"},
			},
			says: []string{"the restart was reverted, by the service or another actor"},
		},
		{
			why: "the stop is rolled back: reported, not sent again", call: restart, setup: func(s *server, db database) { other(s, db); s.Lapse(db.arn) },
			want: ensured{
				Verdict: "drifted", Status: running, Took: 3*m - 5*s, Operations: both[:1], Reads: 36, Asked: true, GapFrom: m,
				Commands: []string{"1m0s StopActivityStream accepted"},
			},
			says: []string{"the restart was reverted, by the service or another actor"},
		},
		{
			why: "the new key is rejected: the stream goes back to the former one", call: restart,
			setup: func(s *server, db database) { other(s, db); s.SetKeyAccessible(keyID, false) },
			want: ensured{
				Verdict: "key not accessible", Status: running, Took: 4*m + 5*s, Operations: both, Reads: 50, Asked: true, GapFrom: m, GapTo: 4*m + 5*s,
				Commands: []string{
					"1m0s StopActivityStream accepted", "2m0s StartActivityStream KMSKeyNotAccessibleFault", "2m5s StartActivityStream accepted",
				},
			},
			says: []string{"a restart did not succeed, and the former settings are restored; it was out of started from"},
		},
		{
			why: "both keys are rejected: nothing is recorded anymore, and the error says since when", call: restart,
			setup: func(s *server, db database) {
				other(s, db)
				s.Fail(opStart, failure{Code: "KMSKeyNotAccessibleFault", Times: 2})
			},
			want: ensured{
				Verdict: "key not accessible", Status: activitystream.StatusStopped, Took: 2*m + 5*s, Operations: both[:1], Reads: 26, Asked: true, GapFrom: m,
				Commands: []string{
					"1m0s StopActivityStream accepted", "2m0s StartActivityStream KMSKeyNotAccessibleFault", "2m5s StartActivityStream KMSKeyNotAccessibleFault",
				},
			},
			says: []string{"a restart took it out of started at 2000-01-01T00:01:00Z, and it is not back: nothing is recorded", "the former settings are not restored"},
		},
		{
			why: "the start is rolled back: the stream goes back to the former settings", call: restart, setup: other,
			options: before(opStart, func(s *server, db database) { s.Lapse(db.arn) }),
			want: ensured{
				Verdict: "lapsed", Status: running, Took: 6*m + 55*s, Operations: []string{opStop, opStart, opStart}, Reads: 84, Asked: true, GapFrom: m, GapTo: 6*m + 55*s,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted", "4m55s StartActivityStream accepted"},
			},
			says: []string{"a restart did not succeed, and the former settings are restored; it was out of started from", "lapsed: starting → stopped after 1m55s"},
		},
		{
			why: "no read shows anything of the start that is rolled back", call: restart, setup: other,
			options: before(opStart, func(s *server, db database) {
				time.AfterFunc(time.Second, func() { s.Set(db.arn, activitystream.StatusStopped) })
			}),
			want: ensured{
				Verdict: "unreachable", Status: running, Took: 5 * m, Operations: []string{opStop, opStart, opStart}, Reads: 61, Asked: true, GapFrom: m, GapTo: 5 * m,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted", "3m0s StartActivityStream accepted"},
			},
		},
		{
			why: "both starts are rolled back: nothing is recorded, and the error says since when", call: restart, setup: other,
			options: beforeEach(opStart, func(_ int, s *server, db database) *failure {
				s.Lapse(db.arn)
				return nil
			}),
			want: ensured{
				Verdict: "lapsed", Status: activitystream.StatusStopped, Took: 7*m + 50*s, Operations: []string{opStop, opStart, opStart}, Reads: 95, Asked: true, GapFrom: m,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted", "4m55s StartActivityStream accepted"},
			},
			says: []string{"a restart took it out of started at 2000-01-01T00:01:00Z, and it is not back: nothing is recorded", "the former settings are not restored"},
		},
		{
			why: "the start that restores is throttled, then its response is lost", call: restart, setup: other,
			options: beforeEach(opStart, func(n int, s *server, db database) *failure {
				switch n {
				case 1:
					s.Lapse(db.arn)
				case 2:
					return &failure{Code: "Throttling"}
				case 3:
					return &failure{Lost: true}
				}
				return nil
			}),
			want: ensured{
				Verdict: "lapsed", Status: running, Took: 7 * m, Operations: []string{opStop, opStart, opStart}, Reads: 85, Asked: true, GapFrom: m, GapTo: 7 * m,
				Commands: []string{
					"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted", "4m55s StartActivityStream Throttling",
					"5m0s StartActivityStream accepted, response lost",
				},
			},
		},
		{
			why: "another actor stops it while it starts: reported, not fought", call: restart, setup: other,
			options: before(opStart, func(s *server, db database) {
				time.AfterFunc(31*time.Second, func() { s.Set(db.arn, activitystream.StatusStopping) })
			}),
			want: ensured{
				Verdict: "lapsed", Status: activitystream.StatusStopping, Took: 3*m + 30*s, Operations: both, Reads: 43, Asked: true, GapFrom: m,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted"},
			},
			says: []string{"a restart took it out of started", "and it is not back: nothing is recorded"},
		},
		{
			why: "another actor starts it as wanted after the rollback", call: restart, setup: other,
			options: beforeEach(opStart, func(n int, s *server, db database) *failure {
				switch n {
				case 1:
					s.Lapse(db.arn)
				case 2:
					asWanted(activitystream.StatusStarting)(s, db)
				}
				return nil
			}),
			want: ensured{
				Status: running, Took: 6*m + 55*s, Operations: both, Reads: 84, Asked: true, GapFrom: m, GapTo: 6*m + 55*s,
				Commands: []string{"1m0s StopActivityStream accepted", "2m0s StartActivityStream accepted", "4m55s StartActivityStream $"},
			},
		},
		{
			why: "deadline between the stop and the start", call: restart, setup: other, maxWait: 93 * s,
			want: ensured{
				Verdict: "timed out", Status: activitystream.StatusStopping, Took: 93 * s, Operations: both[:1], Reads: 20, Asked: true, GapFrom: m,
				Commands: []string{"1m0s StopActivityStream accepted"},
			},
			says: []string{"StopActivityStream accepted, waiting for started: timed out", "last seen stopping"},
		},
		{
			why: "the drift may be an old read after a start of one's own", call: restart, status: activitystream.StatusStopped,
			setup: func(s *server, db database) {
				other(s, db)
				s.Set(db.arn, activitystream.StatusStopped)
				s.Stale(db.arn, 0)
			},
			want: ensured{
				Status: running, Took: 2 * m, Operations: both[1:], Reads: 25, Asked: true,
				Commands: []string{"0s StartActivityStream accepted"},
			},
		},
		{
			why: "a dry run", setup: other, call: func(o *activitystream.Options) { o.AllowRestart, o.DryRun = true, true },
			want: ensured{Status: running, Planned: both, Reads: 1, Asked: true},
		},
	} {
		for name, db := range databases() {
			assert.RunSynctest(t, sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStarted) })
		}
	}
	assert.RunSynctest(t, "what cannot be started again is not stopped", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Class: "db.t4g.medium", Status: running, KmsKeyId: otherKeyID})
		began := time.Now()
		_, err := client(s).EnsureStarted(t.Context(), start(arn), time.Hour, restart)
		assert.Equal(t, "verdict", "unsupported", assert.ErrorSummary(err))
		assert.Equal(t, "commands", nil, commands(s, began))
	})
}

func TestEnsureStartedWaitsForMaintenanceWindow(t *testing.T) {
	for name, db := range databases() {
		for _, grace := range []time.Duration{0, -1, time.Second} {
			assert.RunSynctest(t, fmt.Sprintf("%s, grace %s", name, grace), func(t *testing.T) {
				s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MaintenanceWindow = 5 * time.Hour })
				db.add(s, "")
				in := start(db.arn)
				in.ApplyImmediately = false
				began := time.Now()
				out, err := client(s).EnsureStarted(t.Context(), in, 12*time.Hour, func(o *activitystream.Options) { o.Wait.Grace = grace })
				if err != nil {
					t.Fatal(err)
				}
				if late := time.Since(began) - 5*time.Hour - 2*time.Minute; late < 0 || late > 2*time.Minute {
					t.Errorf("%s late", late)
				}
				assert.Equal(t, "operations", []string{opStart}, ops(out.Operations))
				assert.Equal(t, "commands", []string{"0s StartActivityStream accepted"}, commands(s, began))

				began = time.Now()
				out, err = client(s).EnsureStopped(t.Context(), &activitystream.StopInput{ResourceArn: db.arn}, 4*time.Hour)
				assert.Equal(t, "a wait that ends before the window", "timed out", assert.ErrorSummary(err))
				assert.Equal(t, "time", 4*time.Hour, time.Since(began))
				assert.Equal(t, "operations", []string{opStop}, ops(out.Operations))
				assert.Equal(t, "pending", activitystream.StopActivityStream, out.Pending)
				assert.ErrorContains(t, err, "StopActivityStream accepted, waiting for stopped: timed out", "; it takes effect in the next maintenance window")
			})
		}
	}
}

func TestEnsureDryRunRunsNoCommand(t *testing.T) {
	const m = time.Minute
	dry := func(o *activitystream.Options) { o.DryRun = true }
	for _, sc := range []scenario{
		{why: "stopped", want: ensured{Status: "stopped", Planned: []string{opStart}, Reads: 1, Asked: true}},
		{why: "starting", status: "starting", want: ensured{Status: "starting", Reads: 1}},
		{why: "started", status: "started", want: ensured{Status: "started", Reads: 1}},
		{why: "stopping", status: "stopping", want: ensured{Status: "stopping", Planned: []string{opStart}, Reads: 1, Asked: true}},
		{
			why: "gone", setup: func(s *server, db database) { s.Remove(db.arn) },
			want: ensured{Verdict: "gone", Took: m, Reads: 7},
		},
		{
			why: "a read fails first", setup: func(s *server, db database) { s.Fail(db.describe, failure{Code: "Throttling"}) },
			want: ensured{Status: "stopped", Took: 10 * time.Second, Planned: []string{opStart}, Reads: 2, Asked: true},
		},
		{
			why: "an unknown state", status: "paused", maxWait: m,
			want: ensured{Verdict: "timed out", Status: "paused", Took: m, Reads: 13},
		},
	} {
		sc.call = dry
		for name, db := range databases() {
			assert.RunSynctest(t, "start/"+sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStarted) })
		}
	}
	for _, sc := range []scenario{
		{why: "started", status: "started", want: ensured{Status: "started", Planned: []string{opStop}, Reads: 1}},
		{why: "starting", status: "starting", want: ensured{Status: "starting", Planned: []string{opStop}, Reads: 1}},
		{why: "stopped", want: ensured{Status: "stopped", Reads: 1}},
	} {
		sc.call = dry
		for name, db := range databases() {
			assert.RunSynctest(t, "stop/"+sc.why+" ("+name+")", func(t *testing.T) { sc.run(t, db, ensureStopped) })
		}
	}
	assert.RunSynctest(t, "policy", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: "started"})
		in := &activitystream.ModifyInput{ResourceArn: instanceARN, AuditPolicyState: activitystream.AuditPolicyUnlocked}
		out := assert.Must(client(s).EnsurePolicy(t.Context(), in, time.Hour, dry))(t)
		assert.Equal(t, "planned", []string{opModify}, ops(out.Planned))
		assert.Equal(t, "calls", 1, len(s.Calls()))
	})
	assert.RunSynctest(t, "unsupported", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddInstance(activitystreamtest.Instance{Engine: "mysql"})
		_, err := client(s).EnsureStarted(t.Context(), start(arn), time.Hour, dry)
		assert.Equal(t, "verdict", "unsupported", assert.ErrorSummary(err))
	})
	assert.RunSynctest(t, "drift", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		arn := s.AddCluster(activitystreamtest.Cluster{Status: "started", KmsKeyId: otherKeyID})
		out, err := client(s).EnsureStarted(t.Context(), start(arn), time.Hour, dry)
		assert.Equal(t, "verdict", "drifted", assert.ErrorSummary(err))
		assert.Equal(t, "planned", nil, ops(out.Planned))
	})
}

// TestEnsureErrorWrapsSDKError checks that errors.As finds the SDK's typed error.
func TestEnsureErrorWrapsSDKError(t *testing.T) {
	assert.RunSynctest(t, "key", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.SetKeyAccessible(keyARN, false)
		out, err := client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour)
		assert.ErrorAs[*types.KMSKeyNotAccessibleFault](t, err)
		assert.Equal(t, "kind", statemachine.KeyNotAccessible, statemachine.KindOf(err))
		assert.Equal(t, "status", activitystream.StatusStopped, out.Stream.Status)
	})
	assert.RunSynctest(t, "stopped database: the error is a Fault in logs and JSON, too", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", ResourceStatus: "stopped"})
		_, err := client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour)
		assert.ErrorAs[*types.InvalidDBClusterStateFault](t, err)
		f, ok := err.(*statemachine.Fault) //nolint:errorlint // the error itself, not one that it wraps
		if !ok {
			t.Fatalf("the error is a %T", err)
		}
		assert.Equal(t, "kind and code", [2]string{"invalid state", "InvalidDBClusterStateFault"}, [2]string{string(f.Kind), f.Code})
		assert.ErrorContains(t, err, "but in stopped; database is stopped and accepts no command: make it available (request ")
	})
}

// TestEnsureOutputIsNeverNil checks that an Ensure method returns an EnsureOutput along with every
// error, so that a caller needs no nil check.
func TestEnsureOutputIsNeverNil(t *testing.T) {
	c := client(activitystreamtest.NewServer())
	ctx, cancel := context.WithCancel(background())
	cancel()
	for name, call := range map[string]func() (*activitystream.EnsureOutput, error){
		"wrong input": func() (*activitystream.EnsureOutput, error) { return c.EnsureStarted(ctx, nil, 0) },
		"canceled": func() (*activitystream.EnsureOutput, error) {
			return c.EnsureStarted(ctx, start(clusterARN), time.Hour)
		},
		"wrong stop":   func() (*activitystream.EnsureOutput, error) { return c.EnsureStopped(ctx, nil, 0) },
		"wrong policy": func() (*activitystream.EnsureOutput, error) { return c.EnsurePolicy(ctx, nil, 0) },
	} {
		if out, err := call(); out == nil || err == nil {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	for name, seq := range map[string]func(func(string, statemachine.Result[*activitystream.EnsureOutput]) bool){
		"wrong input": c.EnsureStartedEach(ctx, []*activitystream.StartInput{nil}, time.Hour),
		"canceled":    c.EnsureStartedEach(ctx, []*activitystream.StartInput{start(clusterARN)}, time.Hour),
		"bad options": c.EnsureStoppedEach(ctx, []*activitystream.StopInput{stop(clusterARN)}, time.Hour, func(o *activitystream.Options) { o.Concurrency = -1 }),
	} {
		n := 0
		for _, r := range seq {
			if n++; r.Value == nil || r.Err == nil {
				t.Errorf("each, %s: %v, %v", name, r.Value, r.Err)
			}
		}
		assert.Equal(t, "results", 1, n)
	}
}
