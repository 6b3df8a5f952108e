package eventstream

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Ref identifies an event stream. Both names are case-sensitive.
type Ref struct {
	DomainName      string // Customer Profiles domain: 1 to 64 letters, digits, _ and -; required
	EventStreamName string // the stream in it: 1 to 64 letters, digits, _ and -; required
}

// String returns the two names separated by a slash, as in errors and logs.
func (r Ref) String() string { return r.DomainName + "/" + r.EventStreamName }

// CreateInput is the input of CreateEventStream.
type CreateInput struct {
	Ref

	// Uri is the destination: the ARN of a Kinesis data stream
	// (arn:aws:kinesis:us-east-1:123456789012:stream/name) in the domain's account and the client's
	// Region. The data stream has to be ACTIVE. At most 255 characters. Required.
	Uri string

	// Tags are at most 50. A key has 1 to 128 letters, digits and characters of + , - . / : ; < =
	// _ and does not begin with "aws:". A value has at most 256 characters.
	Tags map[string]string
}

// Validate returns a [*statemachine.InputError] with every invalid name, or nil.
func (r Ref) Validate() error { return r.validate("") }

// Validate returns a [*statemachine.InputError] with every invalid field, or nil. The client's
// methods also compare the Region of the Uri with the client's.
func (in *CreateInput) Validate() error { return in.validate("") }

func (r Ref) validate(op statemachine.Operation) error {
	e := statemachine.InputError{Operation: op}
	r.check(&e)
	return e.Err()
}

func (in *CreateInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(CreateEventStream)
	}
	e := statemachine.InputError{Operation: CreateEventStream}
	in.check(&e)
	e.Add("Uri", checkURI(in.Uri, region))
	e.Add("Tags", checkTags(in.Tags))
	return e.Err()
}

// check adds the invalid names of r to e.
func (r Ref) check(e *statemachine.InputError) {
	e.Add("DomainName", checkName(r.DomainName))
	e.Add("EventStreamName", checkName(r.EventStreamName))
}

// checkName returns why s is not a valid name, or "". CloudFormation documents up to 255
// characters for a stream, the API 64.
func checkName(s string) string {
	return cmp.Or(validate.Length(s, 1, 64), validate.Charset(s, "letters, digits, _ and -", func(r rune) bool {
		return r == '_' || r == '-' || validate.Alphanumeric(r)
	}))
}

// checkURI returns why s is not a valid destination, or "".
func checkURI(s, region string) string {
	if reason := validate.Length(s, 1, 255); reason != "" {
		return reason
	}
	a, reason := validate.ARN(s, "kinesis", region)
	if reason != "" {
		return reason
	}
	name, ok := strings.CutPrefix(a.Resource, "stream/")
	if !ok || name == "" {
		return fmt.Sprintf("must be the ARN of a Kinesis data stream (…:stream/name), got %q", s)
	}
	return validate.Charset(name, "letters, digits, _, . and - after stream/", func(r rune) bool {
		return r == '_' || r == '.' || r == '-' || validate.Alphanumeric(r)
	})
}

// tagKey is the documented pattern without (?!aws:), which RE2 lacks. The range +-= is as
// documented.
var tagKey = regexp.MustCompile(`\A[a-zA-Z+-=._:/]+\z`)

// checkTags returns why tags are invalid, or "": the problem of the first invalid key in sorted
// order.
func checkTags(tags map[string]string) string {
	if n := len(tags); n > 50 {
		return fmt.Sprintf("has %d entries, the maximum is 50", n)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		reason := validate.Length(key, 1, 128)
		switch {
		case reason != "":
		case strings.HasPrefix(key, "aws:"):
			reason = `must not begin with "aws:", which AWS reserves`
		case !tagKey.MatchString(key):
			reason = "must contain only letters, digits and + , - . / : ; < = _"
		}
		if reason != "" {
			return fmt.Sprintf("key %q %s", key, reason)
		}
		if reason = validate.Length(tags[key], 0, 256); reason == "" && !utf8.ValidString(tags[key]) {
			reason = "must be UTF-8"
		}
		if reason != "" {
			return fmt.Sprintf("value of key %q %s", key, reason)
		}
	}
	return ""
}
