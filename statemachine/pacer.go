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
	every time.Duration // between two calls, once the burst is used up
	burst time.Duration // how far the calls may run ahead of every

	mu    sync.Mutex
	next  time.Time // when the next call would go if there were no burst
	held  time.Time // no call goes before
	pause time.Duration
}

// The pauses after a throttled call: each that comes soon after the last, with nothing served in between, is
// twice as long.
const (
	firstPause = time.Second
	maxPause   = 16 * time.Second
)

// NewPacer makes a pacer that lets burst calls go at once and perSecond calls each second from then on. Fewer
// than one call an hour, and a burst of less than one, are taken for these bounds.
func NewPacer(perSecond float64, burst int) *Pacer {
	every := time.Hour
	if perSecond > 1.0/3600 {
		every = max(time.Duration(float64(time.Second)/perSecond), time.Nanosecond)
	}
	ahead := min(int64(max(burst, 1)-1), int64(forever/every))
	return &Pacer{every: every, burst: time.Duration(int64(every) * ahead)}
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
	place := p.next.Add(-p.burst)
	p.next = p.next.Add(p.every)
	for _, earliest := range [...]time.Time{at, p.held} {
		if place.Before(earliest) {
			place = earliest
		}
	}
	return place
}

// Held says until when all calls pause because the service throttled one: the instant at if they do not.
func (p *Pacer) Held(at time.Time) time.Time {
	if p == nil {
		return at
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held.Before(at) {
		return at
	}
	return p.held
}

// Served says that the service answered a call, and so that the pause, if it comes to one, is short again.
func (p *Pacer) Served(at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !at.Before(p.held) {
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
	if at.Before(p.held) {
		return // a call that was under way already when the pause began
	}
	if p.pause == 0 || at.Sub(p.held) > 2*p.pause {
		p.pause = firstPause
	} else {
		p.pause = min(2*p.pause, maxPause)
	}
	p.held = at.Add(p.pause)
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
		if held := p.Held(at); held.After(place) {
			place = held
		}
	}
	return ctx.Err()
}
