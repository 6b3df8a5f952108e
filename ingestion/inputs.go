package ingestion

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// StartInput is the input of StartEventDataStoreIngestion.
type StartInput struct {
	// EventDataStore is the ARN of an event data store in the client's Region
	// (arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/id), or the ID at its end.
	// It has 3 to 256 letters, digits and characters of "._/-:". Required.
	EventDataStore string
}

// StopInput is the input of StopEventDataStoreIngestion.
type StopInput struct {
	EventDataStore string // as in [StartInput]; required
}

// Validate returns a [*statemachine.InputError] with every invalid field, or nil. The client's
// methods also compare the ARN's Region with the client's.
func (in *StartInput) Validate() error {
	return (*input)(in).validate(StartEventDataStoreIngestion, "")
}

// Validate returns a [*statemachine.InputError] with every invalid field, or nil. The client's
// methods also compare the ARN's Region with the client's.
func (in *StopInput) Validate() error {
	return (*input)(in).validate(StopEventDataStoreIngestion, "")
}

// input is a StartInput or a StopInput.
type input struct{ EventDataStore string }

func (in *input) validate(op statemachine.Operation, region string) error {
	if in == nil {
		return validate.NilInput(op)
	}
	return validateStore(op, in.EventDataStore, region)
}

// validateStore validates the one member that all operations have. op may be empty.
func validateStore(op statemachine.Operation, eventDataStore, region string) error {
	e := statemachine.InputError{Operation: op}
	e.Add("EventDataStore", checkStore(eventDataStore, region))
	return e.Err()
}

// checkStore returns why s is not the ARN or ID of an event data store, or "". An empty region
// matches every ARN.
func checkStore(s, region string) string {
	reason := cmp.Or(validate.Length(s, 3, 256), validate.Charset(s, `letters, digits and "._/-:"`, func(r rune) bool {
		return validate.Alphanumeric(r) || strings.ContainsRune("._/-:", r)
	}))
	if reason != "" || !isARN(s) {
		return reason
	}
	a, reason := validate.ARN(s, "cloudtrail", region)
	if reason != "" {
		return reason
	}
	if id, ok := strings.CutPrefix(a.Resource, "eventdatastore/"); !ok || id == "" || strings.ContainsAny(id, "/:") {
		return fmt.Sprintf("must be the ARN of an event data store (…:eventdatastore/id), got %q", s)
	}
	return ""
}

// isARN reports whether s is an ARN, not an ID.
func isARN(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "arn:") }

// identifies reports whether requested, an ARN or an ID, names the store with this ARN. An ID is
// everything after one of the ARN's separators.
func identifies(requested, arn string) bool {
	for i, c := range arn {
		if (c == '/' || c == ':') && strings.EqualFold(arn[i+1:], requested) {
			return true
		}
	}
	return strings.EqualFold(arn, requested)
}
