package durable

import (
	"errors"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ErrorInfo is an error as data: its kind and its text. It carries an activity's error into the
// workflow's history.
type ErrorInfo struct {
	Kind    statemachine.Kind `json:"kind"`
	Message string            `json:"message,omitempty"`
}

// maxMessage bounds the text, which is stored in the history.
const maxMessage = 400

// newErrorInfo returns err as data, and nil for nil.
func newErrorInfo(err error) *ErrorInfo {
	if err == nil {
		return nil
	}
	text := err.Error()
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return &ErrorInfo{Kind: statemachine.KindOf(err), Message: text}
}

// Error returns the text of the error.
func (t *ErrorInfo) Error() string { return t.Message }

// Unwrap returns the Kind, for errors.Is and statemachine.KindOf.
func (t *ErrorInfo) Unwrap() error { return t.Kind }

// Err returns t as an error, and a nil error if t is nil.
func (t *ErrorInfo) Err() error {
	if t == nil {
		return nil
	}
	return t
}

// reasonOf returns how an Ensure call ended: outcomeReached, the Reason of a wait (for a restart
// that was rolled back, that of the rollback), or else the Kind of the error.
func reasonOf(err error) string {
	if err == nil {
		return outcomeReached
	}
	if reason, ok := errors.AsType[statemachine.Reason](err); ok {
		return string(reason)
	}
	return string(statemachine.KindOf(err))
}

// outcomeReached is the outcome of an Ensure call that succeeded.
const outcomeReached = "reached"

// nonRetryable returns the error of a workflow whose input cannot succeed.
func nonRetryable(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), "InvalidInput", err)
}
