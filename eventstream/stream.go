package eventstream

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
)

// Stream is an event stream as GetEventStream or ListEventStreams returns it, under the same names.
// ListEventStreams returns fewer members.
type Stream struct {
	DomainName      string    // Customer Profiles domain
	EventStreamName string    // from the request: the response of GetEventStream lacks it
	EventStreamArn  string    // empty if the stream is absent
	CreatedAt       time.Time // zero in a list
	State           State     // [StateAbsent] if the stream is absent
	StoppedSince    time.Time // zero if the stream is not stopped

	Destination // the API's DestinationDetails

	Tags map[string]string // empty if there are none
}

// Destination is the destination of a stream and its health.
type Destination struct {
	Uri            string            // the ARN of a Kinesis data stream
	Status         DestinationStatus // meaningful only while the stream is [StateRunning]
	UnhealthySince time.Time         // when the status last became unhealthy; zero if never
	Message        string            // the service's message about the status; empty in a list
}

// recreateMessages are parts, in lower case, of the messages for which AWS's troubleshooting page
// of the real-time export says to recreate the stream. Its other messages, about throttling and
// keys, have causes that can be fixed without a new stream.
var recreateMessages = []string{"stream is not active", "stream does not exist", "recreate the event stream"}

// MustRecreate reports whether the destination is unhealthy with a message for which AWS says to
// recreate the event stream: the Kinesis data stream does not exist or is not active. Waiting does
// not help. Make sure that the Kinesis data stream is active, then delete and create the event
// stream. MustRecreate returns false for a stream from a list, which has no Message.
func (d Destination) MustRecreate() bool {
	message := strings.ToLower(d.Message)
	return d.Status == DestinationUnhealthy && slices.ContainsFunc(recreateMessages, func(part string) bool {
		return strings.Contains(message, part)
	})
}

// streamFromOutput converts the response of GetEventStream.
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

// streamFromSummary converts an item of ListEventStreams.
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

// state returns the stream's state in [Machine].
func (s *Stream) state() State { return s.State }

// destination returns the destination's state in [DestinationMachine]. It is empty if the stream
// does not run. For a stream state that [Machine] does not know, it is an unknown state, so waits
// continue.
func (s *Stream) destination() DestinationStatus {
	switch {
	case s.State == StateRunning:
		return s.Status
	case machine.Known(s.State), s.State == "":
		return ""
	}
	return DestinationStatus("(stream " + string(s.State) + ")")
}

// sameStream reports whether a and b are equal, so that Watch omits b.
func sameStream(a, b *Stream) bool {
	return a.EventStreamArn == b.EventStreamArn && a.CreatedAt.Equal(b.CreatedAt) &&
		a.State == b.State && a.StoppedSince.Equal(b.StoppedSince) &&
		a.Uri == b.Uri && a.Status == b.Status && a.UnhealthySince.Equal(b.UnhealthySince) && a.Message == b.Message &&
		maps.Equal(a.Tags, b.Tags)
}
