package statemachine

import (
	"errors"
	"strings"
)

// InputError says that an input was refused before anything was sent, and lists every wrong field of it.
// errors.Is(err, [InvalidInput]) holds.
type InputError struct {
	Operation Operation    // what was to be called; may be empty
	Fields    []FieldError // in the order of the input's fields; not empty
}

// FieldError is one wrong field.
type FieldError struct {
	Field  string // the Go field's name, "ResourceArn"; for an argument the API member's, or "maxWait", "target"
	Reason string // what is wrong with it: "is empty"
}

// Add appends a wrong field. An empty reason says that nothing is wrong with it: it adds nothing.
func (e *InputError) Add(field, reason string) {
	if reason != "" {
		e.Fields = append(e.Fields, FieldError{Field: field, Reason: reason})
	}
}

// Err is a copy of e, or nil where no field is wrong.
func (e *InputError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	wrong := *e // so that an e that nothing is wrong with costs no allocation
	return &wrong
}

// prependField is an InputError of a wrong field and those that err, an InputError or nil, lists.
func prependField(first FieldError, err error) error {
	wrong := InputError{Fields: []FieldError{first}}
	if other, ok := errors.AsType[*InputError](err); ok {
		wrong.Fields = append(wrong.Fields, other.Fields...)
	}
	return &wrong
}

// Error is one line. Do not depend on its text.
func (e *InputError) Error() string {
	var b strings.Builder
	if e.Operation != "" {
		b.WriteString(string(e.Operation) + ": ")
	}
	b.WriteString("invalid input: ")
	for i, f := range e.Fields {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Field + " " + f.Reason)
	}
	return singleLine(b.String())
}

// Is reports whether target is [InvalidInput].
func (e *InputError) Is(target error) bool { return target == error(InvalidInput) }

func (e *InputError) kind() Kind { return InvalidInput }
