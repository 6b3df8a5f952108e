package ingestion

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Status is the status of an event data store: the member Status of GetEventDataStore.
type Status = types.EventDataStoreStatus

// The states of an event data store.
const (
	// StatusCreated follows CreateEventDataStore. The store settles into ENABLED, or into
	// STOPPED_INGESTION if it was created with StartIngestion false. No operation is permitted.
	StatusCreated Status = types.EventDataStoreStatusCreated

	// StatusEnabled means that live events are ingested. StopEventDataStoreIngestion and
	// DeleteEventDataStore end it. CloudTrail is not known to leave it without a command.
	StatusEnabled Status = types.EventDataStoreStatusEnabled

	// StatusStoppingIngestion follows StopEventDataStoreIngestion. The store settles into
	// STOPPED_INGESTION. That it may return to ENABLED instead is unconfirmed; a wait for
	// STOPPED_INGESTION would end as Lapsed. No operation is permitted.
	StatusStoppingIngestion Status = types.EventDataStoreStatusStoppingIngestion

	// StatusStoppedIngestion means that no live events are ingested. Events that were ingested
	// before stay, can be queried and are charged for. AWS does not document whether events of a
	// stop are ingested after a start: assume that they are lost. StartEventDataStoreIngestion and
	// DeleteEventDataStore end this status.
	StatusStoppedIngestion Status = types.EventDataStoreStatusStoppedIngestion

	// StatusStartingIngestion follows StartEventDataStoreIngestion. The store settles into
	// ENABLED. That it may return to STOPPED_INGESTION instead is unconfirmed; a wait for ENABLED
	// would end as Lapsed. No operation is permitted.
	StatusStartingIngestion Status = types.EventDataStoreStatusStartingIngestion

	// StatusPendingDeletion follows DeleteEventDataStore. No events are ingested or can be queried.
	// CloudTrail removes the store after seven days. Until then RestoreEventDataStore, which this
	// package never calls, brings it back.
	StatusPendingDeletion Status = types.EventDataStoreStatusPendingDeletion
)

// The operations of the AWS CloudTrail API that change the status of an event data store. This
// package calls the first two. It declares the others so that errors can name them.
const (
	StartEventDataStoreIngestion statemachine.Operation = "StartEventDataStoreIngestion"
	StopEventDataStoreIngestion  statemachine.Operation = "StopEventDataStoreIngestion"
	DeleteEventDataStore         statemachine.Operation = "DeleteEventDataStore"
	RestoreEventDataStore        statemachine.Operation = "RestoreEventDataStore"
)

var machine = statemachine.MustNew(statemachine.Definition[Status]{
	Name:   "event data store",
	Outage: "no event is ingested",
	Transitions: []statemachine.Transition[Status]{
		{From: StatusCreated, To: StatusEnabled},
		{From: StatusCreated, To: StatusStoppedIngestion}, // with StartIngestion false
		{From: StatusEnabled, To: StatusStoppingIngestion, By: StopEventDataStoreIngestion},
		{From: StatusStoppingIngestion, To: StatusStoppedIngestion},
		{From: StatusStoppingIngestion, To: StatusEnabled, Lapse: true}, // unconfirmed
		{From: StatusStoppedIngestion, To: StatusStartingIngestion, By: StartEventDataStoreIngestion},
		{From: StatusStartingIngestion, To: StatusEnabled},
		{From: StatusStartingIngestion, To: StatusStoppedIngestion, Lapse: true}, // unconfirmed
		{From: StatusEnabled, To: StatusPendingDeletion, By: DeleteEventDataStore},
		{From: StatusStoppedIngestion, To: StatusPendingDeletion, By: DeleteEventDataStore},
		// Unconfirmed for a store that was stopped before it was deleted.
		{From: StatusPendingDeletion, To: StatusEnabled, By: RestoreEventDataStore},
	},
})

// Machine returns the lifecycle of an event data store.
func Machine() *statemachine.Machine[Status] { return machine }
