package eventstream

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Ref names an event stream. Both names are case-sensitive.
type Ref struct {
	DomainName      string // of the Customer Profiles domain: 1 to 64 of a-z, A-Z, 0-9, _ and -. Required
	EventStreamName string // of the stream in it: as the DomainName. Required
}

// String is the two names with a slash between, as messages have them.
func (r Ref) String() string { return r.DomainName + "/" + r.EventStreamName }

// CreateInput is the input of CreateEventStream.
type CreateInput struct {
	Ref

	// Uri is the destination: the ARN of a Kinesis data stream
	// (arn:aws:kinesis:us-east-1:123456789012:stream/name) that is ACTIVE, in the account of the domain and in
	// the client's Region. At most 255 characters. Required.
	Uri string

	// Tags are none, or 1 to 50. A key has 1 to 128 of a-z, A-Z, 0-9 and + , - . / : ; < = _ and does not begin
	// with "aws:"; a value has at most 256 characters.
	Tags map[string]string
}

// Validate tells everything that is wrong with the names, as a [*statemachine.InputError].
func (r Ref) Validate() error { return r.validate("") }

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError]. The client's methods
// call it, and compare the Region of the Uri with the client's, too.
func (in *CreateInput) Validate() error { return in.validate("") }

func (r Ref) validate(op statemachine.Operation) error {
	wrong := statemachine.InputError{Operation: op}
	r.check(&wrong)
	return wrong.Err()
}

func (in *CreateInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(CreateEventStream)
	}
	wrong := statemachine.InputError{Operation: CreateEventStream}
	in.check(&wrong)
	wrong.Add("Uri", checkURI(in.Uri, region))
	wrong.Add("Tags", checkTags(in.Tags))
	return wrong.Err()
}

func (r Ref) check(wrong *statemachine.InputError) {
	wrong.Add("DomainName", checkName(r.DomainName))
	wrong.Add("EventStreamName", checkName(r.EventStreamName))
}

// checkName says what is wrong with a name. CloudFormation allows a stream 255 characters; the API does not.
func checkName(s string) string {
	if reason := validate.Length(s, 1, 64); reason != "" {
		return reason
	}
	return validate.Charset(s, "letters, digits, _ and -", func(r rune) bool {
		return r == '_' || r == '-' || validate.Alphanumeric(r)
	})
}

// checkURI says what is wrong with a destination.
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
		return fmt.Sprintf("must be the ARN of a Kinesis data stream (…:stream/name), is %q", s)
	}
	return validate.Charset(name, "letters, digits, _, . and - after stream/", func(r rune) bool {
		return r == '_' || r == '.' || r == '-' || validate.Alphanumeric(r)
	})
}

// tagKey is the documented pattern less its (?!aws:), which RE2 does not have. The range from + to = is as documented.
var tagKey = regexp.MustCompile(`\A[a-zA-Z+-=._:/]+\z`)

// checkTags says what is wrong with tags: with the first key, in their order, that something is wrong with.
func checkTags(tags map[string]string) string {
	if n := len(tags); n > 50 {
		return fmt.Sprintf("may be at most 50, are %d", n)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		reason := validate.Length(key, 1, 128)
		switch {
		case reason != "":
		case strings.HasPrefix(key, "aws:"):
			reason = `begins with "aws:", which AWS keeps for itself`
		case !tagKey.MatchString(key):
			reason = "may contain only letters, digits and + , - . / : ; < = _"
		}
		if reason != "" {
			return fmt.Sprintf("have a key %q that %s", key, reason)
		}
		if reason = validate.Length(tags[key], 0, 256); reason == "" && !utf8.ValidString(tags[key]) {
			reason = "is no UTF-8"
		}
		if reason != "" {
			return fmt.Sprintf("have under %q a value that %s", key, reason)
		}
	}
	return ""
}
