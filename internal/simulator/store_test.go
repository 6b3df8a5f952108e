package simulator

import (
	"fmt"
	"testing"
	"time"
)

func TestStoreCaseSensitive(t *testing.T) {
	s := Store[int]{CaseSensitive: true}
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

// TestStoreHistoryLimit checks that a store with a limit forgets removed resources and old
// changes, but no existing resource.
func TestStoreHistoryLimit(t *testing.T) {
	s := Store[int]{HistoryLimit: 4}
	now := time.Unix(0, 0)
	s.Put(now, 0, "kept", "also kept")
	for i := range 1000 {
		now = now.Add(time.Second)
		s.Put(now, i, fmt.Sprintf("gone %d", i), fmt.Sprintf("alias %d", i)).Remove(now)
		s.Get("kept").Set(now, "", i)
	}
	if n := len(s.All()); n > 6 {
		t.Errorf("%d resources are kept", n)
	}
	if n := len(s.index); n > 12 {
		t.Errorf("%d keys are kept", n)
	}
	if v, ok := s.Get("also kept").Now(now); !ok || v != 999 {
		t.Errorf("the existing resource: %d, %t", v, ok)
	}
	if n := len(s.Get("kept").History(now)); n > 4 {
		t.Errorf("%d changes are kept", n)
	}
}
