package statemachine

import (
	"iter"
	"sync"
)

// maxQueuedReads bounds the reports of reads that wait for a slow loop. There are few others.
const maxQueuedReads = 10_000

// message is what an engine passes to the loop that ranges over it: a result or a report.
type message[T any] struct {
	Result[T]
	progress *Progress // nil for a result
}

// report passes a report to onProgress. It returns false for a result.
func (m *message[T]) report(onProgress func(Progress)) bool {
	if m.progress != nil {
		onProgress(*m.progress)
	}
	return m.progress != nil
}

// outbox passes results and reports from an engine to the loop that ranges over them, which may be
// slower.
type outbox[T any] struct {
	mu       sync.Mutex
	cond     sync.Cond // for a new message or the end; its lock is mu
	queue    []message[T]
	position map[int]int // by index: the position in queue, if results replace each other
	reads    int         // reports of reads in queue
	closed   bool
}

// push appends a result. If replace is set, the result replaces one with the same index that the
// loop has not received yet.
func (o *outbox[T]) push(r Result[T], replace bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i, ok := o.position[r.Index]; ok && replace {
		o.queue[i].Result = r
		return
	}
	if replace {
		if o.position == nil {
			o.position = map[int]int{}
		}
		o.position[r.Index] = len(o.queue)
	}
	o.queue = append(o.queue, message[T]{Result: r})
	o.cond.Signal()
}

// pushProgress appends a report. It drops a read if too many are queued.
func (o *outbox[T]) pushProgress(p Progress) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.Type == ProgressRead {
		if o.reads >= maxQueuedReads {
			return
		}
		o.reads++
	}
	o.queue = append(o.queue, message[T]{progress: &p})
	o.cond.Signal()
}

// close ends the loop once it has received all messages.
func (o *outbox[T]) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.cond.Signal()
}

// all yields the messages until the outbox is closed and empty. Ranging again continues where the
// loop was left.
func (o *outbox[T]) all() iter.Seq[message[T]] {
	return func(yield func(message[T]) bool) {
		for {
			o.mu.Lock()
			for len(o.queue) == 0 && !o.closed {
				o.cond.Wait()
			}
			queue := o.queue
			o.queue, o.position, o.reads = nil, nil, 0
			o.mu.Unlock()
			if len(queue) == 0 {
				return
			}
			for i := range queue {
				if !yield(queue[i]) {
					o.putBack(queue[i+1:])
					return
				}
			}
		}
	}
}

// putBack puts messages that the loop has not received before all others.
func (o *outbox[T]) putBack(rest []message[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue, o.position = append(rest, o.queue...), nil
}
