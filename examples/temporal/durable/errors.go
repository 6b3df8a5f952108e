package durable

import (
	"errors"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ErrorInfo is an error as data: what it means, and its words. It is how an activity's error reaches the workflow's history.
type ErrorInfo struct {
	Kind    statemachine.Kind `json:"kind"`
	Message string            `json:"said,omitempty"`
}

// maxMessage bounds the words: a history is no log.
const maxMessage = 400

// newErrorInfo is err as data; nil for nil.
func newErrorInfo(err error) *ErrorInfo {
	if err == nil {
		return nil
	}
	said := err.Error()
	if len(said) > maxMessage {
		said = strings.ToValidUTF8(said[:maxMessage], "") + "…"
	}
	return &ErrorInfo{Kind: statemachine.KindOf(err), Message: said}
}

// Error is the error's own words.
func (t *ErrorInfo) Error() string { return t.Message }

// Unwrap gives the Kind, for errors.Is and statemachine.KindOf.
func (t *ErrorInfo) Unwrap() error { return t.Kind }

// Err is t as an error, nil where t is.
func (t *ErrorInfo) Err() error {
	if t == nil {
		return nil
	}
	return t
}

// reasonOf is how an ensure ended, in a word: a Reason of a wait, or else the Kind of the error.
func reasonOf(err error) string {
	if err == nil {
		return outcomeReached
	}
	if e, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(e.Reason)
	}
	return string(statemachine.KindOf(err))
}

// outcomeReached is how an ensure ends well.
const outcomeReached = "arrived"
