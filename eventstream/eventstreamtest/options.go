package eventstreamtest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options configures a [Server]. [NewServer] sets the defaults before it calls the functions that
// it takes. Transition and ReadsPerTransition are about the destinations of streams.
type Options struct {
	awstest.Options

	// DestinationSetup is how long the destination of a new stream is unhealthy before it becomes
	// healthy, as while permissions propagate. Zero means that it is healthy at once.
	DestinationSetup time.Duration

	// DestinationRecovery is how long a destination that [Server.SetDestination] made unhealthy
	// takes to become healthy on its own. Zero means that it stays unhealthy. A destination whose
	// message requires a new stream always does.
	DestinationRecovery time.Duration

	// StreamsPerDomain is how many streams CreateEventStream allows in a domain. It defaults to 1,
	// the quota.
	StreamsPerDomain int

	// PageSize is the number of streams in a response of ListEventStreams to a request without
	// max-results. It defaults to 100. That of AWS is unconfirmed.
	PageSize int

	// AcceptUnusableDestination makes CreateEventStream accept a Kinesis data stream that
	// [Server.SetKinesisStream] made unusable. The destination of the new stream is then unhealthy,
	// with the message of AWS. If false, CreateEventStream fails with BadRequestException and that
	// message. Which of the two AWS does is unconfirmed.
	AcceptUnusableDestination bool

	// Refuse decides how Customer Profiles rejects a command that the state of the stream, or of
	// its domain, does not permit. The state is that of the stream, so it is absent for a create in
	// a domain that has another stream. If Refuse is nil or returns nil, the default applies:
	//
	//   - CreateEventStream in a domain that has its stream, this one or another:
	//     BadRequestException, "The Customer Profiles Domain: … is already associated with an active
	//     EventStream"
	//   - DeleteEventStream of an absent stream: ResourceNotFoundException
	Refuse func(op statemachine.Operation, arn string, state eventstream.State) *Refusal
}

// Failure is what goes wrong with a request.
type Failure = awstest.Failure

// Call is one request in the log of a server.
// Its Resource is the ARN of the stream or, for ListEventStreams, the name of the domain.
type Call = awstest.Call

// Refusal is an error response of Customer Profiles.
type Refusal = awstest.Refusal

// Sighting is a state of a stream and when it began.
type Sighting = statemachine.Sighting[eventstream.State]
