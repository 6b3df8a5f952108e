package activitystream

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the settings of a [Client] and of each of its calls. The functions of a call change a
// copy of the client's Options.
type Options struct {
	// Wait has the settings of waits, watches and Ensure methods. MinDelay is 5 s and MaxDelay
	// 2 minutes by default. The other defaults are those of [statemachine.WaitOptions].
	Wait statemachine.WaitOptions

	// ClientOptions are applied to every request of the SDK. Waits, watches and Ensure methods then
	// disable the SDK's retries: they read again on their own, and send each command once. A
	// TracerProvider or MeterProvider set here also receives their spans or metrics.
	ClientOptions []func(*rds.Options)

	// AllowRestart lets EnsureStarted stop and start a stream that is started with another mode, key
	// or native-field setting, instead of returning a [statemachine.DriftError]. It requires
	// ApplyImmediately.
	AllowRestart bool

	// ForceRestart makes EnsureStarted stop and start a stream that is started, once per call, even if
	// its settings do not differ. It is for settings that cannot be compared, such as the key of an
	// alias. It implies AllowRestart. A stream that the call starts is not restarted.
	ForceRestart bool

	// LeavePending makes EnsureStarted and EnsureStopped without ApplyImmediately return, without an
	// error, once RDS accepted the command. The command takes effect in the next maintenance window,
	// which can be a week away. EnsureOutput.Pending has the command, and EnsureOutput.PendingSince
	// the time to pass as PendingSince later.
	LeavePending bool

	// PendingSince is when an earlier EnsureStarted or EnsureStopped without ApplyImmediately sent its
	// command, for all inputs of an Each method. For eight days from then, a period in which every
	// database has a maintenance window, a call whose input has no ApplyImmediately does not send the
	// command again. It returns without an error, and EnsureOutput.Pending has the command. Zero means
	// that no command is pending.
	PendingSince time.Time

	// DryRun makes the Ensure methods run no command. EnsureOutput.Planned has the operations that
	// they would have run.
	DryRun bool

	// ResolveKey asks KMS for a key, which is given in any form of KmsKeyId. It returns the key ID or
	// key ARN, and an error if there is no such key or it cannot be used. It may return both.
	// kmsalias.Resolver returns such a function. It must be safe for concurrent use. EnsureStarted
	// calls it
	//
	//   - for an input whose KmsKeyId is an alias, once per alias and call and for at most 30 s, to
	//     compare the key of a stream that is started. If it is nil or returns no key, the key is not
	//     compared, and EnsureOutput.KeyNotCompared says why. After an alias that took 30 s, an Each
	//     method resolves no other one.
	//   - before a restart, for at most 10 s. After an error the restart is not begun: the call fails
	//     as KeyNotAccessible or Unauthenticated, and tries again after a kind that a retry can fix.
	//     If KMS does not know the operation, the key is not checked. The same holds for an error
	//     without a kind or an AWS code, unless KmsKeyId is an alias: the function may know aliases
	//     only.
	ResolveKey func(ctx context.Context, key string) (keyID string, err error)

	// SkipPreflight makes EnsureStarted skip the check whether the version and the class of the
	// database support a stream: RDS decides when the start is sent. What DescribeDBClusters or
	// DescribeDBInstances itself rules out is still rejected, such as an engine without streams.
	SkipPreflight bool

	// Concurrency is the maximum number of requests in flight of one Each method. Zero means 8.
	// Negative values are rejected with a [*statemachine.InputError] for each resource.
	Concurrency int

	// Pacer keeps the requests of this client under RDS's quota, which all clients of an account in a
	// Region share: 12 per second, after a burst of 300. Nil means a Pacer of 8 per second after a
	// burst of 40, which leaves room for others. Use the same Pacer for all clients of one account and
	// Region. Every request waits for a slot, in the order of arrival. That wait ends with the
	// context.
	Pacer *statemachine.Pacer

	ownRequests bool // the functions of a call changed ClientOptions
}

// The defaults of [Options].
//
// The delays suit transitions of minutes and many waits at once. Each request reads up to 100
// streams, so its cost is how often all pending streams are read. A constant delay for the first
// 400 s lets streams be read together. From then on, an eightieth of the time waited makes the lag
// about 0.6 % of the wait. The maximum of 2 minutes bounds the cost of a wait for a maintenance
// window to 720 reads per day. Shorter delays would not reduce the lag of 10,000 waits, which the
// quota causes.
//
// Eight requests per second leave a third of the quota, and the burst of 40 leaves 260 requests, to
// other clients of the account. Measured by
//
//	go test ./activitystream -run TestScale -v -timeout 30m -scale
//
// in virtual time. Responses take 300 ms plus 2 ms per record. Transitions take 4 minutes in the
// median (log-normal, σ 0.7). The quota is RDS's. The lag is the mean time from a change until the
// caller has it. "One by one" is how many times more reads polling would need for the same lag.
//
//	                                    reads   one by one    lag   last after   bytes a wait
//	    100 waits                         193    25 times    3.6 s     26 min
//	  1,000 waits                         669    69 times    3.3 s     35 min
//	 10,000 waits                       3,867    87 times    4.5 s     59 min
//	 30,000 waits                       5,388    76 times   10.9 s     66 min
//	100,000 waits                       7,274    47 times   39.4 s     75 min       936
//	 10,000 Ensure calls                6,274    67 times    3.7 s     68 min
//	   the same at 4 calls a second     6,968    57 times    3.9 s    104 min
//	   the same at 2 calls a second     8,654    40 times    4.4 s    187 min
//	   the same at 1 call a second      9,207    12 times   13.8 s    349 min
//
// No wait was lost, and no request was throttled.
const (
	defaultMinDelay  = 5 * time.Second
	defaultMaxDelay  = 2 * time.Minute
	defaultPerSecond = 8
	defaultBurst     = 40
)

// mayRestart reports whether a started stream may be stopped and started.
func (o *Options) mayRestart() bool { return o.AllowRestart || o.ForceRestart }

// grace returns how long a read may be stale.
func (c *call) grace() time.Duration { return cmp.Or(c.options.Wait.Grace, time.Minute) }

// withOptFns returns a copy of o, changed by the functions of a call.
func (o Options) withOptFns(optFns []func(*Options)) Options {
	before := slices.Clone(o.ClientOptions)
	o.ClientOptions = before
	for _, fn := range optFns {
		fn(&o)
	}
	o.ownRequests = len(o.ClientOptions) != len(before) || len(before) > 0 && &o.ClientOptions[0] != &before[0]
	return o
}

// withDefaults returns o with the default delays. It is called after the functions of a call, which
// may set only one of the two.
func (o Options) withDefaults() Options {
	w := &o.Wait
	w.MinDelay = cmp.Or(w.MinDelay, min(defaultMinDelay, cmp.Or(w.MaxDelay, defaultMaxDelay)))
	w.MaxDelay = cmp.Or(w.MaxDelay, max(defaultMaxDelay, w.MinDelay))
	return o
}
