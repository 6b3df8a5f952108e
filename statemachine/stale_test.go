package statemachine_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// life is a resource's life as a list of changes: what it was at each instant.
type life []statemachine.Sighting[state]

// at returns the state at an instant.
func (l life) at(t time.Time) state {
	s := l[0].State
	for _, c := range l {
		if !c.At.After(t) {
			s = c.State
		}
	}
	return s
}

// TestWaitStaleReadsDoNotEndIt starts a stream and waits for it with reads that are up to 40 s
// old.
func TestWaitStaleReadsDoNotEndIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(2500) {
			rng := rand.New(rand.NewPCG(seed, 4))
			t0 := time.Now()
			begin := t0.Add(time.Duration(rng.Int64N(int64(5 * time.Second))))
			l := life{
				{State: stopped, At: t0},
				{State: starting, At: begin},
				{State: started, At: begin.Add(time.Duration(rng.Int64N(int64(10 * time.Minute))))},
			}
			w := &statemachine.Waiter[row, state]{
				Machine: stream(), Resource: "res-1", State: stateOf, Options: statemachine.WaitOptions{Jitter: identity},
				Read: func(context.Context) (row, error) {
					if rng.IntN(20) == 0 {
						return row{}, statemachine.Throttled
					}
					return row{State: l.at(time.Now().Add(-time.Duration(rng.Int64N(int64(40 * time.Second)))))}, nil
				},
			}
			if seed%2 == 0 {
				w.Options.MinDelay = time.Duration(1+rng.IntN(20)) * time.Second
			}
			v, err := w.Wait(t.Context(), started, time.Hour)
			if err != nil || v.State != started || time.Now().Before(l[2].At) {
				t.Fatalf("seed %d: %+v, %v", seed, v, err)
			}
		}
	})
}

// TestWaitTenThousandAtOnce runs ten thousand waits at once. The bubble fails the test if a
// goroutine is left.
func TestWaitTenThousandAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		var wg sync.WaitGroup
		ended := make([]error, n)
		for i := range n {
			wg.Go(func() {
				s := responses(response{state: starting}, response{state: starting, takes: time.Second}, response{state: started})
				switch i % 4 {
				case 1:
					s.responses[2] = response{err: statemachine.AccessDenied}
				case 2:
					s.responses[2] = response{hang: true}
				case 3:
					s.responses[2] = response{state: starting}
				}
				_, ended[i] = s.waiter(every(10*time.Second)).Wait(t.Context(), started, 25*time.Second)
			})
		}
		wg.Wait()
		for i, err := range ended {
			want := []statemachine.Reason{"", statemachine.ReadFailed, statemachine.TimedOut, statemachine.TimedOut}[i%4]
			if want == "" && err != nil || want != "" && waitError(t, err).Reason != want {
				t.Fatalf("wait %d: got %v, want %q", i, err, want)
			}
		}
	})
}
