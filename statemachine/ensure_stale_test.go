package statemachine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureJoinedTransitionIsNotTarget checks that a resource that another actor moved on its
// way to the target is not taken to be in the target.
func TestEnsureJoinedTransitionIsNotTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), started, 30*time.Second)
		r.mode = "sync"
		r.rival(50*time.Second, opStart)
		o := every(70 * time.Second)
		o.Grace = -1
		e := r.ensurer(o)
		e.Drift, e.Commands.Restart = wantMode("sync"), true
		done, err := e.Ensure(t.Context(), started, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "state", started, done.Value.State)
		r.sameTrace(t, "0s started", "0s Stop", "50s rival's Start: true", "1m10s starting", "2m20s started")
	})
}

// TestEnsureStaleReadAfterLostCommandIsTolerated loses the response of a command, and has another
// actor take its effect much later. After that a read may be stale again.
func TestEnsureStaleReadAfterLostCommandIsTolerated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), stopped, 20*time.Second)
		r.outcomes = []outcome{{err: fault(statemachine.Unavailable)}}
		r.rival(55*time.Second, opStart)
		r.stale = func() time.Duration {
			if since := time.Since(r.begin); since == 70*time.Second {
				return 50 * time.Second
			}
			return 0
		}
		done, err := r.ensurer(every(10*time.Second)).Ensure(t.Context(), started, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "operations", ops{opStart}, done.Operations)
		r.sameTrace(t, "0s stopped", "0s Start refused: unavailable", "10s stopped", "20s stopped", "30s stopped", "40s stopped", "50s stopped",
			"55s rival's Start: true", "1m0s starting", "1m10s stopped", "1m20s started")
	})
}

// TestEnsureTargetFromBeforeCommandIsNotSuccess checks that reads of the target that may be from
// before the call's own command are not believed. The target was read once of the two times that
// are necessary, and then another actor left it.
func TestEnsureTargetFromBeforeCommandIsNotSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), started, 10*time.Second)
		r.rival(5*time.Second, opStop)
		r.outcomes = []outcome{{}}
		r.stale = func() time.Duration { // the reads right after the start show the state of before the stop
			if since := time.Since(r.begin); since == 30*time.Second || since == 40*time.Second {
				return since - time.Second
			}
			return 0
		}
		o := every(10 * time.Second)
		o.Consecutive = 2
		done, err := r.ensurer(o).Ensure(t.Context(), started, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "operations", ops{opStart}, done.Operations)
		assert.Equal(t, "time", 90*time.Second, time.Since(r.begin))
	})
}

// TestEnsureTargetReachedByAnotherActor checks that a target that another actor reached is the
// target.
func TestEnsureTargetReachedByAnotherActor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(topic(), broken, 2*time.Second)
		r.rival(5*time.Second, opCreate)
		o := every(10 * time.Second)
		o.Grace = -1
		done, err := r.ensurer(o).Ensure(t.Context(), active, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "operations", ops{opDelete}, done.Operations)
		r.sameTrace(t, "0s BROKEN", "0s Delete", "5s rival's Create: true", "10s ACTIVE")
	})
	t.Run("twice, where it must be seen twice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newResource(topic(), broken, 2*time.Second)
			r.rival(5*time.Second, opCreate)
			o := every(10 * time.Second)
			o.Grace, o.Consecutive = -1, 2
			if _, err := r.ensurer(o).Ensure(t.Context(), active, time.Hour); err != nil {
				t.Fatal(err)
			}
			r.sameTrace(t, "0s BROKEN", "0s Delete", "5s rival's Create: true", "10s ACTIVE", "20s ACTIVE")
		})
	})
}
