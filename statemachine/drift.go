package statemachine

import (
	"errors"
	"fmt"
)

// DriftError reports a resource that is in the target state, with settings other than those that
// were requested. None of them was changed. errors.Is(err, [Drifted]) is true.
type DriftError struct {
	// Resource identifies the resource, such as an ARN or a name.
	Resource string

	// Fields lists the settings that differ. It is not empty.
	Fields []Drift

	// Cause is why a restart did not correct them. It is nil if the call sent no command for one.
	Cause error
}

// Drift describes one setting that differs: the Field of the input, such as "Mode", the value to
// Want, and the value Got from the service.
type Drift struct {
	Field string `json:"field"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// Add appends a setting if want and got differ. It is meant for code that compares settings.
func (e *DriftError) Add(field, want, got string) {
	if want != got {
		e.Fields = append(e.Fields, Drift{Field: field, Want: want, Got: got})
	}
}

// Err returns e, or nil if no setting differs.
func (e *DriftError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// Error returns one line. Do not depend on its text.
func (e *DriftError) Error() string {
	fields := joinTexts(e.Fields, "; ", func(d Drift) string {
		return d.Field + " is " + quoteEmpty(d.Got) + ", wanted " + quoteEmpty(d.Want)
	})
	if e.Cause != nil {
		fields += "; " + e.Cause.Error()
	}
	return singleLine(withName(e.Resource, "drifted: "+fields))
}

// Unwrap returns Cause.
func (e *DriftError) Unwrap() error { return e.Cause }

// withCause returns the error of a drift with the reason why a restart did not correct it.
func withCause(drift, err error) error {
	e, ok := errors.AsType[*DriftError](drift)
	if !ok {
		return fmt.Errorf("%w; %w", drift, err)
	}
	e = new(*e)
	e.Cause = err
	return e
}

// Is reports whether target is [Drifted].
func (e *DriftError) Is(target error) bool { return target == error(Drifted) }

func (e *DriftError) kind() Kind { return Drifted }
