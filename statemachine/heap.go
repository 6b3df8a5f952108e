package statemachine

import (
	"iter"
	"sync"
	"time"
)

// entry is a member of an engine in a queue.
type entry struct {
	at     time.Time
	member int
}

// before orders entries by time, and those of one instant by member, so that the same run always goes the same way.
func (e entry) before(o entry) bool {
	if c := e.at.Compare(o.at); c != 0 {
		return c < 0
	}
	return e.member < o.member
}

// dueHeap is a binary heap of entries, the earliest first. It is container/heap without the allocation of every push.
type dueHeap []entry

func (q dueHeap) empty() bool  { return len(q) == 0 }
func (q dueHeap) first() entry { return q[0] }

func (q *dueHeap) push(e entry) {
	h := append(*q, e)
	*q = h
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *dueHeap) pop() entry {
	h := *q
	first, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	*q = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			return first
		}
		if right := child + 1; right < n && h[right].before(h[child]) {
			child = right
		}
		if !h[child].before(h[i]) {
			return first
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// outbox hands results from an engine to the loop that ranges over them, which may be slower.
type outbox[T any] struct {
	mu       sync.Mutex
	cond     sync.Cond // that there is something new; its lock is mu
	queue    []Result[T]
	position map[int]int // where in queue an index stands, if results replace each other
	closed   bool
}

// push appends a result. If it replaces, it takes the place of one with its index that was not taken yet.
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

// close says that nothing comes any more.
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
