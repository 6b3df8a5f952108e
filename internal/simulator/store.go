package simulator

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Store keeps the resources of one type and finds them by any of their keys, such as the ARN and
// the identifier. It has no lock. The zero Store is empty. Its exported fields must not change once
// there are resources.
type Store[T any] struct {
	CaseSensitive bool // keys that differ in case name different resources

	// HistoryLimit, if positive, is the maximum number of changes kept of each resource, and of
	// removed resources. Zero means 4096 changes and all removed resources.
	HistoryLimit int

	// StaleFunc, if not nil, returns for each read the age of what it shows. It gets the first key
	// of the resource.
	StaleFunc func(key string) time.Duration

	index map[string]*Resource[T]
	list  []*Resource[T] // sorted by key
}

// Put makes v the current record under the keys. If the first key is known, even from a removed
// resource, the timeline of that resource continues. Keys must not be empty.
func (s *Store[T]) Put(now time.Time, v T, key string, more ...string) *Resource[T] {
	r := s.Get(key)
	if r == nil {
		r = s.add(now, key, Version[T]{At: now, Value: v})
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

// Reserve returns the resource of a key. If there is none, it adds one that does not exist and has
// not existed since the instant.
func (s *Store[T]) Reserve(since time.Time, key string) *Resource[T] {
	if r := s.Get(key); r != nil {
		return r
	}
	return s.add(since, key, Version[T]{At: since, Gone: true})
}

// add adds a resource with its first version.
func (s *Store[T]) add(now time.Time, key string, v Version[T]) *Resource[T] {
	if s.index == nil {
		s.index = make(map[string]*Resource[T])
	}
	s.evict(now)
	r := &Resource[T]{key: key, store: s, versions: []Version[T]{v}}
	i, _ := slices.BinarySearchFunc(s.list, key, compareKey)
	s.list = slices.Insert(s.list, i, r)
	s.index[s.fold(key)] = r
	return r
}

// evict forgets the removed resources if there are more than HistoryLimit.
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

// Get returns the resource of a key, even a removed one. It returns nil if there never was one, or
// if it was forgotten.
func (s *Store[T]) Get(key string) *Resource[T] { return s.index[s.fold(key)] }

// fold returns the form in which keys are compared.
func (s *Store[T]) fold(key string) string {
	if s.CaseSensitive {
		return key
	}
	return strings.ToLower(key)
}

// All returns all resources ordered by their first keys, including removed ones. The store owns the
// slice.
func (s *Store[T]) All() []*Resource[T] { return s.list }

// WithPrefix returns the part of All whose first keys begin with the prefix.
func (s *Store[T]) WithPrefix(prefix string) []*Resource[T] {
	begin, _ := slices.BinarySearchFunc(s.list, prefix, compareKey)
	n, _ := slices.BinarySearchFunc(s.list[begin:], prefix, func(r *Resource[T], prefix string) int {
		if strings.HasPrefix(r.key, prefix) {
			return -1
		}
		return 1
	})
	return s.list[begin : begin+n]
}

// Page calls add for the resources of the next page of a sorted list, until limit of them are in
// it. It returns how many are, and the token of the page after it. The page begins after the key
// that the previous one ended with, whatever was added or removed in between. add reports whether
// the resource is in the page. A response to a request of another Region has no resources.
func Page[T any](r *Request, sorted []*Resource[T], after string, limit int, add func(*Resource[T]) bool) (n int, token string) {
	last := ""
	for _, res := range resourcesAfter(sorted, after) {
		if r.Foreign {
			break
		}
		if n < limit {
			if add(res) {
				n, last = n+1, res.key
			}
		} else if _, exists := res.Now(r.At); exists {
			return n, r.NextToken(last)
		}
	}
	return n, r.NextToken("")
}

// resourcesAfter returns the part of a sorted list whose keys come after key.
func resourcesAfter[T any](sorted []*Resource[T], key string) []*Resource[T] {
	i, found := slices.BinarySearchFunc(sorted, key, compareKey)
	if found {
		i++
	}
	return sorted[i:]
}

// Select returns the resources of several keys, each once, ordered by their first keys. It leaves
// out unknown keys.
func (s *Store[T]) Select(keys []string) []*Resource[T] {
	found := make([]*Resource[T], 0, len(keys))
	for _, k := range keys {
		if r := s.Get(k); r != nil {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *Resource[T]) int { return compareKey(a, b.key) })
	return slices.Compact(found)
}

func compareKey[T any](r *Resource[T], key string) int { return strings.Compare(r.key, key) }
