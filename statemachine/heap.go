package statemachine

import (
	"container/heap"
	"time"
)

// entry is the place of its owner in a dueHeap. Its zero value is in no heap.
type entry[T any] struct {
	at       time.Time
	order    int // among equal times
	owner    T
	position int // in the heap, plus one; zero means that the entry is in no heap
}

// dueHeap is a heap of entries. The first is the earliest, and among equal times that of the lowest
// order, so that equal runs have equal orders.
type dueHeap[T any] []*entry[T]

// add adds an entry, unless it is in the heap already.
func (h *dueHeap[T]) add(e *entry[T]) {
	if e.position == 0 {
		heap.Push(h, e)
	}
}

// remove removes an entry if it is in the heap.
func (h *dueHeap[T]) remove(e *entry[T]) {
	if e.position > 0 {
		heap.Remove(h, e.position-1)
	}
}

// first returns the first entry, or nil.
func (h dueHeap[T]) first() *entry[T] {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

// Len implements heap.Interface, like the methods below it.
func (h dueHeap[T]) Len() int { return len(h) }

func (h dueHeap[T]) Less(i, j int) bool {
	if c := h[i].at.Compare(h[j].at); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}

func (h dueHeap[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].position, h[j].position = i+1, j+1
}

func (h *dueHeap[T]) Push(x any) {
	e := x.(*entry[T]) //nolint:errcheck,forcetypeassert // only add calls heap.Push
	*h = append(*h, e)
	e.position = len(*h)
}

func (h *dueHeap[T]) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	e.position = 0
	return e
}
