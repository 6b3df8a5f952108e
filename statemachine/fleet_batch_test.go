package statemachine_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestFleetTriesBatchesAgain checks that a bad batch makes reads single for a bounded time only.
func TestFleetTriesBatchesAgain(t *testing.T) {
	t.Parallel()
	minutes := func(all ...int) (at []time.Duration) {
		for _, m := range all {
			at = append(at, time.Duration(m)*time.Minute)
		}
		return at
	}
	for _, tt := range []struct {
		name, why string
		bad       func(n int) error // the error of the call n
		lack      func(n int) bool  // the call n lacks r1
		batches   []time.Duration   // in five hours, the first of each time
		calls     int
	}{{
		name: "never", why: "the reference: one call a minute",
		batches: every1m(0, 300), calls: 300,
	}, {
		name: "denied once", why: "reads are single for a minute",
		bad:     func(n int) error { return onlyFirst(n, statemachine.AccessDenied) },
		batches: every1m(0, 300), calls: 300 + 3,
	}, {
		name: "denied for good", why: "a policy for single ARNs costs one more call an hour",
		bad:     func(int) error { return fault(statemachine.AccessDenied) },
		batches: minutes(0, 1, 3, 7, 15, 31, 63, 123, 183, 243), calls: 300*3 + 10,
	}, {
		name: "spoiled for good", why: "the first time, each is read alone only once",
		bad:     func(int) error { return fault(statemachine.InvalidInput) },
		batches: minutes(0, 1, 3, 7, 15, 31, 63, 123, 183, 243), calls: 300*3 + 10,
	}, {
		name: "one is missing for good", why: "the others are still read together",
		lack:    func(int) bool { return true },
		batches: every1m(0, 300), calls: 300 * 2,
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, startedAfter(func(int) time.Duration { return 0 }))
				w.refuse = func(_ []string, n int) error {
					w.lacks["r1"] = tt.lack != nil && tt.lack(n)
					if tt.bad == nil {
						return nil
					}
					return tt.bad(n)
				}
				f := w.fleet(statemachine.WaitOptions{Jitter: identity, WatchDelay: time.Minute})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour-time.Second)
				defer cancel()
				for range f.Watch(ctx, names(3)) {
					continue
				}
				var batches []time.Duration
				for _, c := range w.calls {
					if c.Many {
						batches = append(batches, c.At)
					}
				}
				assert.Equal(t, tt.name+": batches", tt.batches, slices.Compact(batches))
				assert.Equal(t, tt.name+": calls", tt.calls, len(w.calls))
				if t.Failed() {
					t.Log(tt.why)
				}
			})
		})
	}
}

func every1m(from, to int) (at []time.Duration) {
	for i := from; i < to; i++ {
		at = append(at, time.Duration(i)*time.Minute)
	}
	return at
}

func onlyFirst(n int, k statemachine.Kind) error {
	if n == 1 {
		return fault(k)
	}
	return nil
}
