package statemachine

import "sync"

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
	mu     sync.Mutex
	cond   sync.Cond // for a new message or the end; its lock is mu
	queue  []*message[T]
	latest map[int]*message[T] // by index: the result in queue, if results replace each other
	reads  int                 // reports of reads in queue
	closed bool
}

// push appends a result. If replace is set, the result replaces one with the same index that the
// loop has not received yet.
func (o *outbox[T]) push(r Result[T], replace bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.latest[r.Index]; m != nil {
		m.Result = r
		return
	}
	m := &message[T]{Result: r}
	if replace {
		if o.latest == nil {
			o.latest = map[int]*message[T]{}
		}
		o.latest[r.Index] = m
	}
	o.queue = append(o.queue, m)
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
	o.queue = append(o.queue, &message[T]{progress: &p})
	o.cond.Signal()
}

// close ends the loop once it has received all messages.
func (o *outbox[T]) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.cond.Signal()
}

// next waits for the next message and returns it. It returns nil once the outbox is closed and
// empty.
func (o *outbox[T]) next() *message[T] {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.cond.Wait()
	}
	if len(o.queue) == 0 {
		return nil
	}
	m := o.queue[0]
	o.queue[0], o.queue = nil, o.queue[1:]
	switch {
	case m.progress == nil:
		delete(o.latest, m.Index)
	case m.progress.Type == ProgressRead:
		o.reads--
	}
	return m
}
