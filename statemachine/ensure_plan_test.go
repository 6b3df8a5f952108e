package statemachine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestDryRunSkipsPreflightWhenNothingPlanned checks that Preflight is not called if no command is
// necessary.
func TestDryRunSkipsPreflightWhenNothingPlanned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), starting, time.Minute)
		e := r.ensurer(every(10 * time.Second))
		e.Commands.DryRun = true
		e.Preflight = func(_ context.Context, _ row, op statemachine.Operation) error {
			t.Errorf("asked about %q", op)
			return nil
		}
		if done, err := e.Ensure(t.Context(), started, time.Hour); err != nil || len(done.Planned) != 0 {
			t.Errorf("planned %v, %v", done.Planned, err)
		}
	})
}

// TestEnsureSendsCommandsInTransientStates checks that each operation of a plan is sent as soon
// as the table permits it, also in a transient state.
func TestEnsureSendsCommandsInTransientStates(t *testing.T) {
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
				assert.Equal(t, "error", nil, err)
				r.sameTrace(t, tt.trace...)
			})
		})
	}
}

// TestEnsureLapseEndsDespiteFurtherPlan checks that a lapse after a command ends the call even if
// another operation would lead to the target.
func TestEnsureLapseEndsDespiteFurtherPlan(t *testing.T) {
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
		assert.Equal(t, "chain", []string{"lapsed"}, chain(err))
		assert.Equal(t, "plan", ops{opRetry}, waitError(t, err).Plan)
		assert.Equal(t, "operations", ops{opStart}, done.Operations)
		r.sameTrace(t, "0s stopped", "0s Start", "10s starting", "20s BROKEN")

		done, err = e.Ensure(t.Context(), started, 2*time.Hour) // another call continues
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "operations", ops{opRetry}, done.Operations)
	})
}

// TestEnsureWaypointIsNotTransient checks that the call waits for a waypoint that the service
// does not leave on its own, because a read could miss any other.
func TestEnsureWaypointIsNotTransient(t *testing.T) {
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
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "operations", ops{"Submit", "Run"}, done.Operations)
		r.sameTrace(t, "0s draft", "0s Submit", "10s ready", "10s Run", "20s running")
	})
}

// TestEnsurePlanWithRepeatedOperationIsUnreachable checks that a plan that needs one operation
// twice is not begun, because a call has each accepted at most once.
func TestEnsurePlanWithRepeatedOperationIsUnreachable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := statemachine.MustNew(statemachine.Definition[state]{Name: "ladder", Transitions: []statemachine.Transition[state]{
			{From: "a", To: "b", By: "Step"}, {From: "b", To: "c", By: "Step"},
		}})
		r := newResource(m, "a", time.Second)
		o := tens()
		o.Grace = -1
		_, err := r.ensurer(o).Ensure(t.Context(), "c", time.Hour)
		r.sameTrace(t, "0s a")
		assert.Equal(t, "unreachable", true, errors.Is(err, statemachine.Unreachable))
	})
}

// TestEnsureWaypointPermitsRestOfPlan checks that the waypoint after the first operation is a
// state that it leads to, and in which the rest of the plan can be run.
func TestEnsureWaypointPermitsRestOfPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := statemachine.MustNew(statemachine.Definition[state]{Name: "plan", Transitions: []statemachine.Transition[state]{
			{From: "elsewhere", To: "there", By: "Finish"},
			{From: "here", To: "leaving", By: "Leave"},
			{From: "leaving", To: "left"},
			{From: "left", To: "there", By: "Finish"},
			{From: "left", To: "cold"},
			{From: "cold", To: "warm", By: "Warm"},
			{From: "warm", To: "there", By: "End"},
		}})
		r := newResource(m, "here", 10*time.Second)
		if _, err := r.ensurer(tens()).Ensure(t.Context(), "there", time.Hour); err != nil {
			t.Fatal(err)
		}
		r.sameTrace(t, "0s here", "0s Leave", "10s left", "10s Finish", "20s there")
	})
}
