package eventstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// otherStreamError is the Fault of a create in a domain that has another event stream. It has a
// type of its own because an Ensure method must not retry it, as it does other conflicts.
type otherStreamError struct{ *statemachine.Fault }

// Unwrap returns the Fault.
func (e *otherStreamError) Unwrap() error { return e.Fault }

// findOtherStream returns a Conflict that names the stream of the domain if CreateEventStream was
// rejected with err because the domain has another stream. Otherwise it returns err: a list that
// fails, or that lacks the other stream or has the stream itself, is no proof.
func (c *call) findOtherStream(ctx context.Context, ref Ref, err error) error {
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok || f.Kind != statemachine.AlreadyInState {
		return err
	}
	var other *Stream
	for s, listErr := range c.list(ctx, ref.DomainName) {
		if listErr != nil || s.EventStreamName == ref.EventStreamName {
			return err
		}
		other = s
	}
	if other == nil {
		return err
	}
	conflict := *f
	conflict.Kind = statemachine.Conflict
	conflict.Message = fmt.Sprintf("the domain already has the event stream %s (%s) to %s, and a domain can have only one: delete that one, or use its name",
		other.EventStreamName, other.State, other.Uri)
	return &otherStreamError{&conflict}
}
