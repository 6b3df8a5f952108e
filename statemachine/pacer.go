package statemachine

import (
	"context"
	"sync"
	"time"
)

// Pacer keeps the calls of many waits under one rate limit. It is a token bucket that all of them
// share, and it pauses all of them when the service throttles one. A nil *Pacer has no limit. A
// Pacer is safe for concurrent use.
//
// Share one Pacer between all clients that share a quota. RDS, for example, counts requests by
// account and Region.
type Pacer struct {
	interval    time.Duration // between two calls, once the burst is used up
	burstWindow time.Duration // how far the calls may run ahead of the interval

	mu          sync.Mutex
	next        time.Time // of the next call, without the burst
	pausedUntil time.Time // no call starts before
	pause       time.Duration
}

// The bounds of the pause after a throttled call. It doubles each time until a call succeeds.
const (
	minPause = time.Second
	maxPause = 16 * time.Second

	maxRetryAfter = time.Minute // if the response asks for a longer one
)

// NewPacer returns a Pacer that allows burst calls at once, and perSecond calls per second after
// that. The minimum is one call per hour and a burst of 1. Smaller values are raised.
func NewPacer(perSecond float64, burst int) *Pacer {
	interval := time.Hour
	if perSecond > 1.0/3600 {
		interval = max(time.Duration(float64(time.Second)/perSecond), time.Nanosecond)
	}
	extra := min(int64(max(burst, 1)-1), int64(maxDuration/interval))
	return &Pacer{interval: interval, burstWindow: time.Duration(int64(interval) * extra)}
}

// Reserve reserves the next free slot and returns when its call may start: at the time at, or
// later. After waiting for a later time, check [Pacer.PausedUntil]. Most programs set the Pacer
// of a [Waiter], which does this; Reserve is for loops of your own.
func (p *Pacer) Reserve(at time.Time) time.Time {
	if p == nil {
		return at
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.Before(at) {
		p.next = at
	}
	slot := p.next.Add(-p.burstWindow)
	p.next = p.next.Add(p.interval)
	for _, earliest := range [...]time.Time{at, p.pausedUntil} {
		if slot.Before(earliest) {
			slot = earliest
		}
	}
	return slot
}

// PausedUntil returns the end of the pause after a throttled call, or at if there is no pause. It
// is for loops of your own.
func (p *Pacer) PausedUntil(at time.Time) time.Time {
	if p == nil {
		return at
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pausedUntil.Before(at) {
		return at
	}
	return p.pausedUntil
}

// Succeeded records a successful call and resets the backoff. It is for loops of your own.
func (p *Pacer) Succeeded(at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !at.Before(p.pausedUntil) {
		p.pause = 0
	}
}

// Throttled records that the service throttled a call at the time at. All calls pause for 1 s.
// The pause doubles, up to 16 s, if a call is throttled soon after a pause and none succeeded in
// between. It is for loops of your own.
func (p *Pacer) Throttled(at time.Time) { p.ThrottledFor(at, 0) }

// ThrottledFor does what [Pacer.Throttled] does, with a pause of at least retryAfter, and at most
// one minute, if the response asks for that ([RetryAfter]).
func (p *Pacer) ThrottledFor(at time.Time, retryAfter time.Duration) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.Before(p.pausedUntil) { // the call started before the pause
		if until := at.Add(min(retryAfter, maxRetryAfter)); until.After(p.pausedUntil) {
			p.pausedUntil = until
		}
		return
	}
	if p.pause == 0 || at.Sub(p.pausedUntil) > 2*p.pause {
		p.pause = minPause
	} else {
		p.pause = min(2*p.pause, maxPause)
	}
	p.pausedUntil = at.Add(max(p.pause, min(retryAfter, maxRetryAfter)))
}

// report records the result of a call. kind classifies its error.
func (p *Pacer) report(kind func(error) Kind, err error, at time.Time) {
	if err == nil {
		p.Succeeded(at)
	} else if kind(err) == Throttled {
		p.ThrottledFor(at, RetryAfter(err))
	}
}

// Wait reserves a slot and waits for it, for a call that is not part of a wait. It returns the
// context's error if the context ends first.
func (p *Pacer) Wait(ctx context.Context) error {
	at := time.Now()
	for slot := p.Reserve(at); slot.After(at); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(slot.Sub(at), time.Microsecond)):
		}
		at = time.Now()
		if paused := p.PausedUntil(at); paused.After(slot) {
			slot = paused
		}
	}
	return ctx.Err()
}
