package statemachine

import (
	"iter"
	"sync"
)

// outbox passes results from an engine to the loop that ranges over them, which may be slower.
type outbox[T any] struct {
	mu       sync.Mutex
	cond     sync.Cond // for a new result or the end; its lock is mu
	queue    []Result[T]
	position map[int]int // by index: the position in queue, if results replace each other
	closed   bool
}

// push appends a result. If replace is set, the result replaces one with the same index that the
// loop has not received yet.
func (o *outbox[T]) push(r Result[T], replace bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i, ok := o.position[r.Index]; ok && replace {
		o.queue[i] = r
		return
	}
	if replace {
		if o.position == nil {
			o.position = map[int]int{}
		}
		o.position[r.Index] = len(o.queue)
	}
	o.queue = append(o.queue, r)
	o.cond.Signal()
}

// close ends the loop once it has received all results.
func (o *outbox[T]) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.cond.Signal()
}

// all yields the results until the outbox is closed and empty.
func (o *outbox[T]) all() iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		for {
			o.mu.Lock()
			for len(o.queue) == 0 && !o.closed {
				o.cond.Wait()
			}
			queue := o.queue
			o.queue, o.position = nil, nil
			o.mu.Unlock()
			if len(queue) == 0 {
				return
			}
			for _, r := range queue {
				if !yield(r) {
					return
				}
			}
		}
	}
}
