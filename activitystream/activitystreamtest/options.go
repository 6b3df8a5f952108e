package activitystreamtest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options is how a [Server] behaves. The functions that [NewServer] takes change the defaults given here.
type Options struct {
	// Region and Account are where everything lives: "us-east-1" and "123456789012".
	Region, Account string

	// Starting, Stopping and Policy are how long a stream is starting and stopping, and how long its audit
	// policy is being locked or unlocked: 2 minutes, 1 minute and 30 seconds. Zero: the next read shows the
	// end. AWS publishes no such times.
	Starting, Stopping, PolicyChange time.Duration

	// Transition tells how long a transition of one resource takes, in place of these, so that each can take
	// its own time. From and to are states of the stream or of its policy. It must not call the server. Nil:
	// none.
	Transition func(arn, from, to string) time.Duration

	// Reads, if positive, makes each transition take that many reads of the resource that show the state before
	// it, in place of any time. It is for what cannot run in virtual time: a godoc Example. Zero.
	ReadsPerTransition int

	// MaintenanceWindow is how long a command without ApplyImmediately waits until RDS carries it out: 24
	// hours; with Reads, that many reads. Until then the resource shows the status that it had. That is
	// unconfirmed: AWS documents no pending status.
	MaintenanceWindow time.Duration

	// Latency tells how long the answer to a call takes; it gets the call with what is answered, so that it can
	// grow with the records. It may be called at the same time by several calls. Nil: no time.
	Latency func(Call) time.Duration

	// Intercept is asked at each modelled request before it is carried out, and may return what goes wrong with
	// it; nil: nothing. The call has At, Operation, Resource and Named only. It may call the server, as another
	// actor that comes between a read and a command, and may be called at the same time by several calls. Nil:
	// none.
	Intercept func(Call) *Failure

	// StaleFunc tells, at each read of a resource, how old what it shows is, so that it can be random; the
	// greater of this and [Server.Stale] counts. It must not call the server. Nil: never old.
	StaleFunc func(arn string) time.Duration

	// Remember, if positive, bounds what the server remembers for [Server.Calls], [Server.History] and stale
	// reads: so many calls, so many changes of each database, and so many databases that do not exist any more.
	// It is for a server that runs for long. Zero: a million calls, 4096 changes and all databases.
	HistoryLimit int

	// Refuse decides how to refuse a command that the status of the stream does not permit, because AWS
	// documents only one of these: StopActivityStream of a stopped stream. Nil, or an answer of nil, is the
	// default:
	//
	//   - a stream that is there already: InvalidParameterCombination, "Activity Streams feature expected to be
	//     started, but is stopped", or STARTED and STOPPED for an instance;
	//   - a stream that is starting or stopping, ModifyActivityStream of a stream that is not started or into
	//     the policy that it has: InvalidDBClusterStateFault, InvalidDBInstanceState.
	Refuse func(op statemachine.Operation, arn string, status activitystream.Status) *Refusal

	// MembersMirrorCluster makes the member instances of a cluster show its stream's status, mode, key and
	// Kinesis stream. False: they show a stream of their own that is stopped. Which of the two AWS does is
	// unconfirmed.
	MembersMirrorCluster bool
}

// Refusal is an error that the simulator answers.
type Refusal struct {
	Code, Message string // as they go over the wire
	Status        int    // of HTTP; zero: 400
}

// Failure is what goes wrong with a request. Its zero value fails nothing.
type Failure struct {
	// Code and Message are the error answered in place of carrying the operation out: "Throttling",
	// "AccessDenied", … Code alone is enough.
	Code, Message string

	// Status is the HTTP status of the answer; zero: 400, or 200 with a Body. A Status below 400 without Code
	// answers the Body as it is, even an empty one; one of 400 or more without Code and Body is answered as
	// InternalFailure.
	Status int

	// Resource restricts the failure to requests that name this resource, by its ARN; those that name it among
	// others too. Empty: all.
	Resource string

	// Times is for how many requests; zero: for one; negative: until [Server.ClearFailures].
	Times int

	// Delay is how much longer the answer takes. With nothing else the request succeeds late.
	Delay time.Duration

	// Drop breaks the connection before RDS took the request: nothing is carried out, and the call fails with an
	// error of the connection.
	Drop bool

	// Lost carries the operation out and then breaks the connection; with a Code, a Status, a Body or Hang too,
	// that is what the caller gets in place of the true answer.
	Lost bool

	// Hang answers only when the request's context ends. Without Lost nothing is carried out.
	Hang bool

	// Body is the whole answer, in place of an error: HTML, half of an XML document, … ContentType is its type.
	Body, ContentType string
}

// Call is one request that the server got.
type Call struct {
	At            time.Time              // when it arrived
	Operation     statemachine.Operation // empty where the request could not be read
	Resource      string                 // what it named: the ARN, or what was given where nothing has that name; empty where it named nothing, or several
	ResourceCount int                    // how many resources it named, in its filters too
	Accepted      bool                   // the operation was carried out, even where the answer was lost
	Records       int                    // resources in the answer
	Status        int                    // HTTP status of the answer; zero: none came
	Code          string                 // the error answered; empty for a success
}

// Sighting is a status of a stream and since when it had it.
type Sighting = statemachine.Sighting[activitystream.Status]
