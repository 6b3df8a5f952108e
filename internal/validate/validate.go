// Package validate checks arguments before a request is sent. A check returns the reason of a
// [statemachine.FieldError], which completes a sentence that begins with the field's name, or "" if
// the value is valid.
package validate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Required is the reason for an empty value.
const Required = "is required"

// Length checks that s has least to most characters. Like AWS, it counts Unicode code points.
func Length(s string, least, most int) string {
	switch n := utf8.RuneCountInString(s); {
	case n == 0 && least > 0:
		return Required
	case n < least || n > most:
		return fmt.Sprintf("must have %d to %d characters, got %d", least, most, n)
	}
	return ""
}

// Charset checks that ok accepts every character of s. The text allowed describes these characters.
func Charset(s, allowed string, ok func(rune) bool) string {
	for _, r := range s {
		if r == utf8.RuneError || !ok(r) {
			return fmt.Sprintf("must contain only %s, got %q", allowed, r)
		}
	}
	return ""
}

// Alphanumeric reports whether r is an ASCII letter or digit.
func Alphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// OneOf checks that s is one of the values of an enum, at least two.
func OneOf[S ~string](s S, values []S) string {
	if slices.Contains(values, s) {
		return ""
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", string(v))
	}
	last := len(quoted) - 1
	choice := strings.Join(quoted[:last], ", ") + " or " + quoted[last]
	if s == "" {
		return Required + ": use " + choice
	}
	return fmt.Sprintf("must be %s, got %q", choice, string(s))
}

// ARN parses an ARN of a service and checks its parts: any partition, the Region, an account of
// digits and a resource. An empty region accepts every Region.
func ARN(s, service, region string) (arn.ARN, string) {
	if s == "" {
		return arn.ARN{}, Required
	}
	a, err := arn.Parse(s)
	if err != nil {
		return a, fmt.Sprintf("must be an ARN, got %q", s)
	}
	switch {
	case strings.ContainsFunc(s, notPrintable):
		return a, fmt.Sprintf("must contain only printable ASCII characters, got %q", s)
	case a.Partition == "":
		return a, fmt.Sprintf("must be an ARN with a partition, got %q", s)
	case a.Service != service:
		return a, fmt.Sprintf("must be an ARN of %s, got one of %q", service, a.Service)
	case a.Region == "":
		return a, fmt.Sprintf("must be an ARN with a Region, got %q", s)
	case a.AccountID == "" || strings.ContainsFunc(a.AccountID, notDigit):
		return a, fmt.Sprintf("must be an ARN with an account number, got %q", s)
	case a.Resource == "":
		return a, fmt.Sprintf("must be an ARN with a resource, got %q", s)
	}
	return a, Region(a, region)
}

// Region checks that an ARN is in the client's Region. An empty region accepts every Region.
func Region(a arn.ARN, region string) string {
	if region == "" || a.Region == region {
		return ""
	}
	return fmt.Sprintf("must be in the client's Region %s, got an ARN in %s", region, a.Region)
}

// notPrintable reports whether r is a space, a control character or no ASCII character.
func notPrintable(r rune) bool { return r <= ' ' || r >= 0x7f }

func notDigit(r rune) bool { return r < '0' || r > '9' }

// NilInput returns the error for a nil input of op.
func NilInput(op statemachine.Operation) error {
	return &statemachine.InputError{Operation: op, Fields: []statemachine.FieldError{{Field: "input", Reason: "must not be nil"}}}
}

// WaitArgs validates the arguments of a wait. invalid is what is wrong with others, or nil.
func WaitArgs[S ~string](m *statemachine.Machine[S], target S, maxWait time.Duration, o *statemachine.WaitOptions, invalid error) error {
	_, err := m.NewTrack(target, time.Time{}, maxWait, *o)
	return JoinInputErrors(invalid, err)
}

// JoinInputErrors returns one InputError with the fields of all errs and the first Operation that
// one of them names. It returns the first error that is not an InputError as it is.
func JoinInputErrors(errs ...error) error {
	var all statemachine.InputError
	for _, err := range errs {
		if input, ok := errors.AsType[*statemachine.InputError](err); ok {
			all.Operation = cmp.Or(all.Operation, input.Operation)
			all.Fields = append(all.Fields, input.Fields...)
		} else if err != nil {
			return err
		}
	}
	return all.Err()
}

// FieldError returns the error of one field, or nil if reason is empty.
func FieldError(name, reason string) error {
	var e statemachine.InputError
	e.Add(name, reason)
	return e.Err()
}
