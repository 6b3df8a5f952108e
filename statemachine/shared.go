package statemachine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// SharedReads makes reads of many callers together. Several Waiters, Ensurers and calls of Read may
// wait for a slot of one Pacer. The caller that gets the next slot then reads for up to Batch of
// them in one call of ReadMany. It runs no goroutine of its own. A SharedReads is safe for
// concurrent use as long as its exported fields do not change.
//
//   - A read that finds a slot free goes alone and at once, as long as the other reads that are
//     scheduled fit in a quarter of the Pacer's burst. The rest is for commands.
//   - Otherwise it is made with those that wait for a slot, and then with those that are due next.
//     So the cost of n waits is about that of one [Fleet] with n goals.
//   - Whatever would end a call badly must come from a read of that resource alone, as in a Fleet.
//   - If the context of the caller that reads ends, the others read again, in their former order.
//
// Reads can be combined if one ReadMany can make them, with the same credentials. Use one
// SharedReads for each such group.
type SharedReads[R any] struct {
	// ReadMany is as in a [Fleet]. A resource may occur several times. Each must have a Result of
	// its own, with a Value that no other has. Required.
	ReadMany func(ctx context.Context, resources []string) ([]Result[R], error)

	// Batch is the maximum number of resources in a call of ReadMany. Zero means 100. Negative
	// values are rejected with an InputError.
	Batch int

	mu      sync.Mutex
	waiting dueHeap[*seat[R]]
	joined  int // counts the seats, for their order
}

// defaultBatch is the Batch of a Fleet and a SharedReads.
const defaultBatch = 100

// seat is the place of one reader in a SharedReads. All its fields but the first two are guarded by
// the mu of the SharedReads.
type seat[R any] struct {
	resource string
	wake     chan struct{} // has capacity for a value; receives one when the reader has to look

	place    entry[*seat[R]] // among the readers that wait
	limit    int             // of the size of a batch
	last     bool            // the read is that at the deadline, which is not made early
	takenAt  time.Time       // since when another caller reads for this one; zero if none does
	finished *sharedResult[R]
}

// sharedResult is the result of a read that another caller made.
type sharedResult[R any] struct {
	Result[R]

	at        time.Time
	abandoned bool // the context of the other caller ended, so there is no result
}

// newSeat returns a seat for reads of one resource.
func (g *SharedReads[R]) newSeat(resource string) *seat[R] {
	s := &seat[R]{resource: resource, wake: make(chan struct{}, 1)}
	s.place.owner = s
	return s
}

// join lets other callers read for s, whose own read is due at the time due. If one does already,
// join returns since when, and whether the result is there.
func (g *SharedReads[R]) join(s *seat[R], due time.Time, limit int, last bool) (takenAt time.Time, finished bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.takenAt.IsZero() && s.place.position == 0 {
		g.joined++
		s.place.at, s.place.order, s.limit, s.last = due, g.joined, limit, last
		g.waiting.add(&s.place)
	}
	return s.takenAt, s.finished != nil
}

