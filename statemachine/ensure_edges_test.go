package statemachine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The tests of this file were written for changes of the code that no other test noticed: see
// tools/mutate.

// A refusal is past once the resource moved on by itself: it is no reason any more to find it
// stuck.
func TestEnsureClearsRefusalWhenStateChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), stopped, 15*time.Second)
		r.outcomes = []outcome{{err: fault(statemachine.InvalidState)}}
		r.rival(5*time.Second, opStart)
		e := r.ensurer(every(10 * time.Second))
		e.Commands.Stuck = func(r row) error {
			if r.State == starting {
				return errCheese
			}
			return nil
		}
		if _, err := e.Ensure(t.Context(), started, time.Hour); err != nil {
			t.Fatal(err)
		}
		r.sameTrace(t, "0s stopped", "0s Start refused: invalid state", "5s rival's Start: true", "10s starting", "20s started")
	})
}

// Somebody took the next step, too: that the resource is on its way to the target is not the
// target.
func TestEnsureJoinedTransitionIsNotTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), started, 30*time.Second)
		r.mode = "sync"
		r.rival(50*time.Second, opStart)
		e := r.ensurer(every(70 * time.Second))
		e.Drift, e.Commands.Restart = wantMode("sync"), true
		done, err := e.Ensure(t.Context(), started, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "state", started, done.Value.State)
		r.sameTrace(t, "0s started", "0s Stop", "50s rival's Start: true", "1m10s starting", "2m20s started")
	})
}

// A dry run that has nothing to run asks nobody about it.
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
