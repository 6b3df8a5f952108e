package statemachine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// A plan that needs one operation twice cannot be carried out by a call that has each accepted at most once: it is not begun.
func TestEnsureRefusesToStepTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := statemachine.MustNew(statemachine.Definition[state]{Name: "ladder", Transitions: []statemachine.Transition[state]{
			{From: "a", To: "b", By: "Step"}, {From: "b", To: "c", By: "Step"},
		}})
		r := newResource(m, "a", time.Second)
		_, err := r.ensurer(tens()).Ensure(t.Context(), "c", time.Hour)
		r.sameTrace(t, "0s a")
		same(t, "unreachable", true, errors.Is(err, statemachine.Unreachable))
	})
}

// A refusal is no reason any more once the resource has moved on by itself.
func TestEnsureForgetsRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), stopped, time.Hour)
		r.outcomes = []outcome{{err: fault(statemachine.Conflict)}}
		r.reading = func(context.Context) {
			if time.Since(r.begin) == 10*time.Second {
				r.set(starting) // somebody else's start
			}
		}
		_, err := r.ensurer(tens()).Ensure(t.Context(), started, 30*time.Second)
		same(t, "timed out", true, errors.Is(err, statemachine.TimedOut))
		same(t, "conflict", false, errors.Is(err, statemachine.Conflict))
	})
}

// A Get reads a resource ten times at most, the reads of many included.
func TestGetReadsTenTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		f := statemachine.Fleet[row, state]{
			Machine: stream(), State: func(r row) state { return r.State },
			Read: func(context.Context, string) (row, error) { reads++; return row{}, statemachine.Throttled },
			ReadMany: func(context.Context, []string) ([]statemachine.Result[row], error) {
				reads++
				return nil, statemachine.Throttled
			},
		}
		for _, r := range f.Get(t.Context(), []string{"one"}) {
			same(t, "throttled", true, errors.Is(r.Err, statemachine.Throttled))
		}
		same(t, "reads", 10, reads)
	})
}
