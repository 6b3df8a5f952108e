package statemachine

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// WaitOptions configures a wait. The zero value uses the defaults. A negative value, where it is
// not allowed, and a MinDelay above MaxDelay are rejected with an [*InputError] before the first
// read.
type WaitOptions struct {
	// MinDelay and MaxDelay bound the delay between two reads. The delay is an eightieth of the
	// time waited, such as 45 s after an hour, and twice that after a tolerated failure. Zero
	// means 2 s for MinDelay and 1 minute for MaxDelay. If only one is set and lies beyond the
	// other's default, the other has the same value. Negative values are rejected.
	MinDelay, MaxDelay time.Duration

	// ReadTimeout limits one read, and one command. A call that takes longer is [Unavailable]. Zero
	// means 30 s. Negative values are rejected.
	ReadTimeout time.Duration

	// Jitter returns the delay to use in place of a computed one, so that many waits do not read
	// at the same time. A result below a microsecond means a microsecond. It must be safe for
	// concurrent use. Nil means a random change of up to a tenth either way.
	Jitter func(time.Duration) time.Duration

	// Grace is how long after the start of the wait, or after the last command, a read of a state
	// that cannot settle into the target may be stale. Zero means 1 minute. [NoGrace], like every
	// negative value, means none.
	Grace time.Duration

	// WatchDelay is the delay between two reads of a Watch. Zero means 30 s. Negative values are
	// rejected.
	WatchDelay time.Duration

	// Consecutive is how many reads in a row must show the target. A failed read neither counts nor
	// resets the count. Zero means 1. Negative values are rejected.
	Consecutive int

	// OnProgress is called for everything that happens to a resource: reads, changes of state,
	// commands and their results, and the end. It is for progress and metrics. Nil means no call.
	//
	// It runs in the goroutine of the call: for one resource inside of the call, for many between
	// two results of the range loop. So OnProgress and the body of the loop may use the same
	// variables. What led to a result comes before it. If several goroutines make calls with the
	// same options, OnProgress must be safe for concurrent use.
	//
	// A call for one resource waits for OnProgress. A call for many does not: what happens while
	// OnProgress or the body of the loop runs is queued. With 10,000 reads in the queue, further
	// reads are not reported. If the body leaves the loop, OnProgress is called for the rest of the
	// queue and for the end of each resource before the range statement ends.
	OnProgress func(Progress)

	// OnRead is called after every read, in the goroutine and the order of OnProgress. Nil means no
	// call.
	OnRead func(Reading)

	// Logger receives each change of state and each accepted command at level Info, each tolerated
	// failure at Warn, and each read and each command that begins at Debug. It receives them at once,
	// with the call's context. What ends the wait is returned and not logged. Nil means no logging.
	Logger *slog.Logger
}

// NoGrace is a Grace of [WaitOptions] without a grace period: a wait believes each read at once.
// Use it where reads are never stale, such as in front of a simulator.
const NoGrace time.Duration = -1

// Reading describes one read for [WaitOptions.OnRead].
type Reading struct {
	// Resource identifies the resource, such as an ARN or a name.
	Resource string

	// Target is the state to wait for. It is empty for a Watch.
	Target string

	// State is the state that the last successful read showed.
	State string

	// Reads counts the reads of this resource in this call, including this one.
	Reads int

	// Elapsed is the time since the call began.
	Elapsed time.Duration

	// NextDelay is the time until the next read. It is zero after the last read, and if a read or a
	// command follows immediately.
	NextDelay time.Duration

	// Err is the error of this read.
	Err error
}

// The defaults of [WaitOptions].
const (
	defaultMinDelay    = 2 * time.Second
	defaultMaxDelay    = time.Minute
	defaultReadTimeout = 30 * time.Second
	defaultGrace       = time.Minute
	defaultWatchDelay  = 30 * time.Second
)

// setDefaults fills in the defaults.
func (o *WaitOptions) setDefaults() {
	o.MaxDelay = cmp.Or(o.MaxDelay, max(defaultMaxDelay, o.MinDelay))
	o.MinDelay = cmp.Or(o.MinDelay, min(defaultMinDelay, o.MaxDelay))
	o.ReadTimeout = cmp.Or(o.ReadTimeout, defaultReadTimeout)
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	o.WatchDelay = cmp.Or(o.WatchDelay, defaultWatchDelay)
	o.Consecutive = cmp.Or(o.Consecutive, 1)
	for _, d := range [...]*time.Duration{&o.MinDelay, &o.MaxDelay, &o.ReadTimeout, &o.WatchDelay} {
		*d = min(*d, maxDuration)
	}
}

// progressHook returns one function in place of OnProgress and OnRead. It is nil without either.
func (o *WaitOptions) progressHook() func(Progress) {
	onProgress, onRead := o.OnProgress, o.OnRead
	if onRead == nil {
		return onProgress
	}
	return func(p Progress) {
		if p.Type == ProgressRead {
			onRead(Reading{
				Resource: p.Resource, Target: p.Target, State: p.State,
				Reads: p.Reads, Elapsed: p.Elapsed, NextDelay: p.NextDelay, Err: p.Err,
			})
		}
		if onProgress != nil {
			onProgress(p)
		}
	}
}

// maxDuration is the longest delay. Twice as much, with jitter, is still a valid time.Duration.
const maxDuration = 100 * 365 * 24 * time.Hour

// validate adds every problem of the options. The defaults must be filled in.
func (o *WaitOptions) validate(errs *InputError) {
	rejectNegative(errs, "MinDelay", o.MinDelay)
	rejectNegative(errs, "MaxDelay", o.MaxDelay)
	rejectNegative(errs, "ReadTimeout", o.ReadTimeout)
	rejectNegative(errs, "WatchDelay", o.WatchDelay)
	if o.MinDelay > o.MaxDelay && o.MaxDelay >= 0 {
		errs.Add("MinDelay", fmt.Sprintf("must be at most MaxDelay (%s), got %s", o.MaxDelay, o.MinDelay))
	}
	rejectNegative(errs, "Consecutive", o.Consecutive)
}

// withJitter returns the delay to use in place of d. It is at least a microsecond, so that
// virtual time advances between two reads.
func (o *WaitOptions) withJitter(d time.Duration) time.Duration {
	if o.Jitter != nil {
		return max(o.Jitter(d), time.Microsecond)
	}
	return max(d-d/10+rand.N(d/5+1), time.Microsecond) //nolint:gosec // spreads load, guards nothing
}
