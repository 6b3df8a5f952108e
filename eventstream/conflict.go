package eventstream

import (
	"errors"
	"fmt"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// otherStreamError is the Fault of a create in a domain that has another event stream. It has a
// type of its own because an Ensure method must not retry it, as it does other conflicts.
type otherStreamError struct{ *statemachine.Fault }

// Unwrap returns the Fault.
func (e *otherStreamError) Unwrap() error { return e.Fault }

// nameOtherStream returns a Conflict that names the other stream of the domain if CreateEventStream
// was rejected with err because the domain has one. Otherwise it returns err. other is what the
// read before the command found, or nil: a list alone is no proof, because it may be stale.
func nameOtherStream(err error, other *Stream) error {
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok || f.Kind != statemachine.AlreadyInState || other == nil {
		return err
	}
	conflict := *f
	conflict.Kind = statemachine.Conflict
	conflict.Message = fmt.Sprintf("the domain already has the event stream %s (%s) to %s, and a domain can have only one: delete that one, or use its name",
		other.EventStreamName, other.State, other.Uri)
	return &otherStreamError{&conflict}
}
