package durable

import (
	"errors"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Told is an error as data: what it means, and its words. It is how an activity's error reaches the workflow's history.
type Told struct {
	Kind statemachine.Kind `json:"kind"`
	Said string            `json:"said,omitempty"`
}

// maxSaid bounds the words: a history is no log.
const maxSaid = 400

// tell is err as data; nil for nil.
func tell(err error) *Told {
	if err == nil {
		return nil
	}
	said := err.Error()
	if len(said) > maxSaid {
		said = strings.ToValidUTF8(said[:maxSaid], "") + "…"
	}
	return &Told{Kind: statemachine.KindOf(err), Said: said}
}

// Error is the error's own words.
func (t *Told) Error() string { return t.Said }

// Unwrap gives the Kind, for errors.Is and statemachine.KindOf.
func (t *Told) Unwrap() error { return t.Kind }

// orNil is t as an error, nil where t is.
func (t *Told) orNil() error {
	if t == nil {
		return nil
	}
	return t
}

// reasonOf is how an ensure ended, in a word: a Reason of a wait, or else the Kind of the error.
func reasonOf(err error) string {
	if err == nil {
		return arrived
	}
	if e, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(e.Reason)
	}
	return string(statemachine.KindOf(err))
}

// arrived is how an ensure ends well.
const arrived = "arrived"
