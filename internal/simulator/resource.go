package simulator

import (
	"slices"
	"time"
)

// Limits of what is kept of one resource.
const (
	maxVersions = 4096 // changes; beyond this the older half is forgotten
	maxSteps    = 1024 // changes that become due at once; more means that the table has a cycle
)

// Delay is how long a planned change takes. If Reads is positive, the change takes that many reads
// that show the state before it, and After does not count.
type Delay struct {
	After time.Duration
	Reads int
}

// Version is the record of a resource from an instant on.
type Version[T any] struct {
	At    time.Time
	Value T
	Gone  bool // the resource does not exist; Value is its last record
}

// Resource is one resource: its timeline up to now, and the changes that the service will make on
// its own.
//
// Every change is planned under a key, and a key has at most one planned change at a time. So two
// lifecycles of one resource each have a key, and a command to one leaves the other alone.
//
// The instants passed to its methods must not decrease. A Resource has no lock.
type Resource[T any] struct {
	key         string
	versions    []Version[T] // never empty; ordered by time
	planned     []planned[T]
	stale       time.Duration
	frozen      *Version[T] // what the next frozenReads reads show
	frozenReads int
	lapse       bool
	store       *Store[T]
}

type planned[T any] struct {
	key   any
	since time.Time
	delay Delay
	reads int // reads that showed the state before the change
	step  Step[T]
}

// Step makes a planned change when it is due. It gets the record of that instant and returns the
// new one, or false if the change no longer applies. It may plan the next change, and it may remove
// the resource and return false.
type Step[T any] func(at time.Time, v T) (T, bool)

// Key returns the first of the keys under which the resource was put into its [Store].
func (r *Resource[T]) Key() string { return r.key }

// Now returns the current record. It reports false if the resource does not exist, or is nil.
func (r *Resource[T]) Now(now time.Time) (v T, ok bool) {
	if r == nil {
		return v, false
	}
	r.advance(now)
	last := &r.versions[len(r.versions)-1]
	return last.Value, !last.Gone
}

// Read returns what a read shows: the current record or, if reads are stale, an older one, but none
// from before the resource was created. A read of the current record counts for the changes that
// are planned in reads. It reports false if the resource does not exist then, or is nil.
func (r *Resource[T]) Read(now time.Time) (v T, ok bool) {
	if r == nil {
		return v, false
	}
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
	shown := r.versions[i]
	if i == last {
		r.countRead(now)
	}
	return shown.Value, !shown.Gone
}

// staleness returns the age of what the next read shows.
func (r *Resource[T]) staleness() time.Duration {
	if r.store.StaleFunc == nil {
		return r.stale
	}
	return max(r.stale, r.store.StaleFunc(r.key))
}

// Stale makes reads show the record of d ago. Zero ends it.
func (r *Resource[T]) Stale(d time.Duration) { r.stale = d }

// Freeze makes the next n reads show the current record. It takes precedence over [Resource.Stale].
// Zero or less ends it.
func (r *Resource[T]) Freeze(now time.Time, n int) {
	r.advance(now)
	v := r.versions[len(r.versions)-1]
	r.frozen, r.frozenReads = &v, n
}

// Set makes v the current record and cancels what was planned under the key.
func (r *Resource[T]) Set(now time.Time, key any, v T) {
	r.advance(now)
	r.cancelPlanned(key)
	r.appendVersion(Version[T]{At: now, Value: v})
}

// Remove removes the resource and cancels everything planned.
func (r *Resource[T]) Remove(now time.Time) {
	r.advance(now)
	r.planned = nil
	r.lapse = false
	if v := r.versions[len(r.versions)-1]; !v.Gone {
		r.appendVersion(Version[T]{At: now, Value: v.Value, Gone: true})
	}
}

// Plan plans a change under the key, in place of what was planned under it.
func (r *Resource[T]) Plan(now time.Time, key any, d Delay, step Step[T]) {
	r.cancelPlanned(key)
	r.planned = append(r.planned, planned[T]{key: key, since: now, delay: d, step: step})
}

// Hasten makes the change that is planned under the key due now.
func (r *Resource[T]) Hasten(now time.Time, key any) {
	r.advance(now)
	for i := range r.planned {
		if p := &r.planned[i]; p.key == key {
			p.since, p.delay = now, Delay{}
		}
	}
	r.advance(now)
}

// Lapse makes the next settling transition of the resource lapse, or the one that is under way. If
// the table has no lapse out of that state, it waits for a transition that has one.
func (r *Resource[T]) Lapse() { r.lapse = true }

func (r *Resource[T]) consumeLapse() bool {
	l := r.lapse
	r.lapse = false
	return l
}

// History returns the records up to now, ordered by time. If there were very many, only the latest
// are kept. The caller owns the slice.
func (r *Resource[T]) History(now time.Time) []Version[T] {
	r.advance(now)
	return slices.Clone(r.versions)
}

// advance makes the changes that are due by the clock.
func (r *Resource[T]) advance(now time.Time) {
	for range maxSteps {
		next, due := -1, now
		for i := range r.planned {
			p := &r.planned[i]
			if at := p.since.Add(p.delay.After); p.delay.Reads <= 0 && !at.After(due) && (next < 0 || at.Before(due)) {
				next, due = i, at
			}
		}
		if next < 0 {
			return
		}
		r.applyPlanned(next, due)
	}
}

// countRead counts a read and makes the changes that are due with it. It leaves out changes that a
// step plans, because no read has shown the state before them.
func (r *Resource[T]) countRead(now time.Time) {
	i := 0
	for n := len(r.planned); n > 0 && i < len(r.planned); n-- {
		p := &r.planned[i]
		p.reads++
		if p.delay.Reads > 0 && p.reads >= p.delay.Reads {
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

func (r *Resource[T]) cancelPlanned(key any) {
	r.planned = slices.DeleteFunc(r.planned, func(p planned[T]) bool { return p.key == key })
}

func (r *Resource[T]) appendVersion(v Version[T]) {
	r.versions = appendLimited(r.versions, v, maxVersions, r.store.HistoryLimit)
}
