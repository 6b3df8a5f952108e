package eventstream

import (
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// State is the operational state of an event stream: the EventStreamState of GetEventStream and ListEventStreams, and
// [StateAbsent].
type State = types.EventStreamState

// The states of an event stream.
const (
	// StateRunning means that the domain's events go to the destination, as far as the destination is healthy:
	// see [DestinationHealthy]. CreateEventStream leads here, and is done when it is answered.
	// DeleteEventStream leads out of it; Customer Profiles stops a stream by itself, which may happen after its
	// destination was unhealthy for long: AWS documents no trigger.
	StateRunning State = types.EventStreamStateRunning

	// StateStopped means that nothing is exported, since StoppedSince. No operation starts a stream again: only
	// DeleteEventStream leads out of it, and CreateEventStream makes a new one.
	StateStopped State = types.EventStreamStateStopped

	// StateAbsent means that the domain has no such stream. It is this package's own: the service has no name
	// for it. It is believed only where ListEventStreams of the domain succeeds and lacks the name, because
	// GetEventStream answers the same to a caller who has no access. CreateEventStream leads out of it, unless
	// the domain has another stream already: it can have one.
	StateAbsent State = "ABSENT"
)

// DestinationStatus is the status of a stream's destination: the EventStreamDestinationStatus of GetEventStream
// and ListEventStreams.
type DestinationStatus = types.EventStreamDestinationStatus

// The states of a destination. They mean something only while the stream is [StateRunning].
const (
	// DestinationHealthy means that the Kinesis data stream takes the events. Customer Profiles leaves it by itself
	// when the Kinesis data stream does not exist any more, is not active or throttles, or its key cannot be used, as
	// its messages say. Nothing commands it.
	DestinationHealthy DestinationStatus = types.EventStreamDestinationStatusHealthy

	// DestinationUnhealthy means that it does not, since UnhealthySince; Message says why. Customer Profiles
	// goes back to healthy by itself once a cause such as throttling or the key's policy is removed; other
	// causes need a new stream: see [Destination.NeedsNewStream]. After a create it may be the service-linked
	// role that has not spread yet.
	DestinationUnhealthy DestinationStatus = types.EventStreamDestinationStatusUnhealthy
)

// The operations of the Amazon Connect Customer Profiles API that this package commands.
const (
	CreateEventStream statemachine.Operation = "CreateEventStream"
	DeleteEventStream statemachine.Operation = "DeleteEventStream"
)

var machine = statemachine.MustNew(statemachine.Definition[State]{
	Name: "event stream",
	Transitions: []statemachine.Transition[State]{
		{From: StateAbsent, To: StateRunning, By: CreateEventStream},
		{From: StateRunning, To: StateAbsent, By: DeleteEventStream},
		{From: StateStopped, To: StateAbsent, By: DeleteEventStream},
		{From: StateRunning, To: StateStopped, Lapse: true}, // what triggers it is unconfirmed
	},
	Absent: StateAbsent,
})

var destinationMachine = statemachine.MustNew(statemachine.Definition[DestinationStatus]{
	Name: "event stream destination",
	Transitions: []statemachine.Transition[DestinationStatus]{
		{From: DestinationUnhealthy, To: DestinationHealthy},
		{From: DestinationHealthy, To: DestinationUnhealthy, Lapse: true},
	},
	Hint: "a destination's health means something only while its stream is RUNNING",
})

// Machine is the lifecycle of an event stream.
func Machine() *statemachine.Machine[State] { return machine }

// DestinationMachine is the lifecycle of an event stream's destination.
func DestinationMachine() *statemachine.Machine[DestinationStatus] { return destinationMachine }
