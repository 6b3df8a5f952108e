package simulator

import (
	"testing"
	"time"
)

func TestExactStore(t *testing.T) {
	s := Store[int]{Exact: true}
	now := time.Now()
	s.Put(now, 1, "Key", "Other")
	s.Put(now, 2, "key")
	for key, want := range map[string]int{"Key": 1, "key": 2, "Other": 1} {
		r := s.Get(key)
		if r == nil {
			t.Fatalf("%s: none", key)
		}
		if got, _ := r.Now(now); got != want {
			t.Errorf("%s: %d, want %d", key, got, want)
		}
	}
	if r := s.Get("other"); r != nil {
		t.Errorf("other is found as %s", r.Key())
	}
}
