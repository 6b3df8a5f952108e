package ingestiontest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options configures a [Server]. [NewServer] sets the defaults before it calls the functions that
// it takes.
type Options struct {
	awstest.Options

	// Creating, Starting and Stopping are how long a store is created, starting and stopping. They
	// default to 30 seconds, 1 minute and 1 minute. AWS publishes no such times. Zero means that the
	// next read shows the end.
	Creating, Starting, Stopping time.Duration

	// Restoring is how long a restored store still shows PENDING_DELETION, 2 minutes by default. AWS
	// says that a restore can take several minutes. The store then shows STARTING_INGESTION for as
	// long as Starting says.
	Restoring time.Duration

	// DeletionGrace is how long after its deletion a store is removed. It defaults to 7 days. The
	// options Transition and ReadsPerTransition do not change it.
	DeletionGrace time.Duration

	// Refuse decides how CloudTrail rejects a command that the status of the store does not permit.
	// If Refuse is nil or returns nil, the default applies:
	//
	//   - StartEventDataStoreIngestion, StopEventDataStoreIngestion and RestoreEventDataStore:
	//     InvalidEventDataStoreStatusException
	//   - DeleteEventDataStore: InactiveEventDataStoreException if the store is pending deletion,
	//     ConflictException if it is created, starting or stopping
	//   - UpdateEventDataStore: InactiveEventDataStoreException if the store is pending deletion
	Refuse func(op statemachine.Operation, arn string, status ingestion.Status) *Refusal

	// AlternateSettlingErrors makes CloudTrail reject commands to a store that is created, starting or
	// stopping with InvalidEventDataStoreStatusException and ConflictException in turn, and
	// RestoreEventDataStore also with InactiveEventDataStoreException. AWS uses all of them.
	AlternateSettlingErrors bool

	// CheckStatusBeforeCategory makes StartEventDataStoreIngestion and StopEventDataStoreIngestion
	// check the status of the store before its categories. It decides between two errors if neither
	// permits the command. Which of the two AWS does is unconfirmed.
	CheckStatusBeforeCategory bool

	// Quota is the maximum number of event data stores, 10 by default, as in each Region. It applies
	// to CreateEventDataStore and RestoreEventDataStore, but not to [Server.AddEventDataStore].
	Quota int

	// ExcludePendingDeletionFromQuota leaves stores that are pending deletion out of the count, as
	// AWS documented in 2023. If false, they count, as AWS documents today.
	ExcludePendingDeletionFromQuota bool

	// RestoreToStopped makes RestoreEventDataStore bring back a store that was stopped when it was
	// deleted as STOPPED_INGESTION. If false, it becomes ENABLED. Which of the two AWS does is
	// unconfirmed.
	RestoreToStopped bool

	// PageSize is the maximum number of stores in one response of ListEventDataStores, even if
	// MaxResults allows more. It defaults to 1000. That of AWS is unconfirmed.
	PageSize int

	// ErrorHeader sends the type of an error in the X-Amzn-ErrorType header, in place of the
	// document's __type member. Clients must understand both.
	ErrorHeader bool
}

// Failure is what goes wrong with a request.
type Failure = awstest.Failure

// Call is one request in the log of a server.
type Call = awstest.Call

// Refusal is an error response of CloudTrail.
type Refusal = awstest.Refusal

// Sighting is a status of a store and when it began.
type Sighting = statemachine.Sighting[ingestion.Status]
