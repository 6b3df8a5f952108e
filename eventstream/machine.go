package eventstream

import (
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// State is the operational state of an event stream: the EventStreamState of GetEventStream and
// ListEventStreams, or [StateAbsent].
type State = types.EventStreamState

// The states of an event stream.
const (
	// StateRunning means that the domain's events are exported while the destination is healthy:
	// see [DestinationHealthy]. A stream is in this state as soon as CreateEventStream returns.
	// DeleteEventStream ends it. Customer Profiles can stop a stream. AWS does not document why; a
	// destination that was unhealthy for a long time may be a reason.
	StateRunning State = types.EventStreamStateRunning

	// StateStopped means that no events have been exported since StoppedSince. No operation starts
	// the stream again: delete it with DeleteEventStream and create a new one.
	StateStopped State = types.EventStreamStateStopped

	// StateAbsent means that the domain has no such stream. The state is defined by this package,
	// not by the service. A read shows it only if ListEventStreams succeeds and does not list the
	// stream, because GetEventStream returns the same error if access is denied. CreateEventStream
	// ends it, unless the domain has another stream: the maximum is one.
	StateAbsent State = "ABSENT"
)

// DestinationStatus is the status of a stream's destination: the EventStreamDestinationStatus of
// GetEventStream and ListEventStreams.
type DestinationStatus = types.EventStreamDestinationStatus

// The states of a destination. They are meaningful only while the stream is [StateRunning].
const (
	// DestinationHealthy means that the Kinesis data stream accepts the events. According to the
	// service's messages, the destination becomes unhealthy if the data stream no longer exists,
	// is not active or throttles, or if its key cannot be used. No operation leads here.
	DestinationHealthy DestinationStatus = types.EventStreamDestinationStatusHealthy

	// DestinationUnhealthy means that the Kinesis data stream has not accepted events since
	// UnhealthySince. Message has the cause. The destination becomes healthy again once a cause
	// such as throttling or a key policy is removed. Other causes require a new stream: see
	// [Destination.MustRecreate]. After a create, the service-linked role may not have propagated
	// yet.
	DestinationUnhealthy DestinationStatus = types.EventStreamDestinationStatusUnhealthy
)

// The operations of the Amazon Connect Customer Profiles API that change the state of a stream.
const (
	CreateEventStream statemachine.Operation = "CreateEventStream"
	DeleteEventStream statemachine.Operation = "DeleteEventStream"
)

var machine = statemachine.MustNew(statemachine.Definition[State]{
	Name:   "event stream",
	Outage: "no event is exported",
	Transitions: []statemachine.Transition[State]{
		{From: StateAbsent, To: StateRunning, By: CreateEventStream},
		{From: StateRunning, To: StateAbsent, By: DeleteEventStream},
		{From: StateStopped, To: StateAbsent, By: DeleteEventStream},
		{From: StateRunning, To: StateStopped, Lapse: true}, // the trigger is unconfirmed
	},
	Absent: StateAbsent,
})

var destinationMachine = statemachine.MustNew(statemachine.Definition[DestinationStatus]{
	Name: "event stream destination",
	Transitions: []statemachine.Transition[DestinationStatus]{
		{From: DestinationUnhealthy, To: DestinationHealthy},
		{From: DestinationHealthy, To: DestinationUnhealthy, Lapse: true},
	},
	Hint: "the health of a destination is meaningful only while its event stream is RUNNING",
})

// Machine returns the lifecycle of an event stream.
func Machine() *statemachine.Machine[State] { return machine }

// DestinationMachine returns the lifecycle of an event stream's destination.
func DestinationMachine() *statemachine.Machine[DestinationStatus] { return destinationMachine }
