package sdkcall

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Cache keeps the results of questions for MaxAge, and asks each of them once at a time. Failures
// are results, too. A Cache is safe for concurrent use as long as MaxAge does not change.
type Cache[K comparable, V any] struct {
	MaxAge time.Duration

	mu      sync.Mutex
	entries map[K]*entry[V]
}

// entry is one question. Its other fields are set before done is closed.
type entry[V any] struct {
	done  chan struct{}
	at    time.Time
	value V
	err   error
	none  bool // there is no result, such as because the caller that asked gave up
}

// Get returns the result for the first of keys. If there is none, it calls ask, or waits while
// another caller asks. That time does not count against the ReadTimeout of a call. Get never waits
// for a question about another key.
//
// One call of ask is about up to limit of the keys whose results are not known: the first, and then
// others. ask returns the results that it has, or an error about all keys.
func (c *Cache[K, V]) Get(ctx context.Context, keys []K, limit int, ask func(context.Context, []K) (map[K]V, error)) (V, error) {
	for {
		e, unknown := c.find(keys, limit)
		if unknown != nil {
			return c.ask(ctx, unknown, ask)
		}
		_, cancel, err := statemachine.Uncounted(ctx, func(ctx context.Context) error {
			select {
			case <-e.done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		cancel()
		switch {
		case err != nil:
			var none V
			return none, &statemachine.Fault{Kind: statemachine.Interrupted, Err: err}
		case !e.none:
			return e.value, e.err
		}
	}
}

// find returns the entry of the first key or, if the caller has to ask, the keys to ask for.
func (c *Cache[K, V]) find(keys []K, limit int) (e *entry[V], unknown []K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[keys[0]]; e != nil && !c.expired(e) {
		return e, nil
	}
	maps.DeleteFunc(c.entries, func(_ K, e *entry[V]) bool { return c.expired(e) })
	if c.entries == nil {
		c.entries = map[K]*entry[V]{}
	}
	for _, k := range keys {
		if _, ok := c.entries[k]; !ok && len(unknown) < limit {
			c.entries[k] = &entry[V]{done: make(chan struct{})}
			unknown = append(unknown, k)
		}
	}
	return nil, unknown
}

// expired reports whether the result of e is too old.
func (c *Cache[K, V]) expired(e *entry[V]) bool {
	return !e.at.IsZero() && time.Since(e.at) >= c.MaxAge
}

// ask asks for these keys, and returns the result for the first.
func (c *Cache[K, V]) ask(ctx context.Context, keys []K, ask func(context.Context, []K) (map[K]V, error)) (v V, err error) {
	var found map[K]V
	err = statemachine.Interrupted // if ask panics
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, k := range keys {
			e := c.entries[k]
			value, ok := found[k]
			if e.value, e.err, e.at = value, err, time.Now(); !ok && err == nil || errors.Is(err, statemachine.Interrupted) {
				e.none = true
				delete(c.entries, k)
			}
			close(e.done)
		}
	}()
	found, err = ask(ctx, keys)
	return found[keys[0]], err
}
