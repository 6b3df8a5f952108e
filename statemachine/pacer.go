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
//
// Reads, and calls of your own, get slots in the order of arrival, and so do commands. If both
// wait, they take turns.
type Pacer struct {
	interval    time.Duration // between two calls, once the burst is used up
	burstWindow time.Duration // how far the calls may run ahead of the interval

	mu          sync.Mutex
	next        time.Time // of the next call, without the burst
	pausedUntil time.Time // no call starts before
	pause       time.Duration
	queues      [2]dueHeap[*ticket] // the reads and the commands that wait for a slot
	arrivals    int                 // counts the tickets, for their order
	turn        int                 // whose turn it is, as an index of queues, if both wait
	timer       *time.Timer         // for the next slot; nil if no call waits
}

// ticket is the place of a call in the queue of a Pacer. Its fields are guarded by the Pacer's mu.
// The caller has exactly one use for a slot at a time, so a ticket can be queued again after its
// slot was used, or after it was withdrawn.
type ticket struct {
	pacer     *Pacer
	wake      chan<- struct{} // has capacity for a value; receives one when the slot is granted
	kind      int             // of the call, as an index of the Pacer's queues
	place     entry[*ticket]  // in the queue, while the call waits
	grantedAt time.Time       // of the slot that the call has not used yet; zero if there is none
}

// The kinds of calls. Slots that both wait for are granted in turns, because many commands must not
// delay the reads: one read can serve many callers.
const (
	readTicket = iota // also any other call
	commandTicket
)

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

// PausedUntil returns the end of the pause after a throttled call, or at if there is no pause. It
// is for loops of your own.
func (p *Pacer) PausedUntil(at time.Time) time.Time {
	p.locked(func() { at = later(at, p.pausedUntil) })
	return at
}

// locked calls f with mu held. It does nothing if p is nil.
func (p *Pacer) locked(f func()) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		f()
	}
}

// Succeeded records a successful call and resets the backoff. It is for loops of your own.
func (p *Pacer) Succeeded(at time.Time) {
	p.locked(func() {
		if !at.Before(p.pausedUntil) {
			p.pause = 0
		}
	})
}

// Throttled records that the service throttled a call at the time at. All calls pause for 1 s.
// The pause doubles, up to 16 s, if a call is throttled soon after a pause and none succeeded in
// between. It is for loops of your own.
func (p *Pacer) Throttled(at time.Time) { p.ThrottledFor(at, 0) }

// ThrottledFor does what [Pacer.Throttled] does, with a pause of at least retryAfter, and at most
// one minute, if the response asks for that ([RetryAfter]).
func (p *Pacer) ThrottledFor(at time.Time, retryAfter time.Duration) {
	retryAfter = min(retryAfter, maxRetryAfter)
	p.locked(func() {
		switch {
		case at.Before(p.pausedUntil): // the call started before the pause
			p.pausedUntil = later(p.pausedUntil, at.Add(retryAfter))
			return
		case p.pause == 0, at.Sub(p.pausedUntil) > 2*p.pause:
			p.pause = minPause
		default:
			p.pause = min(2*p.pause, maxPause)
		}
		p.pausedUntil = at.Add(max(p.pause, retryAfter))
	})
}

// report records the result of a call. kind classifies its error.
func (p *Pacer) report(kind func(error) Kind, err error, at time.Time) {
	if err == nil {
		p.Succeeded(at)
	} else if kind(err) == Throttled {
		p.ThrottledFor(at, RetryAfter(err))
	}
}

// Wait waits for a slot, for a call that is not part of a wait. Slots are handed out in the order
// of arrival. Wait returns the context's error if the context ends first. Then another call gets
// the slot.
func (p *Pacer) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.TryTake(time.Now()) {
		return nil
	}
	wake := make(chan struct{}, 1)
	t := &ticket{pacer: p, wake: wake}
	if t.queue(func() bool { return sleep(ctx, wake, nil) }) {
		return nil
	}
	return ctx.Err()
}

// sleep sleeps until wake or due receives a value. It returns false if ctx ended.
func sleep(ctx context.Context, wake <-chan struct{}, due <-chan time.Time) bool {
	select {
	case <-wake:
	case <-due:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// notify makes a sleep with wake return.
func notify(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is about to return already
	}
}

// WaitWithin waits for a slot like Wait, and that time does not count against the ReadTimeout. It
// is for a Read, Command or Preflight function of a [Waiter], [Ensurer] or [Fleet], and ctx is the
// context of that function. Make the call with the context that WaitWithin returns, and then call
// the CancelFunc, which is never nil. Any other ctx is returned as it is.
func (p *Pacer) WaitWithin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return Uncounted(ctx, p.Wait)
}

