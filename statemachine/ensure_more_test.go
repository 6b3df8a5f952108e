package statemachine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The gap of a restart is from when the first command was sent until the target was read again.
func TestEnsureGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		from     state
		set      func(*resource)
		gap      []time.Duration // from and to; nil: none; one: only from
		accepted int
	}{
		{"restart", started, func(*resource) {}, secs(0, 60), 2},
		{"slow first command", started, func(r *resource) { r.outcomes = []outcome{{takes: 4 * time.Second}} }, secs(0, 64), 2},
		{"lost first command", started, func(r *resource) { r.outcomes = []outcome{{err: fault(statemachine.Unavailable), lost: true}} }, secs(0, 60), 2},
		{"first command refused once", started, func(r *resource) { r.outcomes = []outcome{{err: fault(statemachine.Conflict)}} }, secs(10, 70), 2},
		{"second command refused for good", started, func(r *resource) { r.outcomes = []outcome{{}, {err: fault(statemachine.AccessDenied)}} }, secs(0), 1},
		{"drift remains", started, func(r *resource) { r.mode = "async" }, secs(0), 2},
		{"no restart", stopped, func(*resource) {}, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newResource(stream(), tt.from, 25*time.Second)
				r.mode = "sync"
				tt.set(r)
				e := r.ensurer(tens())
				e.Drift, e.Commands.Restart = wantMode("sync"), true
				e.Options.Grace = 5 * time.Second
				done, err := e.Ensure(t.Context(), started, time.Hour)
				var gap []time.Duration
				for _, at := range []time.Time{done.GapFrom, done.GapTo} {
					if !at.IsZero() {
						gap = append(gap, at.Sub(r.begin))
					}
				}
				wantEqual(t, "gap", tt.gap, gap)
				wantEqual(t, "accepted", tt.accepted, len(done.Operations))
				wantEqual(t, "failed", len(tt.gap) == 1, err != nil)
				if t.Failed() {
					t.Logf("%q, %v", r.trace, err)
				}
			})
		})
	}
}

// TestEnsureCanceled ends the context at every quarter of a second of an ensure: whatever the
// phase, it ends there and then, with the cause, and no command is run afterwards.
func TestEnsureCanceled(t *testing.T) {
	t.Parallel()
	reason := errors.New("the operator went home")
	synctest.Test(t, func(t *testing.T) {
		for at := time.Duration(0); at <= 27*time.Second; at += 250 * time.Millisecond {
			ctx, cancel := context.WithCancelCause(t.Context())
			r := newResource(topic(), broken, 3*time.Second)
			r.reading = func(ctx context.Context) { // a read takes half a second
				select {
				case <-ctx.Done():
				case <-time.After(500 * time.Millisecond):
				}
			}
			r.outcomes = []outcome{{err: fault(statemachine.Conflict), takes: time.Second}, {takes: 2 * time.Second}, {takes: 2 * time.Second}}
			e := r.ensurer(every(2 * time.Second))
			e.Pacer = statemachine.NewPacer(1, 1)
			stop := time.AfterFunc(at, func() { cancel(reason) })
			if at == 0 {
				cancel(reason)
			}
			done, err := e.Ensure(ctx, active, time.Hour)
			stop.Stop()
			cancel(nil)
			switch {
			case err == nil:
				if elapsed := time.Since(r.begin); elapsed > at {
					t.Errorf("%s: went on until %s: %q", at, elapsed, r.trace)
				}
			case time.Since(r.begin) != at, !errors.Is(err, statemachine.Canceled), !errors.Is(err, context.Canceled), !errors.Is(err, reason):
				t.Errorf("%s: ended after %s: %v", at, time.Since(r.begin), err)
			case waitError(t, err).Elapsed != at:
				t.Errorf("%s: Elapsed is %s", at, waitError(t, err).Elapsed)
			case slices.ContainsFunc(r.trace, func(line string) bool {
				return line == at.String()+" Delete after the context ended" || line == at.String()+" Create after the context ended"
			}):
				t.Errorf("%s: a command was run after the context ended: %q", at, r.trace)
			}
			for i, op := range done.Operations { // one that was under way may have been accepted all the same
				if i >= len(r.accepted) || r.accepted[i] != op {
					t.Errorf("%s: Operations %v, accepted were %v", at, done.Operations, r.accepted)
				}
			}
		}
	})
}

