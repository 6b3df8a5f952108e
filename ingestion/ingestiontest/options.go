package ingestiontest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options is how a [Server] behaves. The functions that [NewServer] takes change the defaults given here.
type Options struct {
	// Region and Account are where everything lives: "us-east-1" and "123456789012".
	Region, Account string

	// Creating, Starting and Stopping are how long a store is created, starting and stopping: 30 seconds, 1
	// minute and 1 minute. Zero: the next read shows the end. AWS publishes no such times.
	Creating, Starting, Stopping time.Duration

	// Restoring is how long a store that is being restored still shows PENDING_DELETION: 2 minutes. AWS says
	// that it can take several minutes; what shows meanwhile is unconfirmed.
	Restoring time.Duration

	// DeletionGrace is how long after its deletion a store is removed for good: 7 days.
	DeletionGrace time.Duration

	// Transition tells how long a transition of one store takes, in place of Creating, Starting, Stopping and
	// Restoring, so that each can take its own time. From and to are statuses. It must not call the server.
	// Nil: none.
	Transition func(arn, from, to string) time.Duration

	// Reads, if positive, makes each of these transitions take that many reads of the store that show the
	// status before it, in place of any time. It is for what cannot run in virtual time: a godoc Example. Zero.
	ReadsPerTransition int

	// Latency tells how long the answer to a call takes; it gets the call with what is answered, so that it can
	// grow with the records. It may be called at the same time by several calls. Nil: no time.
	Latency func(Call) time.Duration

	// Intercept is asked at each modelled request before it is carried out, and may return what goes wrong with
	// it; nil: nothing. The call has At, Operation, Resource and Named only. It may call the server, as another
	// actor that comes between a read and a command, and may be called at the same time by several calls. Nil:
	// none.
	Intercept func(Call) *Failure

	// StaleFunc tells, at each read of a store, how old what it shows is, so that it can be random; the greater
	// of this and [Server.Stale] counts. It must not call the server. Nil: never old.
	StaleFunc func(arn string) time.Duration

	// Remember, if positive, bounds what the server remembers for [Server.Calls], [Server.History] and stale
	// reads: so many calls, so many changes of each store, and so many stores that do not exist any more. It is
	// for a server that runs for long. Zero: a million calls, 4096 changes and all stores.
	HistoryLimit int

	// Refuse decides how to refuse a command that the status of the store does not permit. Nil, or an
	// answer of nil, is the default:
	//
	//   - StartEventDataStoreIngestion, StopEventDataStoreIngestion and RestoreEventDataStore:
	//     InvalidEventDataStoreStatusException. While a store is starting or stopping it could be
	//     ConflictException as well: unconfirmed;
	//   - DeleteEventDataStore: InactiveEventDataStoreException of a store that is pending deletion,
	//     ConflictException of one that is created, starting or stopping;
	//   - UpdateEventDataStore: InactiveEventDataStoreException of a store that is pending deletion.
	Refuse func(op statemachine.Operation, arn string, status ingestion.Status) *Refusal

	// CheckStatusBeforeCategory has StartEventDataStoreIngestion and StopEventDataStoreIngestion look at the store's status
	// before its categories, which decides between two errors where neither permits the command. False. Which
	// of the two AWS does is unconfirmed.
	CheckStatusBeforeCategory bool

	// Quota is how many event data stores there can be: 10, as in each Region. CreateEventDataStore and
	// RestoreEventDataStore refuse more, [Server.AddEventDataStore] does not.
	Quota int

	// ExcludePendingDeletionFromQuota leaves stores that are pending deletion out of the count, as AWS documented it in
	// 2023. False: they count, as it is documented today.
	ExcludePendingDeletionFromQuota bool

	// RestoreToStopped has RestoreEventDataStore bring a store that was stopped when it was deleted back as
	// STOPPED_INGESTION. False: as ENABLED. Which of the two AWS does is unconfirmed.
	RestoreToStopped bool

	// PageSize is the most stores that ListEventDataStores gives in one answer, whatever MaxResults allows:
	// 1000. AWS's own is unconfirmed.
	PageSize int

	// ErrorHeader sends an error's type in the X-Amzn-ErrorType header, in place of the document's __type.
	// False. Clients must read both.
	ErrorHeader bool
}

// Refusal is an error that the simulator answers.
type Refusal struct {
	Code, Message string // as they go over the wire
	Status        int    // of HTTP; zero: 400
}

// Failure is what goes wrong with a request. Its zero value fails nothing.
type Failure struct {
	// Code and Message are the error answered in place of carrying the operation out: "ThrottlingException",
	// "ConflictException", … Code alone is enough.
	Code, Message string

	// Status is the HTTP status of the answer; zero: 400, or 200 with a Body. A Status below 400 without Code
	// answers the Body as it is, even an empty one; one of 400 or more without Code and Body is answered as
	// InternalFailure.
	Status int

	// Resource restricts the failure to requests that name this resource, by its ARN. Empty: all.
	Resource string

	// Times is for how many requests; zero: for one; negative: until [Server.ClearFailures].
	Times int

	// Delay is how much longer the answer takes. With nothing else the request succeeds late.
	Delay time.Duration

	// Drop breaks the connection before CloudTrail took the request: nothing is carried out, and the call fails with an
	// error of the connection.
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
	Resource      string                 // what it named: the ARN, or what was given where nothing has that name; empty where it named nothing
	ResourceCount int                    // how many resources it named
	Accepted      bool                   // the operation was carried out, even where the answer was lost
	Records       int                    // resources in the answer
	Status        int                    // HTTP status of the answer; zero: none came
	Code          string                 // the error answered; empty for a success
}

// Sighting is a status of a store and since when it had it.
type Sighting = statemachine.Sighting[ingestion.Status]
