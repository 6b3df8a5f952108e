package statemachine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureRestartReportsGap checks that the gap of a restart lasts from the first command to
// the read that shows the target again.
func TestEnsureRestartReportsGap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		from     state
		set      func(*resource)
		gap      []time.Duration // from and to; nil: none; one: only from
		accepted int
	}{
		{"restart", started, func(*resource) {}, secs(10, 70), 2},
		{"slow first command", started, func(r *resource) { r.outcomes = []outcome{{takes: 4 * time.Second}} }, secs(10, 74), 2},
		{"lost first command", started, func(r *resource) { r.outcomes = []outcome{{err: fault(statemachine.Unavailable), lost: true}} }, secs(10, 70), 2},
		{"first command refused once", started, func(r *resource) { r.outcomes = []outcome{{err: fault(statemachine.Conflict)}} }, secs(20, 80), 2},
		{"second command refused for good", started, func(r *resource) { r.outcomes = []outcome{{}, {err: fault(statemachine.AccessDenied)}} }, secs(10), 1},
		{"drift remains", started, func(r *resource) { r.mode = "async" }, secs(10), 2},
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
				assert.Equal(t, "gap", tt.gap, gap)
				assert.Equal(t, "accepted", tt.accepted, len(done.Operations))
				assert.Equal(t, "failed", len(tt.gap) == 1, err != nil)
				if t.Failed() {
					t.Logf("%q, %v", r.trace, err)
				}
			})
		})
	}
}

// TestEnsureRestartUsesShortestPlan checks that a restart takes the shortest way out of the
// target and back.
func TestEnsureRestartUsesShortestPlan(t *testing.T) {
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
		e.Drift, e.Commands.Restart, e.Options.Grace = wantMode("sync"), true, -1
		done, err := e.Ensure(t.Context(), started, time.Hour)
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "operations", ops{"Reboot"}, done.Operations)
		assert.Equal(t, "gap", 20*time.Second, done.GapTo.Sub(done.GapFrom))
		r.sameTrace(t, "0s started", "0s Reboot", "10s rebooting", "20s started")
	})
}

// TestEnsureRestartPrefersFirstOfShortestPlans checks that a restart takes the shortest plan, and
// among equally short ones the one that the table names first.
func TestEnsureRestartPrefersFirstOfShortestPlans(t *testing.T) {
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
				assert.Equal(t, "operations", tt.want, done.Operations)
			})
		})
	}
}
