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

// TestEnsureClearsRejectionWhenStateChanges checks that Stuck is not consulted about a rejection
// once the state has changed.
func TestEnsureClearsRejectionWhenStateChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), stopped, 15*time.Second)
		r.outcomes = []outcome{{err: fault(statemachine.InvalidState)}}
		r.rival(5*time.Second, opStart)
		e := r.ensurer(every(10 * time.Second))
		e.Commands.Stuck = func(r row) error {
			if r.State == starting {
				return errTest
			}
			return nil
		}
		if _, err := e.Ensure(t.Context(), started, time.Hour); err != nil {
			t.Fatal(err)
		}
		r.sameTrace(t, "0s stopped", "0s Start refused: invalid state", "5s rival's Start: true", "10s starting", "20s started")
	})
}

// TestEnsureAbsentResourceIsNotChecked checks that Drift and Stuck are not called with a value
// from before the resource vanished.
func TestEnsureAbsentResourceIsNotChecked(t *testing.T) {
	t.Parallel()
	t.Run("Drift", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newResource(topic(), active, 5*time.Second)
			e := r.ensurer(tens())
			e.Drift = func(v row) error { return wantMode("sync")(v) }
			done, err := e.Ensure(t.Context(), absent, time.Hour)
			assert.Equal(t, "error", nil, err)
			assert.Equal(t, "the value is that of the target", state(""), done.Value.State)
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
			e.Commands.Stuck = func(v row) error { return errTest }
			_, err := e.Ensure(t.Context(), active, time.Hour)
			assert.Equal(t, "error", nil, err)
			r.sameTrace(t, "0s DELETING", "10s ABSENT", "10s Create refused: conflict", "20s ABSENT", "20s Create", "30s ACTIVE")
		})
	})
}

// TestEnsureErrorOmitsPastRejection checks that a wait error does not include a rejection once
// the state has changed.
func TestEnsureErrorOmitsPastRejection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newResource(stream(), stopped, time.Hour)
		r.outcomes = []outcome{{err: fault(statemachine.Conflict)}}
		r.reading = func(context.Context) {
			if time.Since(r.begin) == 10*time.Second {
				r.set(starting) // another actor's start
			}
		}
		_, err := r.ensurer(tens()).Ensure(t.Context(), started, 30*time.Second)
		assert.Equal(t, "timed out", true, errors.Is(err, statemachine.TimedOut))
		assert.Equal(t, "conflict", false, errors.Is(err, statemachine.Conflict))
	})
}
