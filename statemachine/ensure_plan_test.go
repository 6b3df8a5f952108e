package statemachine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// A plan that needs one operation twice cannot be carried out by a call that has each accepted at
// most once: it is not begun.
func TestEnsureRefusesToStepTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := statemachine.MustNew(statemachine.Definition[state]{Name: "ladder", Transitions: []statemachine.Transition[state]{
			{From: "a", To: "b", By: "Step"}, {From: "b", To: "c", By: "Step"},
		}})
		r := newResource(m, "a", time.Second)
		_, err := r.ensurer(tens()).Ensure(t.Context(), "c", time.Hour)
		r.sameTrace(t, "0s a")
		wantEqual(t, "unreachable", true, errors.Is(err, statemachine.Unreachable))
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
		wantEqual(t, "timed out", true, errors.Is(err, statemachine.TimedOut))
		wantEqual(t, "conflict", false, errors.Is(err, statemachine.Conflict))
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
			wantEqual(t, "throttled", true, errors.Is(r.Err, statemachine.Throttled))
		}
		wantEqual(t, "reads", 10, reads)
	})
}

// Of several ways out of the target and back the shortest is taken, and of two that are as short
// the one that the table names first.
func TestEnsureRestartsTheShortWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why         string
		transitions []statemachine.Transition[state]
		want        ops
	}{
		{"as short", []statemachine.Transition[state]{
			{From: "on", To: "paused", By: "Pause"}, {From: "paused", To: "on", By: "Resume"},
			{From: "on", To: "off", By: "Stop"}, {From: "off", To: "on", By: "Start"},
		}, ops{"Pause", "Resume"}},
		{"shorter, and named later", []statemachine.Transition[state]{
			{From: "on", To: "off", By: "Stop"}, {From: "off", To: "ready", By: "Prepare"}, {From: "ready", To: "on", By: "Start"},
			{From: "on", To: "paused", By: "Pause"}, {From: "paused", To: "on", By: "Resume"},
		}, ops{"Pause", "Resume"}},
		{"longer, and named later", []statemachine.Transition[state]{
			{From: "on", To: "paused", By: "Pause"}, {From: "paused", To: "on", By: "Resume"},
			{From: "on", To: "off", By: "Stop"}, {From: "off", To: "ready", By: "Prepare"}, {From: "ready", To: "on", By: "Start"},
		}, ops{"Pause", "Resume"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newResource(statemachine.MustNew(statemachine.Definition[state]{Name: "lamp", Transitions: tt.transitions}), "on", time.Second)
				r.mode = "sync"
				e := r.ensurer(tens())
				e.Drift, e.Commands.Restart = wantMode("sync"), true
				done, err := e.Ensure(t.Context(), "on", time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				wantEqual(t, "operations", tt.want, done.Operations)
			})
		})
	}
}

// After the first operation of a plan it waits for where the rest of that plan can be run, not
// for a state beyond, from which there is a longer way, and not for one that the operation does
// not lead to.
func TestEnsureWaitsWhereThePlanGoesOn(t *testing.T) {
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

// A reading has the target of the ensure, also while it waits for a state on the way there.
func TestEnsureReadings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(topic(), broken, time.Second)
		o := tens()
		var targets []string
		o.OnRead = func(r statemachine.Reading) { targets = append(targets, r.Target) }
		if _, err := r.ensurer(o).Ensure(t.Context(), active, time.Hour); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "targets", []string{"ACTIVE", "ACTIVE", "ACTIVE"}, targets)
	})
}
