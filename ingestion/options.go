package ingestion

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client], and of each of its calls: a call's functions change a copy of the client's.
type Options struct {
	// Wait has the settings of waits, watches and ensures, with the defaults that [statemachine.WaitOptions] says.
	Wait statemachine.WaitOptions

	// ClientOptions are applied to each call of the SDK. Waits, watches and ensures switch the SDK's own
	// retries off after them: they read again by themselves, and send each command once. A TracerProvider set
	// here gets their spans, too.
	ClientOptions []func(*cloudtrail.Options)

	// DryRun makes the Ensure methods run nothing; EnsureOutput.Planned says what they would have run.
	DryRun bool

	// ReadPacer and CommandPacer keep the calls of this client under CloudTrail's quotas, which all calls of an
	// account in a Region share and which cannot be raised: 10 reads a second and one command a second. By
	// default each client has a pacer of 8 reads a second, two of them at once, and one of 0.9 commands a
	// second, which leaves a little for others. Give the same pacers to all clients of one account and Region.
	// Waits, watches, ensures and lists wait for their place; other calls count, but go at once.
	ReadPacer, CommandPacer *statemachine.Pacer
}

// The defaults of the pacers. No second has more than ten reads, or one command, in it.
const (
	readsPerSecond    = 8
	readBurst         = 2
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
