package activitystream

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client], and of each of its calls: a call's functions change a copy of the client's.
type Options struct {
	// Wait has the settings of waits, watches and ensures. MinDelay is 5 s and MaxDelay 2 minutes by default, the rest as
	// [statemachine.WaitOptions] says.
	Wait statemachine.WaitOptions

	// ClientOptions are applied to each call of the SDK. Waits, watches and ensures switch the SDK's own retries off after
	// them: they read again by themselves, and send each command once.
	ClientOptions []func(*rds.Options)

	// AllowRestart has EnsureStarted stop and start a stream that is started with another mode, key or native-field
	// setting, instead of returning a [statemachine.DriftError]. It requires ApplyImmediately.
	AllowRestart bool

	// DryRun has the Ensure methods run nothing; EnsureOutput.Planned tells what they would.
	DryRun bool

	// Concurrency is how many calls of one …Each are under way at once. 8 by default.
	Concurrency int

	// Pacer keeps the calls of this client under RDS's quota, which all calls of an account in a Region share: 12 a
	// second, after a burst of 300. By default each client has one of 8 a second after a burst of 40, which leaves room for others. Give
	// one to several clients of the same account and Region. Waits, ensures and lists wait for their place; other calls count, but go
	// at once.
	Pacer *statemachine.Pacer
}

// The defaults of [Options]. The delays are for transitions of minutes: a read every 5 s for the first 400 s, then
// less and less often, and every 2 minutes after 160 minutes.
const (
	defaultMinDelay  = 5 * time.Second
	defaultMaxDelay  = 2 * time.Minute
	defaultPerSecond = 8
	defaultBurst     = 40
)

// with is a copy of o, changed by a call's functions.
func (o Options) with(optFns []func(*Options)) Options {
	o.ClientOptions = slices.Clone(o.ClientOptions)
	for _, fn := range optFns {
		fn(&o)
	}
	w := &o.Wait
	switch {
	case w.MinDelay == 0 && w.MaxDelay == 0:
		w.MinDelay, w.MaxDelay = defaultMinDelay, defaultMaxDelay
	case w.MinDelay == 0:
		w.MinDelay = min(defaultMinDelay, w.MaxDelay)
	case w.MaxDelay == 0:
		w.MaxDelay = max(defaultMaxDelay, w.MinDelay)
	}
	return o
}