// TryTake takes a slot and returns true if one is free at the time at and no call waits for one. It
// is for a call that is not worth a wait.
func (p *Pacer) TryTake(at time.Time) bool {
	free := true
	p.locked(func() { free = p.takeFree(at) })
	return free
}

// takeFree does what TryTake does. The caller holds mu.
func (p *Pacer) takeFree(now time.Time) bool {
	if p.waiting() != nil || p.nextSlot().After(now) {
		return false
	}
	p.take(now)
	return true
}

// burst returns how many calls may start at once.
func (p *Pacer) burst() int { return int(p.burstWindow/p.interval) + 1 }

// nextSlot returns when the next slot is free. The caller holds mu.
func (p *Pacer) nextSlot() time.Time {
	return later(p.pausedUntil, p.next.Add(-p.burstWindow))
}

// take takes a slot that is free at the time now. The caller holds mu.
func (p *Pacer) take(now time.Time) {
	p.next = later(p.next, now).Add(p.interval)
}

// canGrantBy reports whether a slot can be free at the time limit, for a call that is the first in
// the queue.
func (p *Pacer) canGrantBy(limit time.Time) bool {
	can := true
	p.locked(func() { can = !p.nextSlot().After(limit) })
	return can
}

// queue waits for a slot. sleep sleeps until t.wake receives a value. If it returns false, the call
// no longer waits, and queue returns false.
func (t *ticket) queue(sleep func() bool) bool {
	for !t.take(time.Now()) {
		if !sleep() {
			t.withdraw()
			return false
		}
	}
	return true
}

// take takes a slot at the time now, or uses the one that was granted to t. If there is none, t is
// in the queue, and take returns false.
func (t *ticket) take(now time.Time) bool {
	p, granted := t.pacer, true
	p.locked(func() {
		if t.place.position == 0 && t.grantedAt.IsZero() {
			if p.takeFree(now) {
				return
			}
			p.arrivals++
			t.place.order, t.place.owner = p.arrivals, t
			p.queues[t.kind].add(&t.place)
			p.grant(now)
		}
		granted = !t.grantedAt.IsZero()
		t.grantedAt = time.Time{}
	})
	return granted
}

// withdraw removes t from the queue. If t has a slot, the next call gets it.
func (t *ticket) withdraw() {
	t.pacer.locked(func() { t.pacer.leave(t, time.Now()) })
}

// giveBack gives the slot back that was granted to t, because no call can use it now. If t still
// waits, it keeps its place.
func (t *ticket) giveBack() {
	t.pacer.locked(func() {
		if !t.grantedAt.IsZero() {
			t.pacer.leave(t, time.Now())
		}
	})
}

// leave does what withdraw does. The caller holds mu.
func (p *Pacer) leave(t *ticket, now time.Time) {
	switch {
	case t.place.position > 0:
		p.queues[t.kind].remove(&t.place)
	case t.grantedAt.IsZero():
		return
	case now.Sub(t.grantedAt) <= p.interval: // after an interval the bucket may have been full without this slot
		p.next = p.next.Add(-p.interval)
	}
	t.grantedAt = time.Time{}
	p.grant(now)
}

// waiting returns the call that gets the next slot, or nil if none waits. The caller holds mu.
func (p *Pacer) waiting() *ticket {
	for _, kind := range [...]int{p.turn, 1 - p.turn} {
		if first := p.queues[kind].first(); first != nil {
			return first.owner
		}
	}
	return nil
}

// grant grants every slot that is free at the time now, to the calls that wait the longest, and
// sets the timer for the others. The caller holds mu.
func (p *Pacer) grant(now time.Time) {
	for !p.nextSlot().After(now) {
		t := p.waiting()
		if t == nil {
			break
		}
		p.turn = 1 - t.kind
		p.queues[t.kind].remove(&t.place)
		p.take(now)
		t.grantedAt = now
		notify(t.wake)
	}
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if p.waiting() != nil {
		p.timer = time.AfterFunc(max(p.nextSlot().Sub(now), time.Microsecond), func() {
			p.locked(func() { p.grant(time.Now()) })
		})
	}
}
