package eventstreamtest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options is how a [Server] behaves. The functions that [NewServer] takes change the defaults given here.
type Options struct {
	// Region and Account are where everything lives: "us-east-1" and "123456789012".
	Region, Account string

	// DestinationSetup is how long the destination of a new stream is unhealthy before it is healthy, as while
	// permissions spread. Zero, the default: it is healthy at once.
	DestinationSetup time.Duration

	// DestinationRecovery is how long a destination that [Server.SetDestination] made unhealthy takes to get healthy by
	// itself. Zero, the default: it stays. One whose message needs a new stream stays always.
	DestinationRecovery time.Duration

	// Transition tells how long the destination of one stream takes, in place of these, so that each can take
	// its own time. From and to are states of the destination. It must not call the server. Nil: none.
	Transition func(arn, from, to string) time.Duration

	// Reads, if positive, makes a destination take that many reads of the stream that show it unhealthy, in
	// place of any time: that of a new stream, too. It is for what cannot run in virtual time: a godoc Example.
	// Zero.
	ReadsPerTransition int

	// StreamsPerDomain is how many streams CreateEventStream allows a domain: 1, the quota.
	StreamsPerDomain int

	// PageSize is how many streams ListEventStreams gives in one answer if the request has no max-results: 100.
	// AWS documents none.
	PageSize int

	// AcceptUnusableDestination has CreateEventStream accept a Kinesis data stream that [Server.SetKinesis] says cannot
	// be used: the new stream's destination is unhealthy then, with AWS's message. False: it is refused with
	// BadRequestException and that message. Which of the two AWS does is unconfirmed.
	AcceptUnusableDestination bool

	// Latency tells how long the answer to a call takes; it gets the call with what is answered, so that it can
	// grow with the records. It may be called at the same time by several calls. Nil: no time.
	Latency func(Call) time.Duration

	// Intercept is asked at each modelled request before it is carried out, and may return what goes wrong with
	// it; nil: nothing. The call has At, Operation, Resource and Named only. It may call the server, as another
	// actor that comes between a read and a command, and may be called at the same time by several calls. Nil:
	// none.
	Intercept func(Call) *Failure

	// StaleFunc tells, at each read of a stream, how old what it shows is, so that it can be random; the
	// greater of this and [Server.Stale] counts. It must not call the server. Nil: never old.
	StaleFunc func(arn string) time.Duration

	// Remember, if positive, bounds what the server remembers for [Server.Calls], [Server.History] and stale
	// reads: so many calls, so many changes of each stream, and so many streams that do not exist any more. It
	// is for a server that runs for long. Zero: a million calls, 4096 changes and all streams.
	HistoryLimit int

	// Refuse decides how to refuse a command that the state of the stream, or of its domain, does not permit.
	// State is the stream's: absent, too, for a create in a domain that has another. Nil, or an answer of nil,
	// is the default:
	//
	//   - CreateEventStream in a domain that has its stream, this one or another: BadRequestException, "The
	//     Customer Profiles Domain: … is already associated with an active EventStream". The text is what AWS's
	//     CloudFormation handler looks for;
	//   - DeleteEventStream of a stream that is absent: ResourceNotFoundException.
	Refuse func(op statemachine.Operation, arn string, state eventstream.State) *Refusal
}

// Refusal is an error that the simulator answers.
type Refusal struct {
	Code, Message string // as they go over the wire
	Status        int    // of HTTP; zero: 400
}

// Failure is what goes wrong with a request. Its zero value fails nothing.
type Failure struct {
	// Code and Message are the error answered in place of carrying the operation out: "ThrottlingException", …
	// Code alone is enough.
	Code, Message string

	// Status is the HTTP status of the answer; zero: 400, or 200 with a Body. A Status below 400 without Code
	// answers the Body as it is, even an empty one; one of 400 or more without Code and Body is answered as
	// InternalFailure.
	Status int

	// Resource restricts the failure to requests that name this resource: a stream by its ARN, for
	// ListEventStreams a domain by its name. Empty: all.
	Resource string

	// Times is for how many requests; zero: for one; negative: until [Server.ClearFailures].
	Times int

	// Delay is how much longer the answer takes. With nothing else the request succeeds late.
	Delay time.Duration

	// Drop breaks the connection before Customer Profiles took the request: nothing is carried out, and the
	// call fails with an error of the connection.
	Drop bool

	// Lost carries the operation out and then breaks the connection; with a Code, a Status, a Body or Hang too,
	// that is what the caller gets in place of the true answer.
	Lost bool

	// Hang answers only when the request's context ends. Without Lost nothing is carried out.
	Hang bool

	// Body is the whole answer, in place of an error: HTML, half of a JSON document, … ContentType is its type.
	Body, ContentType string
}

// Call is one request that the server got.
type Call struct {
	At            time.Time              // when it arrived
	Operation     statemachine.Operation // empty where the request could not be read
	Resource      string                 // what it named: the stream's ARN, be there one or not; for ListEventStreams the domain's name
	ResourceCount int                    // how many resources it named: 1, or 0 where the request could not be read
	Accepted      bool                   // the operation was carried out, even where the answer was lost
	Records       int                    // streams in the answer
	Status        int                    // HTTP status of the answer; zero: none came
	Code          string                 // the error answered; empty for a success
}

// Sighting is a state of a stream and since when it had it.
type Sighting = statemachine.Sighting[eventstream.State]