// A context that ends while a read succeeds keeps the command from being run.
func TestEnsureCanceledByARead(t *testing.T) {
	t.Parallel()
	for _, pacer := range []*statemachine.Pacer{nil, statemachine.NewPacer(10, 10)} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := newResource(stream(), stopped, time.Second)
			e := r.ensurer(tens())
			e.Pacer = pacer
			e.Read = func(ctx context.Context) (row, error) {
				v, err := r.read(ctx)
				cancel()
				return v, err
			}
			_, err := e.Ensure(ctx, started, time.Hour)
			wantEqual(t, "reason", statemachine.Canceled, waitError(t, err).Reason)
			r.sameTrace(t, "0s stopped")
		})
	}
}

// Drift and Stuck are asked of what is there, never of what was there before the resource vanished.
func TestEnsureAsksNothingOfTheAbsent(t *testing.T) {
	t.Parallel()
	t.Run("Drift", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newResource(topic(), active, 5*time.Second)
			e := r.ensurer(tens())
			e.Drift = func(v row) error { return wantMode("sync")(v) }
			done, err := e.Ensure(t.Context(), absent, time.Hour)
			wantEqual(t, "error", nil, err)
			wantEqual(t, "the value read last", active, done.Value.State)
		})
	})
	t.Run("Stuck", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newResource(topic(), deleting, 5*time.Second)
			r.set(deleting)
			time.AfterFunc(5*time.Second, func() { r.mu.Lock(); defer r.mu.Unlock(); r.set(absent) })
			r.outcomes = []outcome{{err: fault(statemachine.Conflict)}}
			e := r.ensurer(tens())
			e.Commands.Stuck = func(v row) error { return errCheese }
			_, err := e.Ensure(t.Context(), active, time.Hour)
			wantEqual(t, "error", nil, err)
			r.sameTrace(t, "0s DELETING", "10s ABSENT", "10s Create refused: conflict", "20s ABSENT", "20s Create", "30s ACTIVE")
		})
	})
}

func TestEnsureRefusesInput(t *testing.T) {
	t.Parallel()
	var e statemachine.Ensurer[row, state]
	_, err := e.Ensure(t.Context(), started, 0)
	input, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		t.Fatalf("no *InputError: %v", err)
	}
	wantEqual(t, "fields", []string{"Command", "Read", "Machine", "State"}, fields(input))
	r := newResource(stream(), stopped, 0)
	f := r.ensurer(tens())
	f.Command = nil
	_, err = f.Ensure(t.Context(), novel, -1)
	input, _ = errors.AsType[*statemachine.InputError](err)
	wantEqual(t, "fields", []string{"Command", "target", "maxWait"}, fields(input))
	wantEqual(t, "the command", "is nil", input.Fields[0].Reason)
	wantEqual(t, "reads", 0, len(r.trace))
}

// Each operation of a plan is run where the table permits it, be it a state that the service
// leaves by itself.
func TestEnsureInTransientStates(t *testing.T) {
	t.Parallel()
	const (
		queued  state = "queued"
		running state = "running"
		held    state = "held"
		done    state = "done"
		killed  state = "killed"

		opHold   statemachine.Operation = "Hold"
		opKill   statemachine.Operation = "Kill"
		opSubmit statemachine.Operation = "Submit"
	)
	m := statemachine.MustNew(statemachine.Definition[state]{
		Name: "job",
		Transitions: []statemachine.Transition[state]{
			{From: held, To: queued, By: opSubmit},
			{From: queued, To: running},
			{From: running, To: done},
			{From: queued, To: held, By: opHold},
			{From: running, To: killed, By: opKill},
		},
	})
	for _, tt := range []struct {
		why          string
		from, target state
		trace        []string
	}{
		{"what is permitted now is run now: later it may not be", running, killed, []string{"0s running", "0s Kill", "10s killed"}},
		{"what is not permitted yet is waited for", queued, killed, []string{"0s queued", "10s queued", "20s queued", "30s running", "30s Kill", "40s killed"}},
		{"the second step is run in a state that does not stay", held, killed, []string{
			"0s held", "0s Submit", "10s queued", "20s queued", "30s running", "30s Kill", "40s killed",
		}},
		{"a state that does not stay is left by a command", queued, held, []string{"0s queued", "0s Hold", "10s held"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newResource(m, tt.from, 25*time.Second)
				if tt.from != held {
					r.set(held)
					r.move(opSubmit)
					if tt.from == running {
						r.life = r.life[:len(r.life)-2]
						r.set(running)
					}
				}
				_, err := r.ensurer(tens()).Ensure(t.Context(), tt.target, time.Hour)
				wantEqual(t, "error", nil, err)
				r.sameTrace(t, tt.trace...)
			})
		})
	}
}

