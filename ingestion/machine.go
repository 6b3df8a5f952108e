package ingestion

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Status is the status of an event data store: the Status of GetEventDataStore.
type Status = types.EventDataStoreStatus

// The states of an event data store.
const (
	// StatusCreated follows CreateEventDataStore. CloudTrail moves on by itself: to ENABLED, or to
	// STOPPED_INGESTION where the store was created with StartIngestion false. Nothing can be commanded here.
	StatusCreated Status = types.EventDataStoreStatusCreated

	// StatusEnabled means that live events are ingested. StopEventDataStoreIngestion and DeleteEventDataStore
	// lead out of it, whoever calls them; CloudTrail is not known to leave it by itself.
	StatusEnabled Status = types.EventDataStoreStatusEnabled

	// StatusStoppingIngestion follows StopEventDataStoreIngestion. CloudTrail moves on to STOPPED_INGESTION by
	// itself. That it may go back to ENABLED instead is unconfirmed; a wait for STOPPED_INGESTION would end as Lapsed.
	// Nothing can be commanded here.
	StatusStoppingIngestion Status = types.EventDataStoreStatusStoppingIngestion

	// StatusStoppedIngestion means that no live events are ingested; what was ingested before stays, can be
	// queried and costs. That events of the time in between are made up for after a start is documented
	// nowhere: take them for lost. Only StartEventDataStoreIngestion and DeleteEventDataStore lead out of it.
	StatusStoppedIngestion Status = types.EventDataStoreStatusStoppedIngestion

	// StatusStartingIngestion follows StartEventDataStoreIngestion. CloudTrail moves on to ENABLED by itself.
	// That it may go back to STOPPED_INGESTION instead is unconfirmed; a wait for ENABLED would end as Lapsed. Nothing
	// can be commanded here.
	StatusStartingIngestion Status = types.EventDataStoreStatusStartingIngestion

	// StatusPendingDeletion follows DeleteEventDataStore. Nothing is ingested and nothing can be queried. Seven
	// days later CloudTrail removes the store for good; until then RestoreEventDataStore, which this package
	// never runs, brings it back.
	StatusPendingDeletion Status = types.EventDataStoreStatusPendingDeletion
)

// The operations of the AWS CloudTrail API that move an event data store from state to state. This package
// commands the first two. It knows the others so that messages can name them.
const (
	StartEventDataStoreIngestion statemachine.Operation = "StartEventDataStoreIngestion"
	StopEventDataStoreIngestion  statemachine.Operation = "StopEventDataStoreIngestion"
	DeleteEventDataStore         statemachine.Operation = "DeleteEventDataStore"
	RestoreEventDataStore        statemachine.Operation = "RestoreEventDataStore"
)

var machine = statemachine.MustNew(statemachine.Definition[Status]{
	Name: "event data store",
	Transitions: []statemachine.Transition[Status]{
		{From: StatusCreated, To: StatusEnabled},
		{From: StatusCreated, To: StatusStoppedIngestion}, // with StartIngestion false
		{From: StatusEnabled, To: StatusStoppingIngestion, By: StopEventDataStoreIngestion},
		{From: StatusStoppingIngestion, To: StatusStoppedIngestion},
		{From: StatusStoppingIngestion, To: StatusEnabled, Lapse: true}, // unconfirmed, as the other lapse: documented nowhere
		{From: StatusStoppedIngestion, To: StatusStartingIngestion, By: StartEventDataStoreIngestion},
		{From: StatusStartingIngestion, To: StatusEnabled},
		{From: StatusStartingIngestion, To: StatusStoppedIngestion, Lapse: true},
		{From: StatusEnabled, To: StatusPendingDeletion, By: DeleteEventDataStore},
		{From: StatusStoppedIngestion, To: StatusPendingDeletion, By: DeleteEventDataStore},
		// Where the store was stopped before it was deleted, that it comes back enabled is unconfirmed.
		{From: StatusPendingDeletion, To: StatusEnabled, By: RestoreEventDataStore},
	},
})

// Machine is the lifecycle of an event data store.
func Machine() *statemachine.Machine[Status] { return machine }
