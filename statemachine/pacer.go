package statemachine

import (
	"context"
	"sync"
	"time"
)

// Pacer keeps the calls of many waits under one quota: a token bucket that all of them share, and a pause of
// all of them when the service throttles one. A nil *Pacer lets everything go at once. It is safe for
// concurrent use.
//
// Give one Pacer to all clients that share a quota: RDS, for one, counts by account and Region.
type Pacer struct {
	interval    time.Duration // between two calls, once the burst is used up
	burstWindow time.Duration // how far the calls may run ahead of every

	mu          sync.Mutex
	next        time.Time // when the next call would go if there were no burst
	pausedUntil time.Time // no call goes before
	pause       time.Duration
}

// The pauses after a throttled call: each that comes soon after the last, with nothing served in between, is
// twice as long.
const (
	minPause = time.Second
	maxPause = 16 * time.Second
)

// NewPacer makes a pacer that lets burst calls go at once and perSecond calls each second from then on. Fewer
// than one call an hour, and a burst of less than one, are taken for these bounds.
func NewPacer(perSecond float64, burst int) *Pacer {
	every := time.Hour
	if perSecond > 1.0/3600 {
		every = max(time.Duration(float64(time.Second)/perSecond), time.Nanosecond)
	}
	extra := min(int64(max(burst, 1)-1), int64(maxDuration/every))
	return &Pacer{interval: every, burstWindow: time.Duration(int64(every) * extra)}
}

// Reserve takes the next free place in the queue and says when its call may go: at the instant at or, in the
// queue or a pause, later. When such a later instant has come, ask Held.
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

// PausedUntil says until when all calls pause because the service throttled one: the instant at if they do not.
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

// Succeeded says that the service answered a call, and so that the pause, if it comes to one, is short again.
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

// Throttled says that the service throttled a call. All calls pause for a second; for twice as long each time
// that it happens again soon after the pause and with no call served in between, up to 16 s.
func (p *Pacer) Throttled(at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.Before(p.pausedUntil) {
		return // a call that was under way already when the pause began
	}
	if p.pause == 0 || at.Sub(p.pausedUntil) > 2*p.pause {
		p.pause = minPause
	} else {
		p.pause = min(2*p.pause, maxPause)
	}
	p.pausedUntil = at.Add(p.pause)
}

// Wait waits for a place and its instant, for a call outside of a wait. It returns the context's error if that
// ends first.
func (p *Pacer) Wait(ctx context.Context) error {
	at := time.Now()
	for place := p.Reserve(at); place.After(at); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(place.Sub(at), time.Microsecond)):
		}
		at = time.Now()
		if held := p.PausedUntil(at); held.After(place) {
			place = held
		}
	}
	return ctx.Err()
}
