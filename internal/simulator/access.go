package simulator

import (
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Access is how the methods of a test server reach its resources. Its methods hold the server's
// lock. They do nothing for an ARN that names no resource.
type Access[T any] struct {
	Server *Server
	Store  *Store[T]

	// Since, unless it is zero, makes Stale and Freeze add a resource that there never was, as one
	// that has been absent since then.
	Since time.Time
}

// Update calls f with a resource that exists.
func (a *Access[T]) Update(arn string, f func(r *Resource[T], v T, now time.Time)) {
	a.Server.Update(func(now time.Time) {
		r := a.Store.Get(arn)
		if v, ok := r.Now(now); ok {
			f(r, v, now)
		}
	})
}

// Now returns the current record of a resource, or the zero record.
func (a *Access[T]) Now(arn string) (v T) {
	a.Update(arn, func(_ *Resource[T], now T, _ time.Time) { v = now })
	return v
}

// Remove does what [Resource.Remove] does.
func (a *Access[T]) Remove(arn string) {
	a.Update(arn, func(r *Resource[T], _ T, now time.Time) { r.Remove(now) })
}

// Lapse does what [Resource.Lapse] does.
func (a *Access[T]) Lapse(arn string) {
	a.Update(arn, func(r *Resource[T], _ T, _ time.Time) { r.Lapse() })
}

// Stale does what [Resource.Stale] does. An empty ARN means every resource.
func (a *Access[T]) Stale(arn string, d time.Duration) {
	a.each(arn, func(r *Resource[T], _ time.Time) { r.Stale(d) })
}

// Freeze does what [Resource.Freeze] does. An empty ARN means every resource.
func (a *Access[T]) Freeze(arn string, n int) {
	a.each(arn, func(r *Resource[T], now time.Time) { r.Freeze(now, n) })
}

// each calls f with one resource, even a removed one, or, if the ARN is empty, with each.
func (a *Access[T]) each(arn string, f func(r *Resource[T], now time.Time)) {
	a.Server.Update(func(now time.Time) {
		list := a.Store.All()
		if arn != "" {
			if !a.Since.IsZero() {
				a.Store.Reserve(a.Since, arn)
			}
			list = a.Store.Select([]string{arn})
		}
		for _, r := range list {
			f(r, now)
		}
	})
}

// History returns what [States] does for the resource of an ARN, or nil.
func History[T any, S ~string](a *Access[T], arn string, since time.Time, state func(T) S, absent S) (list []statemachine.Sighting[S]) {
	a.Server.Update(func(now time.Time) {
		if r := a.Store.Get(arn); r != nil {
			list = States(r, since, now, state, absent)
		}
	})
	return list
}