// A lapse after a command ends the ensure even where another operation would lead on: somebody
// should look at it.
func TestEnsureLapseWithAWayOn(t *testing.T) {
	t.Parallel()
	const opRetry statemachine.Operation = "Retry"
	m := statemachine.MustNew(statemachine.Definition[state]{
		Name: "stream",
		Transitions: []statemachine.Transition[state]{
			{From: stopped, To: starting, By: opStart},
			{From: starting, To: started},
			{From: starting, To: broken, Lapse: true},
			{From: broken, To: starting, By: opRetry},
		},
	})
	synctest.Test(t, func(t *testing.T) {
		r := newResource(m, stopped, time.Hour)
		time.AfterFunc(15*time.Second, func() { r.mu.Lock(); defer r.mu.Unlock(); r.set(broken) })
		e := r.ensurer(tens())
		e.Options.Grace = 5 * time.Second
		done, err := e.Ensure(t.Context(), started, time.Hour)
		wantEqual(t, "chain", []string{"lapsed"}, chain(err))
		wantEqual(t, "plan", ops{opRetry}, waitError(t, err).Plan)
		wantEqual(t, "operations", ops{opStart}, done.Operations)
		r.sameTrace(t, "0s stopped", "0s Start", "10s starting", "20s BROKEN")

		done, err = e.Ensure(t.Context(), started, 2*time.Hour) // calling again heals
		wantEqual(t, "error", nil, err)
		wantEqual(t, "operations", ops{opRetry}, done.Operations)
	})
}

// Between two steps the ensure waits for a state that stays: one that does not may be over before
// it is read.
func TestEnsureMissesAState(t *testing.T) {
	t.Parallel()
	m := statemachine.MustNew(statemachine.Definition[state]{
		Name: "job",
		Transitions: []statemachine.Transition[state]{
			{From: "draft", To: "queued", By: "Submit"},
			{From: "queued", To: "ready"},
			{From: "queued", To: "running", By: "Run"},
			{From: "ready", To: "running", By: "Run"},
		},
	})
	synctest.Test(t, func(t *testing.T) {
		r := newResource(m, "draft", 5*time.Second)
		done, err := r.ensurer(tens()).Ensure(t.Context(), "running", time.Hour)
		wantEqual(t, "error", nil, err)
		wantEqual(t, "operations", ops{"Submit", "Run"}, done.Operations)
		r.sameTrace(t, "0s draft", "0s Submit", "10s ready", "10s Run", "20s running")
	})
}

// A restart takes the shortest way out of the target and back.
func TestEnsureShortestRestart(t *testing.T) {
	t.Parallel()
	m := statemachine.MustNew(statemachine.Definition[state]{
		Name: "stream",
		Transitions: []statemachine.Transition[state]{
			{From: started, To: stopped, By: opStop},
			{From: stopped, To: starting, By: opStart},
			{From: starting, To: started},
			{From: started, To: "rebooting", By: "Reboot"},
			{From: "rebooting", To: started},
		},
	})
	synctest.Test(t, func(t *testing.T) {
		r := newResource(m, started, 15*time.Second)
		r.mode = "sync"
		e := r.ensurer(tens())
		e.Drift, e.Commands.Restart = wantMode("sync"), true
		done, err := e.Ensure(t.Context(), started, time.Hour)
		wantEqual(t, "error", nil, err)
		wantEqual(t, "operations", ops{"Reboot"}, done.Operations)
		wantEqual(t, "gap", 20*time.Second, done.GapTo.Sub(done.GapFrom))
		r.sameTrace(t, "0s started", "0s Reboot", "10s rebooting", "20s started")
	})
}
