package activityreader

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Verdict is why reading ended. It is an error: errors.Is(err, activityreader.StreamDeleted)
// reports whether err is a [*ReadError] with that Verdict.
type Verdict string

const (
	// Interrupted means that the caller's context ended. Read again from the error's Position.
	// errors.Is(err, [statemachine.Canceled]) is true, too.
	Interrupted Verdict = "interrupted"

	// StreamDeleted means that Kinesis has no stream of that name anymore, or that none appeared
	// within [Options].Grace. RDS deletes the stream when the activity stream is stopped and when
	// the database is deleted. errors.Is(err, [statemachine.Gone]) is true, too.
	StreamDeleted Verdict = "stream deleted"

	// StreamRecreated means that the stream of that name is another one: the activity stream was
	// stopped and started. Records of the old stream that were not read are lost. It can also mean
	// that the position is older than every record of the stream. Start again from the zero
	// Position. With the Instances of the error's Position, Watch reports the gap in between.
	// errors.Is(err, [statemachine.Gone]) is true, too.
	StreamRecreated Verdict = "stream recreated"

	// ReadFailed means that a call failed in a way that no retry can fix. [statemachine.KindOf]
	// says what to do. Then read again from the error's Position.
	ReadFailed Verdict = "read failed"
)

// Error returns the verdict as text.
func (v Verdict) Error() string { return "activityreader: " + string(v) }

// reason returns the Reason that corresponds to the verdict.
func (v Verdict) reason() statemachine.Reason {
	switch v {
	case Interrupted:
		return statemachine.Canceled
	case StreamDeleted, StreamRecreated:
		return statemachine.Gone
	case ReadFailed:
	}
	return statemachine.ReadFailed
}

// ReadError is the error with which [Reader.Read] and [Reader.Watch] end.
type ReadError struct {
	StreamName string   // as passed to New
	Verdict    Verdict  // why it ended
	Position   Position // where to resume; everything that was delivered is before it
	Err        error    // the context's error, or what the service said; a *[statemachine.Fault] if a call failed
}

// Error returns the stream, the verdict and the cause on one line. Do not depend on the text
// being stable.
func (e *ReadError) Error() string {
	text := fmt.Sprintf("stream %s: %s", e.StreamName, string(e.Verdict))
	if e.Err != nil {
		text += ": " + strings.ReplaceAll(e.Err.Error(), "\n", "; ")
	}
	return text
}

// Unwrap returns the Verdict, the cause, and the Reason that corresponds to the Verdict.
func (e *ReadError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Verdict, e.Verdict.reason()}
	}
	return []error{e.Verdict, e.Err, e.Verdict.reason()}
}

// SilentError names the instances that [Reader.WaitRecording] did not hear from. It is the Err of
// the [statemachine.WaitError].
type SilentError struct {
	InstanceIDs []string // as they were passed, in that order
	Undecodable int      // records that arrived and could not be decoded, so that their instance is not known
	Err         error    // why the last of them could not be decoded, or the last error of a call; may be nil
}

// Error returns the silent instances. Do not depend on the text being stable.
func (e *SilentError) Error() string {
	text := "no record arrived from " + strings.Join(e.InstanceIDs, ", ")
	if e.Undecodable > 0 {
		text += fmt.Sprintf(" that could be decoded (%d could not)", e.Undecodable)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *SilentError) Unwrap() error { return e.Err }

// faults has the error codes of Kinesis, as they come over the wire. The SDK knows those that
// mean throttling.
var faults = sdkfault.Table{
	{Code: "ResourceNotFoundException", Kind: statemachine.NotFound},
	{Code: "ResourceInUseException", Kind: statemachine.Conflict},
	{Code: "ExpiredIteratorException", Kind: statemachine.Conflict},
	{Code: "ExpiredNextTokenException", Kind: statemachine.Conflict},
	{Code: "ProvisionedThroughputExceededException", Kind: statemachine.Throttled},
	{Code: "LimitExceededException", Kind: statemachine.Throttled},
	{Code: "KMSThrottlingException", Kind: statemachine.Throttled},
	{Code: "InternalFailureException", Kind: statemachine.Unavailable},
	{Code: "InvalidArgumentException", Kind: statemachine.InvalidInput},
	{Code: "KMSAccessDeniedException", Kind: statemachine.KeyNotAccessible},
	{Code: "KMSDisabledException", Kind: statemachine.KeyNotAccessible},
	{Code: "KMSInvalidStateException", Kind: statemachine.KeyNotAccessible},
	{Code: "KMSNotFoundException", Kind: statemachine.KeyNotAccessible},
	{Code: "KMSOptInRequired", Kind: statemachine.KeyNotAccessible},
}

// The operations of the Kinesis API that this package calls.
const (
	listShards       statemachine.Operation = "ListShards"
	getShardIterator statemachine.Operation = "GetShardIterator"
	getRecords       statemachine.Operation = "GetRecords"
)

// contextError returns why ctx ended: its error and its cause.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return errors.Join(ctx.Err(), cause)
	}
	return ctx.Err()
}
