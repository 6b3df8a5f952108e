package activitystream

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client], and of each of its calls: a call's functions change a copy of the client's.
type Options struct {
	// Wait has the settings of waits, watches and ensures. MinDelay is 5 s and MaxDelay 2 minutes by default,
	// the rest as [statemachine.WaitOptions] says.
	Wait statemachine.WaitOptions

	// ClientOptions are applied to each call of the SDK. Waits, watches and ensures switch the SDK's own
	// retries off after them: they read again by themselves, and send each command once. A TracerProvider set
	// here gets their spans, too.
	ClientOptions []func(*rds.Options)

	// AllowRestart lets EnsureStarted stop and start a stream that is started with another mode, key or native-field
	// setting, instead of returning a [statemachine.DriftError]. It requires ApplyImmediately.
	AllowRestart bool

	// DryRun makes the Ensure methods run nothing; EnsureOutput.Planned says what they would have run.
	DryRun bool

	// Concurrency is how many calls of one …Each are under way at once. Zero: 8. Negative: a
	// [*statemachine.InputError] for each resource.
	Concurrency int

	// Pacer keeps the calls of this client under RDS's quota, which all calls of an account in a Region share:
	// 12 a second, after a burst of 300. By default each client has one of 8 a second after a burst of 40,
	// which leaves room for others. Give the same pacer to all clients of one account and Region. Waits, ensures
	// and lists wait for their place; other calls count, but go at once.
	Pacer *statemachine.Pacer
}

// The defaults of [Options].
//
// The delays are for transitions of minutes, and for many waits at once: each read asks for up to 100 streams,
// so that what counts is how often all pending ones are read, and a constant delay for the first 400 s keeps
// them in step. From then on an eightieth of the time waited makes the lag some 0.6 % of the wait, and the
// ceiling of 2 minutes bounds what a wait for a maintenance window costs: 720 reads a day. Shorter delays would
// not pay: the lag of 10,000 waits is made by the quota, not by the delay.
//
// Eight calls a second leave a third of the quota, and the burst of 40 leaves 260, to whatever else of the
// account talks to RDS. Measured by
//
//	go test ./activitystream -run TestScale -v -timeout 30m -scale
//
// in virtual time, with answers that take 300 ms and 2 ms a record, transitions that take 4 minutes in the
// median (log-normal, σ 0.7), and the real quota (a burst of 300, then 12 a second); lag is the mean from a
// true change until the caller has it, and one by one is how many reads polling would need for that lag:
//
//	                                    reads   one by one    lag   last after   bytes a wait
//	    100 waits                         193    25 times    3.6 s     26 min
//	  1,000 waits                         669    69 times    3.3 s     35 min
//	 10,000 waits                       3,867    87 times    4.5 s     59 min
//	 30,000 waits                       5,388    76 times   10.9 s     66 min
//	100,000 waits                       7,274    47 times   39.4 s     75 min       936
//	 10,000 ensures                     6,274    67 times    3.7 s     68 min
//	 10,000 ensures, 4 calls a second   6,968    57 times    3.9 s    104 min
//	 10,000 ensures, 2 calls a second   8,654    40 times    4.4 s    187 min
//	 10,000 ensures, 1 call a second    9,207    12 times   13.8 s    349 min
//
// None was lost, none was throttled.
const (
	defaultMinDelay  = 5 * time.Second
	defaultMaxDelay  = 2 * time.Minute
	defaultPerSecond = 8
	defaultBurst     = 40
)

// withOptFns is a copy of o, changed by a call's functions.
func (o Options) withOptFns(optFns []func(*Options)) Options {
	o.ClientOptions = slices.Clone(o.ClientOptions)
	for _, fn := range optFns {
		fn(&o)
	}
	return o
}

// withDefaults is o with the delays that are not set, which have to wait until a call's functions were applied.
func (o Options) withDefaults() Options {
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
