package statemachine

import "fmt"

// InputError reports input that was rejected before any request was sent. It lists every invalid
// field. errors.Is(err, [InvalidInput]) is true.
type InputError struct {
	// Operation is the operation that the input was for. It may be empty.
	Operation Operation

	// Fields lists the invalid fields in the order of the input. It is not empty.
	Fields []FieldError
}

// FieldError describes one invalid field.
type FieldError struct {
	// Field is the name of the Go field, such as "ResourceArn". For an argument it is the name of
	// the API member, "maxWait" or "target".
	Field string `json:"field"`

	// Reason completes a sentence that begins with Field, such as "is required".
	Reason string `json:"reason"`
}

// Add appends an invalid field. It does nothing if reason is empty. It is meant for code that
// validates input.
func (e *InputError) Add(field, reason string) {
	if reason != "" {
		e.Fields = append(e.Fields, FieldError{Field: field, Reason: reason})
	}
}

// Err returns a copy of e, or nil if no field is invalid.
func (e *InputError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	invalid := *e // keeps an e without invalid fields off the heap
	return &invalid
}

// rejectNegative adds a field whose value is negative.
func rejectNegative[T ~int | ~int64](errs *InputError, field string, value T) {
	if value < 0 {
		errs.Add(field, fmt.Sprintf("must not be negative, got %v", value))
	}
}

// Error returns one line. Do not depend on its text.
func (e *InputError) Error() string {
	fields := joinTexts(e.Fields, "; ", func(f FieldError) string { return f.Field + " " + f.Reason })
	return singleLine(withName(string(e.Operation), "invalid input: "+fields))
}

// Is reports whether target is [InvalidInput].
func (e *InputError) Is(target error) bool { return target == error(InvalidInput) }

func (e *InputError) kind() Kind { return InvalidInput }
