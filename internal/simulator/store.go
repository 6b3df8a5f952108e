package simulator

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Store keeps the resources of one type and finds them by any of their keys, such as ARN and identifier, without regard to case unless it
// is Exact. It takes no lock. The zero Store is empty.
type Store[T any] struct {
	CaseSensitive bool // keys that differ in case are of different resources; must not change once there are any

	// Remember, if positive, is how many changes of each resource are kept, at the most, and how many resources that do not exist any
	// more. Zero: 4096 changes, and all resources.
	HistoryLimit int

	index    map[string]*Resource[T]
	list     []*Resource[T] // sorted by key, unless unsorted
	unsorted bool
	stale    func(key string) time.Duration
	lastKey  string // the last key of list, while it is sorted
}

// Put makes v the truth under the keys from now on. Where the first key is known already, as that of a resource that was removed,
// the resource goes on with its timeline. Keys must not be empty.
func (s *Store[T]) Put(now time.Time, v T, key string, more ...string) *Resource[T] {
	if s.index == nil {
		s.index = make(map[string]*Resource[T])
	}
	r := s.Get(key)
	if r == nil {
		s.evict(now)
		r = &Resource[T]{key: key, store: s, versions: []Version[T]{{At: now, Value: v}}}
		s.unsorted = s.unsorted || key < s.lastKey
		s.lastKey = key
		s.list = append(s.list, r)
		s.index[s.fold(key)] = r
	} else {
		r.advance(now)
		r.planned = nil
		r.appendVersion(Version[T]{At: now, Value: v})
	}
	for _, k := range more {
		s.index[s.fold(k)] = r
	}
	return r
}

// evict drops the resources that do not exist any more, if there are more than are to be remembered.
func (s *Store[T]) evict(now time.Time) {
	if s.HistoryLimit <= 0 || len(s.list) <= s.HistoryLimit {
		return
	}
	gone := make(map[*Resource[T]]bool)
	for _, r := range s.list {
		if _, ok := r.Now(now); !ok {
			gone[r] = true
		}
	}
	if len(gone) <= s.HistoryLimit {
		return
	}
	s.list = slices.DeleteFunc(s.list, func(r *Resource[T]) bool { return gone[r] })
	maps.DeleteFunc(s.index, func(_ string, r *Resource[T]) bool { return gone[r] })
}

// Get finds a resource, one that was removed too; nil: there never was one, or it is forgotten.
func (s *Store[T]) Get(key string) *Resource[T] { return s.index[s.fold(key)] }

// fold is what keys are compared by.
func (s *Store[T]) fold(key string) string {
	if s.CaseSensitive {
		return key
	}
	return strings.ToLower(key)
}

// All lists the resources in the order of their first keys, those that were removed too. The slice is the store's.
func (s *Store[T]) All() []*Resource[T] {
	if s.unsorted {
		slices.SortFunc(s.list, byKey[T])
		s.unsorted = false
		s.lastKey = s.list[len(s.list)-1].key
	}
	return s.list
}

// After lists the resources whose first key comes after key, as [Store.All] does: a page begins where the last one ended,
// whatever was added or removed in between.
func (s *Store[T]) After(key string) []*Resource[T] { return After(s.All(), key) }

// After is the rest of a list in the order of keys, from the first that comes after key.
func After[T any](sorted []*Resource[T], key string) []*Resource[T] {
	i, found := slices.BinarySearchFunc(sorted, key, func(r *Resource[T], key string) int { return strings.Compare(r.key, key) })
	if found {
		i++
	}
	return sorted[i:]
}

// Select finds the resources of several keys: each once, in the order of their first keys. Unknown keys are left out.
func (s *Store[T]) Select(keys []string) []*Resource[T] {
	found := make([]*Resource[T], 0, len(keys))
	for _, k := range keys {
		if r := s.Get(k); r != nil {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, byKey[T])
	return slices.Compact(found)
}

// Stale makes the reads of every resource stale, also of those to come. It gets the resource's first key; nil ends it.
func (s *Store[T]) Stale(f func(key string) time.Duration) { s.stale = f }

func byKey[T any](a, b *Resource[T]) int { return strings.Compare(a.key, b.key) }
