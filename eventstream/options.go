package eventstream

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client] and of each of its calls. The functions passed to a call
// change a copy of the client's options.
type Options struct {
	// Wait has the settings of waits, watches and Ensure methods. [statemachine.WaitOptions]
	// documents the defaults: MinDelay is 2 s and MaxDelay 1 minute.
	Wait statemachine.WaitOptions

	// ClientOptions are applied to every request of the SDK. Waits, watches and Ensure methods then
	// disable the SDK's retries: they read again on their own, and send each command once. A
	// TracerProvider or MeterProvider set here also receives their spans or metrics.
	ClientOptions []func(*customerprofiles.Options)

	// AllowRestart allows EnsureCreated to delete and create a stream that is stopped or has
	// another Uri. No events are exported in between. Without it, another Uri is a
	// [statemachine.DriftError].
	AllowRestart bool

	// DryRun keeps the Ensure methods from calling operations. EnsureOutput.Planned lists those
	// that they would have called.
	DryRun bool

	// Concurrency is the maximum number of requests in flight of one Each method. Zero means 8.
	// Negative values are rejected with a [*statemachine.InputError] for each resource.
	Concurrency int

	// ReadPacer and CommandPacer keep this client under Customer Profiles' quotas: 5 per second
	// each for GetEventStream, ListEventStreams and DeleteEventStream, and 1 per second for
	// CreateEventStream. All callers of an account in a Region share them. Nil means a pacer of the
	// client's own: 4 reads per second with a burst of 2, and 0.9 commands per second. Pass the same
	// pacers to all clients of an account and Region. All calls wait for the pacers, in the order of
	// arrival, until their context ends.
	ReadPacer, CommandPacer *statemachine.Pacer
}

// The defaults of the pacers: at most 6 reads (Get and List together) and 2 commands in any second.
const (
	readsPerSecond    = 4
	readBurst         = 2 // a read of an absent stream needs 2
	commandsPerSecond = 0.9
	commandBurst      = 1
)

// withOptFns returns a copy of o, changed by optFns.
func (o Options) withOptFns(optFns []func(*Options)) Options {
	o.ClientOptions = slices.Clone(o.ClientOptions)
	for _, fn := range optFns {
		fn(&o)
	}
	return o
}
