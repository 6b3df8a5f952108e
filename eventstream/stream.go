package eventstream

import (
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
)

// Stream is what GetEventStream tells of an event stream, or ListEventStreams, which tells less, under the names that it
// has there.
type Stream struct {
	DomainName      string    // of the Customer Profiles domain
	EventStreamName string    // as it was asked for: the answer of GetEventStream lacks it
	EventStreamArn  string    // empty where it is not there
	CreatedAt       time.Time // zero in a list, which lacks it
	State           State     // [StateAbsent] if it is not there
	StoppedSince    time.Time // zero: not stopped

	Destination // the API's DestinationDetails, so that s.Uri is what CreateInput.Uri was

	Tags map[string]string // empty: none
}

// Destination is where a stream leads, and whether events arrive there.
type Destination struct {
	Uri            string            // the ARN of a Kinesis data stream
	Status         DestinationStatus // means something only while the stream is [StateRunning]
	UnhealthySince time.Time         // when the status last became unhealthy; zero: never, as far as the service tells
	Message        string            // the service's own words on the status; empty in a list, which lacks it
}

// recreateMessages is a part of the messages that AWS's troubleshooting page for the real-time export pairs with the
// remedy of a new stream, in lower case. The others it lists, on throttling and on keys, are about what can be
// mended while the stream stays.
var recreateMessages = []string{"stream is not active", "stream does not exist", "recreate the event stream"}

// MustRecreate reports whether the destination is unhealthy with one of the messages that AWS says need a new
// stream: its Kinesis data stream is not active, or does not exist. Waiting does not help then: see that the
// Kinesis data stream is there, and delete and create the event stream. It is always false for a stream out of
// a list, which lacks the message.
func (d Destination) MustRecreate() bool {
	if d.Status != DestinationUnhealthy {
		return false
	}
	message := strings.ToLower(d.Message)
	for _, part := range recreateMessages {
		if strings.Contains(message, part) {
			return true
		}
	}
	return false
}

// absent is a stream that is known not to be there.
func absent(ref Ref) *Stream {
	return &Stream{DomainName: ref.DomainName, EventStreamName: ref.EventStreamName, State: StateAbsent}
}

func streamFromOutput(ref Ref, out *customerprofiles.GetEventStreamOutput) *Stream {
	s := &Stream{
		DomainName:      aws.ToString(out.DomainName),
		EventStreamName: ref.EventStreamName,
		EventStreamArn:  aws.ToString(out.EventStreamArn),
		CreatedAt:       aws.ToTime(out.CreatedAt),
		State:           out.State,
		StoppedSince:    aws.ToTime(out.StoppedSince),
		Tags:            out.Tags,
	}
	if d := out.DestinationDetails; d != nil {
		s.Destination = Destination{
			Uri: aws.ToString(d.Uri), Status: d.Status, UnhealthySince: aws.ToTime(d.UnhealthySince), Message: aws.ToString(d.Message),
		}
	}
	return s
}

func streamFromSummary(item *types.EventStreamSummary) *Stream {
	s := &Stream{
		DomainName:      aws.ToString(item.DomainName),
		EventStreamName: aws.ToString(item.EventStreamName),
		EventStreamArn:  aws.ToString(item.EventStreamArn),
		State:           item.State,
		StoppedSince:    aws.ToTime(item.StoppedSince),
		Tags:            item.Tags,
	}
	if d := item.DestinationSummary; d != nil {
		s.Destination = Destination{Uri: aws.ToString(d.Uri), Status: d.Status, UnhealthySince: aws.ToTime(d.UnhealthySince)}
	}
	return s
}

// state is the stream's state as its machine has it.
func (s *Stream) state() State { return s.State }

// destination is the destination's state as its machine has it: none where the stream is known not to run;
// where the service has grown a state of streams, one that the machine does not know either, and waits out.
func (s *Stream) destination() DestinationStatus {
	switch {
	case s.State == StateRunning:
		return s.Status
	case machine.Known(s.State), s.State == "":
		return ""
	}
	return DestinationStatus("(stream " + string(s.State) + ")")
}

// sameStream reports whether nothing differs.
func sameStream(a, b *Stream) bool {
	return a.EventStreamArn == b.EventStreamArn && a.CreatedAt.Equal(b.CreatedAt) &&
		a.State == b.State && a.StoppedSince.Equal(b.StoppedSince) &&
		a.Uri == b.Uri && a.Status == b.Status && a.UnhealthySince.Equal(b.UnhealthySince) && a.Message == b.Message &&
		maps.Equal(a.Tags, b.Tags)
}
