package eventstream

import (
	"errors"
	"fmt"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// finalError is the Fault of a create that an Ensure method must not retry, unlike other errors of
// its kind.
type finalError struct{ *statemachine.Fault }

// Unwrap returns the Fault.
func (e *finalError) Unwrap() error { return e.Fault }

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
	return &finalError{&conflict}
}