// leave keeps other callers from reading for s. It returns false if one does already.
func (g *SharedReads[R]) leave(s *seat[R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting.remove(&s.place)
	return s.takenAt.IsZero()
}

// collect returns the result of the read that another caller made for s, or nil.
func (g *SharedReads[R]) collect(s *seat[R]) *sharedResult[R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := s.finished
	if r != nil {
		s.finished, s.takenAt = nil, time.Time{}
	}
	return r
}

// validate adds every problem of the exported fields.
func (g *SharedReads[R]) validate(errs *InputError) {
	if g.ReadMany == nil {
		errs.Add("Shared.ReadMany", "is nil")
	}
	rejectNegative(errs, "Shared.Batch", g.Batch)
}

// size returns the maximum size of a batch.
func (g *SharedReads[R]) size() int { return cmp.Or(g.Batch, defaultBatch) }

// slot is how an attempt to get a slot of a Pacer ended.
type slot uint8

const (
	slotNone    slot = iota // there is none yet, or none in time, or the context ended
	slotGranted             // the call may start
	slotShared              // another caller reads for this one
)

// tryTake takes a slot of p at the time now, if one is free, for the reader s of a resource. s is
// nil if the reader has no seat yet. The reads that are scheduled may not fit in a quarter of the
// burst of p. Then it also returns the readers for which the read is made, s among them.
//
// All of this is one step: if many reads are due at one time, the first of them makes them all.
func (g *SharedReads[R]) tryTake(s *seat[R], resource string, p *Pacer, limit int, now time.Time) ([]*seat[R], slot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s != nil && !s.takenAt.IsZero() {
		return nil, slotShared
	}
	if !p.TryTake(now) {
		return nil, slotNone
	}
	if s != nil {
		g.waiting.remove(&s.place)
	}
	if p == nil || 4*len(g.waiting) <= p.burst() {
		return nil, slotGranted
	}
	if s == nil {
		s = &seat[R]{resource: resource}
	}
	return g.fill(s, limit), slotGranted
}

// take returns s, whose reader has a slot, and the others that it reads for.
func (g *SharedReads[R]) take(s *seat[R], limit int) []*seat[R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fill(s, limit)
}

// fill does what take does. The caller holds mu.
func (g *SharedReads[R]) fill(s *seat[R], limit int) []*seat[R] {
	batch := []*seat[R]{s}
	now := time.Now()
	var skipped []*seat[R]
	for len(g.waiting) > 0 && len(skipped) < limit {
		next := g.waiting.first().owner
		if limit = min(limit, next.limit); len(batch) >= limit {
			break
		}
		g.waiting.remove(&next.place)
		if next.last && next.place.at.After(now) {
			skipped = append(skipped, next)
			continue
		}
		next.takenAt = now
		notify(next.wake)
		batch = append(batch, next)
	}
	for _, s := range skipped {
		g.waiting.add(&s.place)
	}
	return batch
}

// deliver passes the results of a batch to the others. Those that gave up in the meantime have left
// the batch.
func (g *SharedReads[R]) deliver(others []*seat[R], results []sharedResult[R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, s := range others {
		s.finished = &results[i]
		notify(s.wake)
	}
}

// read makes one call for a batch, the first of which is the caller's own. It reports to p, and
// passes the others their results.
func (g *SharedReads[R]) read(
	ctx context.Context, scope *callScope, p *Pacer, kind func(error) Kind, batch []*seat[R], timeout time.Duration,
) sharedResult[R] {
	all := slices.Repeat([]sharedResult[R]{{abandoned: true}}, len(batch)) // unless ReadMany returns in time
	defer g.deliver(batch[1:], all[1:])
	resources := make([]string, len(batch))
	for i, s := range batch {
		resources[i] = s.resource
	}
	results, at, err := callWithTimeout(ctx, scope, time.Now(), timeout, func(ctx context.Context) ([]Result[R], error) {
		return g.ReadMany(ctx, resources)
	})
	if err != nil && ctx.Err() != nil {
		return sharedResult[R]{Result: Result[R]{Err: err}, at: at}
	}
	p.report(kind, pacingErr(results, err, kind), at)
	for i, r := range byResource(len(batch), results, err) {
		all[i] = sharedResult[R]{Result: r, at: at}
	}
	return all[0]
}

// maxSharedReads is how often Read reads together with others before it reads alone.
const maxSharedReads = 3

// Read reads one resource once, for a call that is not part of a wait. It calls alone if a slot of
// p is free. Otherwise it waits for a slot, or for another caller that reads for it. It also calls
// alone if a shared read returns an error, after three if that is retryable. alone makes the call
// for which a slot was taken. Read returns the context's error if the context ends first.
func (g *SharedReads[R]) Read(
	ctx context.Context, p *Pacer, resource string, alone func(context.Context) (R, error),
) (R, error) {
	var none R
	var errs InputError
	if g.validate(&errs); errs.Err() != nil {
		return none, errs.Err()
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if p.TryTake(time.Now()) {
		return alone(ctx)
	}
	s, due := g.newSeat(resource), time.Now()
	for reads := 0; reads < maxSharedReads; reads++ {
		r, err := g.readOnce(ctx, p, s, due)
		switch {
		case err != nil:
			return none, err
		case r == nil:
			return alone(ctx)
		case r.abandoned:
			reads--
		case r.Err == nil:
			return r.Value, nil
		case !KindOf(r.Err).Retryable():
			reads = maxSharedReads
		}
	}
	if err := p.Wait(ctx); err != nil {
		return none, err
	}
	return alone(ctx)
}

// readOnce makes one read together with others. It returns nil if there are no others, and the
// caller has a slot. An error is that of the context.
func (g *SharedReads[R]) readOnce(ctx context.Context, p *Pacer, s *seat[R], due time.Time) (*sharedResult[R], error) {
	t := &ticket{pacer: p, wake: s.wake}
	granted := t.queue(func() bool {
		g.join(s, due, g.size(), false)
		awake := sleep(ctx, s.wake, nil)
		return g.leave(s) && awake
	})
	for !granted { // another caller reads for s, unless ctx ended
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r := g.collect(s); r != nil {
			return r, nil
		}
		sleep(ctx, s.wake, nil)
	}
	batch := g.take(s, g.size())
	if len(batch) == 1 {
		return nil, nil //nolint:nilnil // documented
	}
	own := g.read(ctx, &callScope{Context: ctx}, p, KindOf, batch, defaultReadTimeout)
	return &own, ctx.Err()
}
