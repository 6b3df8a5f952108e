package statemachine_test

import (
	"errors"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestAdvice checks which of a reason and a kind decides, and the errors with a sentence of their
// own.
func TestAdvice(t *testing.T) {
	t.Parallel()
	ended := func(r statemachine.Reason, err error) *statemachine.WaitError {
		return &statemachine.WaitError{Reason: r, Err: err}
	}
	pending := func(r statemachine.Reason, hint string) *statemachine.WaitError {
		return &statemachine.WaitError{Reason: r, Pending: opStart, Hint: hint}
	}
	const deferred = "Call again after the maintenance window: the command was accepted, and takes effect then."
	again := statemachine.Advice(statemachine.TimedOut)
	for _, test := range []struct {
		why  string
		err  error
		want string
	}{
		{"a read that failed", ended(statemachine.ReadFailed, fault(statemachine.AccessDenied)), statemachine.Advice(statemachine.AccessDenied)},
		{"an error without a kind", errTest, statemachine.Advice(statemachine.Unknown)},
		{"a reason takes precedence", ended(statemachine.Lapsed, fault(statemachine.Throttled)), statemachine.Advice(statemachine.Lapsed)},
		{"unreachable", ended(statemachine.Unreachable, nil), statemachine.Advice(statemachine.Unreachable)},
		{"unreachable, by a check", ended(statemachine.Unreachable, statemachine.Unsupported), statemachine.Advice(statemachine.Unsupported)},
		{"unreachable, after a command", pending(statemachine.Unreachable, ""), statemachine.Advice(statemachine.Lapsed)},
		{"late", ended(statemachine.TimedOut, nil), again},
		{"late, and throttled", ended(statemachine.TimedOut, fault(statemachine.Throttled)), again},
		{"late, and the service failed", ended(statemachine.TimedOut, fault(statemachine.Unavailable)), again},
		{"late, and in the state already", ended(statemachine.TimedOut, fault(statemachine.AlreadyInState)), again},
		{"late, and rejected", ended(statemachine.TimedOut, fault(statemachine.InvalidState)), statemachine.Advice(statemachine.InvalidState)},
		{"late, while a command is under way", pending(statemachine.TimedOut, ""), again},
		{"late, before the window", pending(statemachine.TimedOut, "it takes effect later"), deferred},
		{"canceled before the window", pending(statemachine.Canceled, "it takes effect later"), deferred},
		{"canceled", ended(statemachine.Canceled, nil), "Call again: nothing was lost."},
		{"canceled during a restart", &statemachine.RestartError{Err: ended(statemachine.Canceled, nil)}, again},
		{"canceled after a restart", &statemachine.RestartError{To: epoch, Err: ended(statemachine.Canceled, nil)}, "Call again: nothing was lost."},
		{"no reason of its own", errors.Join(errTest, fault(statemachine.Conflict)), statemachine.Advice(statemachine.Conflict)},
	} {
		assert.Equal(t, test.why, test.want, statemachine.Advice(test.err))
	}
	assert.Equal(t, "no error", "", statemachine.Advice(nil))
}
