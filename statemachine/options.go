package statemachine

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// WaitOptions are the settings of a wait. The zero value has the defaults. A duration or count that must not be negative
// and is, and a MinDelay above MaxDelay where both are set, are an [*InputError] before anything is read.
type WaitOptions struct {
	// MinDelay and MaxDelay bound the delay between two reads, which is an eightieth of the time waited: a wait
	// of an hour reads every 45 s. After a tolerated failure it is twice that. 2 s and 1 minute by default; a
	// MinDelay above the default MaxDelay raises it, and the other way round. Neither may be negative, nor MinDelay
	// be more than MaxDelay.
	MinDelay, MaxDelay time.Duration

	// ReadTimeout bounds one read, and one command. One that takes longer counts as [Unavailable]. 30 s by default;
	// not negative.
	ReadTimeout time.Duration

	// Jitter turns a computed delay into the one that is waited, so that many waits do not read in step. A result
	// below a microsecond is taken for one. Nil: a tenth either way, at random. It must be safe for concurrent use.
	Jitter func(time.Duration) time.Duration

	// Grace is how long after the wait, or the last command, began a state that cannot settle into the target
	// may still be an old read. 1 minute by default; negative: none.
	Grace time.Duration

	// WatchDelay is the delay between two reads of a Watch. 30 s by default; not negative.
	WatchDelay time.Duration

	// Consecutive is how many reads in a row must show the target. A failed read neither counts nor starts the
	// count over. 1 by default; not negative.
	Consecutive int

	// OnRead is called after every read, from the goroutine that reads. It must not block. With many resources
	// it is called for one at a time. Nil: nothing is called.
	OnRead func(Reading)

	// Logger gets each change of state and each command at level Info, each tolerated failure at Warn, each read at
	// Debug; what ends the wait is returned, not logged. It is called with the call's context. Nil: nothing is
	// logged.
	Logger *slog.Logger
}

// Reading is one read, for [WaitOptions.OnRead].
type Reading struct {
	Resource  string        // an ARN, a name
	Target    string        // the state that is waited for; empty in a Watch
	State     string        // as read; the last one if this read failed
	Reads     int           // of this resource in this wait, this one included
	Elapsed   time.Duration // since the wait began
	NextDelay time.Duration // until the next read; zero after the last, and where one follows at once
	Err       error         // of this read
}

// The defaults of [WaitOptions].
const (
	defaultMinDelay    = 2 * time.Second
	defaultMaxDelay    = time.Minute
	defaultReadTimeout = 30 * time.Second
	defaultGrace       = time.Minute
	defaultWatchDelay  = 30 * time.Second
)

// setDefaults fills in what is not set.
func (o *WaitOptions) setDefaults() {
	switch {
	case o.MinDelay == 0 && o.MaxDelay == 0:
		o.MinDelay, o.MaxDelay = defaultMinDelay, defaultMaxDelay
	case o.MinDelay == 0:
		o.MinDelay = min(defaultMinDelay, o.MaxDelay)
	case o.MaxDelay == 0:
		o.MaxDelay = max(defaultMaxDelay, o.MinDelay)
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = defaultReadTimeout
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.WatchDelay == 0 {
		o.WatchDelay = defaultWatchDelay
	}
	if o.Consecutive == 0 {
		o.Consecutive = 1
	}
	for _, d := range [...]*time.Duration{&o.MinDelay, &o.MaxDelay, &o.ReadTimeout, &o.WatchDelay} {
		*d = min(*d, maxDuration)
	}
}

// maxDuration is as long as a delay can be. Twice that, and the jitter, are still a duration.
const maxDuration = 100 * 365 * 24 * time.Hour

// validate adds what is wrong with the options, defaults filled in.
func (o *WaitOptions) validate(errs *InputError) {
	negative := func(field string, d time.Duration) {
		if d < 0 {
			errs.Add(field, fmt.Sprintf("is negative: %s", d))
		}
	}
	negative("MinDelay", o.MinDelay)
	negative("MaxDelay", o.MaxDelay)
	negative("ReadTimeout", o.ReadTimeout)
	negative("WatchDelay", o.WatchDelay)
	if o.MinDelay > o.MaxDelay && o.MaxDelay >= 0 {
		errs.Add("MinDelay", fmt.Sprintf("is more than MaxDelay: %s, %s", o.MinDelay, o.MaxDelay))
	}
	if o.Consecutive < 0 {
		errs.Add("Consecutive", fmt.Sprintf("is negative: %d", o.Consecutive))
	}
}

// withJitter is the delay that is waited for a delay of d. It is never less than a microsecond: no clock, the virtual one
// of a test least of all, may stand still between two reads.
func (o *WaitOptions) withJitter(d time.Duration) time.Duration {
	if o.Jitter != nil {
		return max(o.Jitter(d), time.Microsecond)
	}
	return max(d-d/10+rand.N(d/5+1), time.Microsecond) //nolint:gosec // spreads load, guards nothing
}
