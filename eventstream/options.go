package eventstream

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client], and of each of its calls: a call's functions change a copy of the client's.
type Options struct {
	// Wait has the settings of waits, watches and ensures, with the defaults that [statemachine.WaitOptions]
	// says: MinDelay is 2 s and MaxDelay 1 minute.
	Wait statemachine.WaitOptions

	// ClientOptions are applied to each call of the SDK. Waits, watches and ensures switch the SDK's own
	// retries off after them: they read again by themselves, and send each command once. A TracerProvider set
	// here gets their spans, too.
	ClientOptions []func(*customerprofiles.Options)

	// AllowRestart lets EnsureCreated delete and create a stream that leads to another Uri, instead of returning a
	// [statemachine.DriftError], and one that is stopped. In between nothing is exported.
	AllowRestart bool

	// DryRun makes the Ensure methods run nothing; EnsureOutput.Planned says what they would have run.
	DryRun bool

	// ReadPacer and CommandPacer keep the calls of this client under Customer Profiles' quotas, which all calls
	// of an account in a Region share: 5 a second for GetEventStream, for ListEventStreams and for
	// DeleteEventStream each, 1 a second for CreateEventStream. By default each client has a pacer of 4 reads a
	// second, two of them at once, and one of 0.9 commands a second, which leaves a little for others. Give the
	// same pacers to all clients of one account and Region. Waits, watches, ensures and lists wait for their
	// place, and so does the list that confirms that a stream is absent; other calls count, but go at once.
	ReadPacer, CommandPacer *statemachine.Pacer
}

// The defaults of the pacers. No second has more than six reads, of both sorts together, or two commands in it.
const (
	readsPerSecond    = 4
	readBurst         = 2 // what a read of an absent stream takes
	commandsPerSecond = 0.9
	commandBurst      = 1
)

// with is a copy of o, changed by a call's functions.
func (o Options) with(optFns []func(*Options)) Options {
	o.ClientOptions = slices.Clone(o.ClientOptions)
	for _, fn := range optFns {
		fn(&o)
	}
	return o
}
