package statemachine

import "strings"

// DriftError says that a resource is in the state asked for, but with other settings than asked for. Nothing
// was changed about them. errors.Is(err, [Drifted]) holds.
type DriftError struct {
	Resource string  // an ARN, a name
	Fields   []Drift // what differs; not empty
}

// Drift is one setting that differs.
type Drift struct {
	Field, Want, Got string // Field: the input's field, such as "Mode"
}

// Add appends a setting, if it differs.
func (e *DriftError) Add(field, want, got string) {
	if want != got {
		e.Fields = append(e.Fields, Drift{Field: field, Want: want, Got: got})
	}
}

// Err is e, or nil where no setting differs.
func (e *DriftError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// Error is one line. Do not depend on its text.
func (e *DriftError) Error() string {
	var b strings.Builder
	if e.Resource != "" {
		b.WriteString(e.Resource + ": ")
	}
	b.WriteString("drifted: ")
	for i, d := range e.Fields {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(d.Field + " is " + quoteEmpty(d.Got) + ", wanted " + quoteEmpty(d.Want))
	}
	return singleLine(b.String())
}

// Is reports whether target is [Drifted].
func (e *DriftError) Is(target error) bool { return target == error(Drifted) }

func (e *DriftError) kind() Kind { return Drifted }

// quoteEmpty is a state or setting as messages show it, so that an empty one can be seen.
func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}
