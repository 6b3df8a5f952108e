package simulator

import (
	"slices"
	"time"
)

// Bounds of what is kept of one resource.
const (
	maxVersions = 4096 // changes: beyond this the older half is forgotten
	maxSteps    = 1024 // changes that one look at the clock may bring due; more means a table that goes round in circles
)

// Delay is how long a planned change takes: a time or, if Reads is positive, that many reads that show what was there before it.
type Delay struct {
	After time.Duration
	Reads int
}

// Version is what was true of a resource from an instant on.
type Version[T any] struct {
	At    time.Time
	Value T
	Gone  bool // the resource does not exist; Value is the last one
}

// Resource is one resource: its timeline up to now, and the changes that the service will make by itself.
//
// Every change of it is planned under a key, for which there is at most one planned change at a time. Two lifecycles on one resource
// thus have a key each, and a command to the one leaves the other's course alone.
//
// Instants passed to its methods must not decrease. It takes no lock.
type Resource[T any] struct {
	key         string
	versions    []Version[T] // never empty; in the order of time
	planned     []planned[T]
	stale       Staleness
	frozen      *Version[T] // what the next few reads show
	frozenReads int         // how many reads that is
	lapse       bool
	store       *Store[T]
}

// Staleness is how old the reads of a resource are: it is asked at each read.
type Staleness func() time.Duration

type planned[T any] struct {
	key   any
	since time.Time
	pace  Delay
	reads int // reads that showed what was there before it
	step  Step[T]
}

// Step makes a planned change at the instant at which it comes due. It gets the record of that instant and returns the new one,
// or false where it no longer applies. It may plan the next change, or remove the resource and return false.
type Step[T any] func(at time.Time, v T) (T, bool)

// Key is the first of the keys that the resource was put into its [Store] with.
func (r *Resource[T]) Key() string { return r.key }

// Now is the truth; false: the resource does not exist.
func (r *Resource[T]) Now(now time.Time) (T, bool) {
	r.advance(now)
	m := &r.versions[len(r.versions)-1]
	return m.Value, !m.Gone
}

// Read is what a read shows at the instant now: the truth, or an older truth where reads are stale, but never from before the resource
// was created. It counts as a read for changes that are paced by reads, if it showed the truth.
func (r *Resource[T]) Read(now time.Time) (T, bool) {
	r.advance(now)
	if r.frozenReads > 0 {
		r.frozenReads--
		return r.frozen.Value, !r.frozen.Gone
	}
	last := len(r.versions) - 1
	i := last
	if d := r.staleness(); d > 0 {
		t := now.Add(-d)
		for i > 0 && r.versions[i].At.After(t) {
			i--
		}
	}
	m := r.versions[i]
	if i == last {
		r.countRead(now)
	}
	return m.Value, !m.Gone
}

// staleness is the greater of the resource's own and the store's.
func (r *Resource[T]) staleness() time.Duration {
	var d time.Duration
	if r.stale != nil {
		d = r.stale()
	}
	if r.store.stale != nil {
		d = max(d, r.store.stale(r.key))
	}
	return d
}

// Stale makes reads show what was true some time ago; nil ends it.
func (r *Resource[T]) Stale(s Staleness) { r.stale = s }

// Freeze makes the next n reads show what is true now. It takes precedence over [Resource.Stale]. Zero or less ends it.
func (r *Resource[T]) Freeze(now time.Time, n int) {
	r.advance(now)
	m := r.versions[len(r.versions)-1]
	r.frozen, r.frozenReads = &m, n
}

// Set makes v the truth from now on, and drops what was planned under the key by.
func (r *Resource[T]) Set(now time.Time, by any, v T) {
	r.advance(now)
	r.cancelPlanned(by)
	r.appendVersion(Version[T]{At: now, Value: v})
}

// Remove makes the resource one that does not exist, and drops everything planned.
func (r *Resource[T]) Remove(now time.Time) {
	r.advance(now)
	r.planned = nil
	r.lapse = false
	if m := r.versions[len(r.versions)-1]; !m.Gone {
		r.appendVersion(Version[T]{At: now, Value: m.Value, Gone: true})
	}
}

// Plan plans a change under the key by, in place of what was planned under it.
func (r *Resource[T]) Plan(now time.Time, by any, pace Delay, step Step[T]) {
	r.cancelPlanned(by)
	r.planned = append(r.planned, planned[T]{key: by, since: now, pace: pace, step: step})
}

// Lapse makes the next change that a [Lifecycle] plans, or has planned already, lapse where its table knows how.
func (r *Resource[T]) Lapse() { r.lapse = true }

func (r *Resource[T]) consumeLapse() bool {
	l := r.lapse
	r.lapse = false
	return l
}

// History is what was true, up to now, in the order of time; of very many changes only the latest. The slice is the caller's.
func (r *Resource[T]) History(now time.Time) []Version[T] {
	r.advance(now)
	return slices.Clone(r.versions)
}

// advance makes the changes that have come due by the clock.
func (r *Resource[T]) advance(now time.Time) {
	for range maxSteps {
		next, due := -1, now
		for i := range r.planned {
			p := &r.planned[i]
			if at := p.since.Add(p.pace.After); p.pace.Reads <= 0 && !at.After(due) && (next < 0 || at.Before(due)) {
				next, due = i, at
			}
		}
		if next < 0 {
			return
		}
		r.applyPlanned(next, due)
	}
}

// countRead counts a read and makes the changes that it brings due.
func (r *Resource[T]) countRead(now time.Time) {
	i := 0
	for n := len(r.planned); n > 0 && i < len(r.planned); n-- { // not those that a step plans: nobody has seen what goes before them
		p := &r.planned[i]
		p.reads++
		if p.pace.Reads > 0 && p.reads >= p.pace.Reads {
			r.applyPlanned(i, now)
		} else {
			i++
		}
	}
}

// applyPlanned makes one planned change.
func (r *Resource[T]) applyPlanned(i int, at time.Time) {
	step := r.planned[i].step
	r.planned = slices.Delete(r.planned, i, i+1)
	if v, ok := step(at, r.versions[len(r.versions)-1].Value); ok {
		r.appendVersion(Version[T]{At: at, Value: v})
	}
}

func (r *Resource[T]) cancelPlanned(by any) {
	r.planned = slices.DeleteFunc(r.planned, func(p planned[T]) bool { return p.key == by })
}

func (r *Resource[T]) appendVersion(m Version[T]) {
	limit := maxVersions
	if n := r.store.HistoryLimit; n > 0 {
		limit = min(n, limit)
	}
	if len(r.versions) >= limit {
		r.versions = slices.Delete(r.versions, 0, max(limit/2, 1))
	}
	r.versions = append(r.versions, m)
}
