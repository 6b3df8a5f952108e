package statemachine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureEndsWithContextInEveryPhase ends the context right after every quarter of a second. The
// call must end at that instant with the cause, and send no further command. What happens at the
// same instant as the end has no order.
func TestEnsureEndsWithContextInEveryPhase(t *testing.T) {
	t.Parallel()
	reason := errors.New("the operator went home")
	synctest.Test(t, func(t *testing.T) {
		for quarters := range 27 * 4 {
			at := time.Duration(quarters) * 250 * time.Millisecond
			if at > 0 {
				at++
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			r := newResource(topic(), broken, 3*time.Second)
			r.reading = func(ctx context.Context) { _ = assert.Sleep(ctx, 500*time.Millisecond) }
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

// TestEnsureCanceledDuringReadSendsNoCommand checks that no command is sent if the context ends
// during a successful read.
func TestEnsureCanceledDuringReadSendsNoCommand(t *testing.T) {
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
			assert.Equal(t, "reason", statemachine.Canceled, waitError(t, err).Reason)
			r.sameTrace(t, "0s stopped")
		})
	}
}
