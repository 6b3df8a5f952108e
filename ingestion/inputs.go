package ingestion

import (
	"fmt"
	"strings"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// StartInput is the input of StartEventDataStoreIngestion.
type StartInput struct {
	// EventDataStore is the ARN of an event data store
	// (arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/id), in the client's Region, or the ID that it
	// ends with. 3 to 256 letters, digits and characters of "._/-:". Required.
	EventDataStore string
}

// StopInput is the input of StopEventDataStoreIngestion.
type StopInput struct {
	EventDataStore string // as in StartInput. Required
}

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError]. The client's methods
// call it, and compare the ARN's Region with the client's, too.
func (in *StartInput) Validate() error { return in.validate("") }

// Validate tells everything that is wrong with the input, as a [*statemachine.InputError].
func (in *StopInput) Validate() error { return in.validate("") }

func (in *StartInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(StartEventDataStoreIngestion)
	}
	return validateStore(StartEventDataStoreIngestion, in.EventDataStore, region)
}

func (in *StopInput) validate(region string) error {
	if in == nil {
		return validate.NilInput(StopEventDataStoreIngestion)
	}
	return validateStore(StopEventDataStoreIngestion, in.EventDataStore, region)
}

// validateStore is everything that is wrong with the one member that all operations take. op may be empty.
func validateStore(op statemachine.Operation, eventDataStore, region string) error {
	wrong := statemachine.InputError{Operation: op}
	wrong.Add("EventDataStore", checkStore(eventDataStore, region))
	return wrong.Err()
}

// checkStore says what is wrong with the ARN or ID of an event data store. An empty region fits every ARN.
func checkStore(s, region string) string {
	if reason := validate.Length(s, 3, 256); reason != "" {
		return reason
	}
	if reason := validate.Charset(s, `letters, digits and "._/-:"`, func(r rune) bool {
		return validate.Alphanumeric(r) || strings.ContainsRune("._/-:", r)
	}); reason != "" {
		return reason
	}
	if !isARN(s) {
		return ""
	}
	a, reason := validate.ARN(s, "cloudtrail", region)
	if reason != "" {
		return reason
	}
	if id, ok := strings.CutPrefix(a.Resource, "eventdatastore/"); !ok || id == "" || strings.ContainsAny(id, "/:") {
		return fmt.Sprintf("must be the ARN of an event data store (…:eventdatastore/id), is %q", s)
	}
	return ""
}

// isARN tells an ARN from an ID.
func isARN(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "arn:") }

// identifies reports whether what was asked for, an ARN or an ID, names the store with this ARN. An ID is all that
// stands after a separator.
func identifies(asked, arn string) bool {
	for i, c := range arn {
		if (c == '/' || c == ':') && strings.EqualFold(arn[i+1:], asked) {
			return true
		}
	}
	return strings.EqualFold(arn, asked)
}
