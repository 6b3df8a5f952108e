// Package validate checks what users give before anything is sent. Each check returns what is wrong as the end of a sentence
// that begins with the field's name, or nothing.
package validate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Length checks that s has between least and most characters, counted as AWS counts them: Unicode code points.
func Length(s string, least, most int) string {
	switch n := utf8.RuneCountInString(s); {
	case n == 0 && least > 0:
		return "is empty"
	case n < least || n > most:
		return fmt.Sprintf("must have %d to %d characters, has %d", least, most, n)
	}
	return ""
}

// Charset checks that every character of s is one that ok accepts. allowed says which these are.
func Charset(s, allowed string, ok func(rune) bool) string {
	for _, r := range s {
		if r == utf8.RuneError || !ok(r) {
			return fmt.Sprintf("may contain only %s, contains %q", allowed, r)
		}
	}
	return ""
}

// Alphanumeric tells whether r is an ASCII letter or digit.
func Alphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// OneOf checks that s is one of the values of an enum.
func OneOf[S ~string](s S, values []S) string {
	if slices.Contains(values, s) {
		return ""
	}
	if s == "" {
		return fmt.Sprintf("is empty, must be one of %v", values)
	}
	return fmt.Sprintf("must be one of %v, is %q", values, string(s))
}

// ARN parses an ARN of the given service and checks its parts: any partition, a Region, which is the client's unless that is empty, an account
// of digits, a resource.
func ARN(s, service, region string) (arn.ARN, string) {
	if s == "" {
		return arn.ARN{}, "is empty"
	}
	a, err := arn.Parse(s)
	if err != nil {
		return a, fmt.Sprintf("is not an ARN: %q", s)
	}
	switch {
	case !printable(s):
		return a, fmt.Sprintf("contains a character that no ARN has: %q", s)
	case a.Partition == "":
		return a, fmt.Sprintf("has no partition: %q", s)
	case a.Service != service:
		return a, fmt.Sprintf("must be an ARN of %s, is one of %q", service, a.Service)
	case a.Region == "":
		return a, fmt.Sprintf("has no Region: %q", s)
	case a.AccountID == "" || strings.ContainsFunc(a.AccountID, notDigit):
		return a, fmt.Sprintf("has no account number: %q", s)
	case a.Resource == "":
		return a, fmt.Sprintf("has no resource: %q", s)
	case region != "" && a.Region != region:
		return a, fmt.Sprintf("is in Region %s, the client's is %s", a.Region, region)
	}
	return a, ""
}

// printable reports whether s is of ASCII characters alone, without spaces and control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// NilInput is the error of an input that is nil.
func NilInput(op statemachine.Operation) error {
	return &statemachine.InputError{Operation: op, Fields: []statemachine.FieldError{{Field: "input", Reason: "is nil"}}}
}

// WaitArgs is everything that is wrong with the arguments of a wait, others, which it does not know, included. Where nothing is wrong with these the wait
// itself tells, and this is nil.
func WaitArgs[S ~string](m *statemachine.Machine[S], target S, maxWait time.Duration, o *statemachine.WaitOptions, others ...error) error {
	for _, other := range others {
		if other != nil {
			_, err := m.NewTrack(target, time.Time{}, maxWait, *o)
			return JoinInputErrors(append(others, err)...)
		}
	}
	return nil
}

// JoinInputErrors makes one InputError of several errors, with all their fields, for the first operation that one of them names. An error
// that is none is returned as it is.
func JoinInputErrors(errs ...error) error {
	var all statemachine.InputError
	for _, err := range errs {
		if err == nil {
			continue
		}
		input, ok := errors.AsType[*statemachine.InputError](err)
		if !ok {
			return err
		}
		if all.Operation == "" {
			all.Operation = input.Operation
		}
		all.Fields = append(all.Fields, input.Fields...)
	}
	return all.Err()
}

// FieldError is the error of one field, or nil if nothing is wrong with it.
func FieldError(name, reason string) error {
	if reason == "" {
		return nil
	}
	return &statemachine.InputError{Fields: []statemachine.FieldError{{Field: name, Reason: reason}}}
}
