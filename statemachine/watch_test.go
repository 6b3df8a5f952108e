package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	reason := errors.New("the operator went home")
	for _, tt := range []struct {
		name, why string
		responses []response
		set       func(*statemachine.Waiter[row, state])
		timeout   time.Duration // of the context
		reads     []time.Duration
		yields    []string
	}{{
		name: "changes only", why: "the first value, then each read that differs; any state is worth telling",
		responses: []response{{state: stopped}, {state: stopped}, {state: starting}, {state: novel}, {state: novel}, {state: ""}, {state: started}, {err: fault(statemachine.NotFound)}},
		reads:     secs(0, 10, 20, 30, 40, 50, 60, 70),
		yields: []string{
			"0s stopped []", "20s starting []", "30s defrosting []", "50s  []", "1m0s started []", "1m10s started [gone not found]",
		},
	}, {
		name: "same", why: "Same decides what is worth telling",
		responses: []response{{state: started, mode: "a"}, {state: started, mode: "b"}, {state: stopped, mode: "b"}, {state: stopped, mode: "c"}, {err: fault(statemachine.NotFound)}},
		set: func(w *statemachine.Waiter[row, state]) {
			w.Same = func(a, b row) bool { return a.Mode == b.Mode }
		},
		reads:  secs(0, 10, 20, 30, 40),
		yields: []string{"0s started []", "10s started []", "30s stopped []", "40s stopped [gone not found]"},
	}, {
		name: "tolerated failures", why: "they are not yielded; the next read comes after twice the delay",
		responses: []response{{err: fault(statemachine.Throttled)}, {state: started}, {err: fault(statemachine.Conflict)}, {hang: true}, {state: started}, {state: stopped}, {err: fault(statemachine.AccessDenied)}},
		reads:     secs(0, 20, 30, 50, 100, 110, 120),
		yields:    []string{"20s started []", "1m50s stopped []", "2m0s stopped [read failed access denied]"},
	}, {
		name: "gone at once", why: "yielded once, without a value",
		responses: []response{{err: fault(statemachine.NotFound)}},
		reads:     secs(0),
		yields:    []string{"0s  [gone not found]"},
	}, {
		name: "gone is no state here", why: "absence ends a watch even where it is a state one can wait for",
		responses: []response{{state: active}, {err: fault(statemachine.NotFound)}},
		set:       func(w *statemachine.Waiter[row, state]) { w.Machine = topic() },
		reads:     secs(0, 10),
		yields:    []string{"0s ACTIVE []", "10s ACTIVE [gone not found]"},
	}, {
		name: "the context's end", why: "yielded once, with the last value",
		responses: []response{{state: started}},
		timeout:   25 * time.Second,
		reads:     secs(0, 10, 20),
		yields:    []string{"0s started []", "25s started [canceled interrupted context deadline exceeded]"},
	}, {
		name: "the context's end during a read", why: "the same",
		responses: []response{{state: started}, {hang: true}},
		timeout:   25 * time.Second,
		reads:     secs(0, 10),
		yields:    []string{"0s started []", "25s started [canceled interrupted context deadline exceeded]"},
	}, {
		name: "ended before it began", why: "nothing is read",
		responses: []response{{state: started}},
		timeout:   -1,
		yields:    []string{"0s  [canceled interrupted context deadline exceeded]"},
	}, {
		name: "Check", why: "it is for waits: a watch reports every value",
		responses: []response{{state: started}, {err: fault(statemachine.NotFound)}},
		set:       func(w *statemachine.Waiter[row, state]) { w.Check = func(row) error { return errTest } },
		reads:     secs(0, 10),
		yields:    []string{"0s started []", "10s started [gone not found]"},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.timeout != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeoutCause(ctx, tt.timeout, reason)
					defer cancel()
				}
				s := responses(tt.responses...)
				w := s.waiter(tens())
				failed, readings := 0, 0
				w.Options.OnRead = func(r statemachine.Reading) {
					if readings++; r.Err != nil {
						failed++
					}
					assert.Equal(t, "target of a reading", "", r.Target)
				}
				if tt.set != nil {
					tt.set(w)
				}
				var got []string
				for v, err := range w.Watch(ctx) {
					got = append(got, fmt.Sprintf("%v %s %v", time.Since(s.start), v.State, chain(err)))
					if err != nil {
						assert.Equal(t, "reads", len(tt.reads), waitError(t, err).Reads)
						assert.Equal(t, "cause", tt.timeout != 0, errors.Is(err, reason))
					}
				}
				assert.Equal(t, "reads", tt.reads, s.reads)
				assert.Equal(t, "yields", tt.yields, got)
				assert.Equal(t, "readings", len(tt.reads), readings)
				if tt.name == "tolerated failures" {
					assert.Equal(t, "failed readings", 4, failed)
				}
				if t.Failed() {
					t.Log(tt.why)
				}
			})
		})
	}
}

func TestWatchCallsOnRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := responses(response{state: stopped}, response{state: stopped}, response{err: fault(statemachine.Throttled)}, response{err: fault(statemachine.NotFound)})
		w := s.waiter(tens())
		var delays []time.Duration
		w.Options.OnRead = func(r statemachine.Reading) { delays = append(delays, r.NextDelay) }
		for range w.Watch(t.Context()) {
		}
		assert.Equal(t, "delays: after one that is yielded, one that is not, one that failed, and the last", secs(10, 10, 20, 0), delays)
	})
}

// TestWatchRangeAgainStartsOver checks that breaking out stops the reads, and that ranging again
// starts over.
func TestWatchRangeAgainStartsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := shows(stopped, starting, started)
		watch := s.waiter(tens()).Watch(t.Context())
		var got []string
		for range 2 {
			for v, err := range watch {
				got = append(got, fmt.Sprintf("%v %s %v", time.Since(s.start), v.State, err))
				time.Sleep(30 * time.Second) // nothing is read while the body runs
				if v.Number > 1 {
					break
				}
			}
			time.Sleep(time.Hour)
		}
		assert.Equal(t, "yields", []string{"0s stopped <nil>", "30s starting <nil>", "1h1m0s started <nil>"}, got)
		assert.Equal(t, "reads", secs(0, 30, 3660), s.reads)
	})
}

func TestWatchInvalidInputIsRejected(t *testing.T) {
	t.Parallel()
	n := 0
	for v, err := range new(statemachine.Waiter[row, state]).Watch(t.Context(), func(o *statemachine.WaitOptions) { o.WatchDelay = -1 }) {
		n++
		assert.Equal(t, "value", row{}, v)
		input, _ := errors.AsType[*statemachine.InputError](err)
		assert.Equal(t, "fields", []string{"Read", "WatchDelay", "Machine", "State"}, fields(input))
	}
	assert.Equal(t, "yields", 1, n)
}

// TestWatchLongDelayDoesNotOverflow checks a maximum delay with its jitter and its doubling.
func TestWatchLongDelayDoesNotOverflow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		s := responses(response{err: fault(statemachine.Throttled)})
		w := s.waiter(statemachine.WaitOptions{WatchDelay: math.MaxInt64, MinDelay: math.MaxInt64})
		for _, err := range w.Watch(ctx) {
			assert.Equal(t, "chain", []string{"canceled", "throttled", "interrupted", "context deadline exceeded"}, chain(err))
		}
		assert.Equal(t, "reads", secs(0), s.reads)
		_, err := w.Wait(t.Context(), started, 24*time.Hour)
		assert.Equal(t, "chain", []string{"timed out", "throttled", "context deadline exceeded"}, chain(err))
		assert.Equal(t, "reads", secs(0, 86400, 2*86400), s.reads)
	})
}

func TestFleetWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, startedAfter(func(i int) time.Duration { return time.Duration(15+10*i) * time.Second }))
		delete(w.lives, "r2")
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		var got []string
		for i, r := range w.fleet(tens()).Watch(ctx, names(3)) {
			assert.Equal(t, "index", i, r.Index)
			got = append(got, w.outcomeOf(i, r.Value, r.Err))
		}
		assert.Equal(t, "results", []string{
			"0s r0 starting", "0s r1 starting", "0s r2  [gone not found]", "20s r0 started", "30s r1 started",
			"35s r0 started [canceled interrupted context deadline exceeded]", "35s r1 started [canceled interrupted context deadline exceeded]",
		}, got)
		assert.Equal(t, "calls", []string{
			"0s many [r0 r1 r2]", "0s one [r2]", "10s many [r0 r1]", "20s many [r0 r1]", "30s many [r0 r1]",
		}, w.lines())
	})
}

// TestFleetWatchSlowBodyReceivesLatest checks that a body that is slower than the changes
// receives the latest value of each resource only.
func TestFleetWatchSlowBodyReceivesLatest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, func(_ int, begin time.Time) life {
			return life{
				{State: stopped, At: begin}, {State: starting, At: begin.Add(15 * time.Second)}, {State: started, At: begin.Add(25 * time.Second)},
				{State: stopping, At: begin.Add(65 * time.Second)},
			}
		})
		var got []string
		for i, r := range w.fleet(tens()).Watch(t.Context(), names(1)) {
			got = append(got, w.outcomeOf(i, r.Value, r.Err))
			if len(got) == 3 {
				break
			}
			time.Sleep(50 * time.Second)
		}
		assert.Equal(t, "results", []string{"0s r0 stopped", "50s r0 started", "1m40s r0 stopping"}, got)
	})
}

func TestFleetGet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(6, startedAfter(func(int) time.Duration { return time.Hour }))
		delete(w.lives, "r1")
		w.lacks["r2"] = true
		w.fails["r3"], w.lacks["r3"] = fault(statemachine.AccessDenied), true
		w.fails["r4"], w.lacks["r4"] = fault(statemachine.Throttled), true
		refused := 0
		w.refuse = func([]string, int) error {
			if refused++; refused <= 2 {
				return fault(statemachine.Unavailable)
			}
			return nil
		}
		f := w.fleet(tens())
		var failed int
		f.Options.OnRead = func(r statemachine.Reading) {
			if r.Err != nil {
				failed++
			}
			if r.Err == nil && r.State != string(starting) {
				t.Errorf("a reading without its state: %+v", r)
			}
		}
		got := map[int]string{}
		for i, r := range f.Get(t.Context(), names(6)) {
			got[i] = w.outcomeOf(i, r.Value, r.Err)
		}
		assert.Equal(t, "results", map[int]string{
			0: "40s r0 starting", 1: "40s r1  [not found]", 2: "40s r2 starting", 3: "40s r3  [access denied]", 4: "2m40s r4  [throttled]", 5: "40s r5 starting",
		}, got)
	})
}

// TestJitterDefaultIsATenth checks that the default jitter is a tenth of the delay either way:
// from 1,800 to 2,200 ns for 2 µs. That 20,000 delays miss one of the 401 happens once in 10²¹
// runs.
func TestJitterDefaultIsATenth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const reads = 20_000
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := shows(started)
		w := s.waiter(statemachine.WaitOptions{WatchDelay: 2 * time.Microsecond})
		w.Read = func(ctx context.Context) (row, error) {
			if len(s.reads) == reads {
				cancel()
			}
			return s.read(ctx)
		}
		for range w.Watch(ctx) {
		}
		least, most := time.Hour, time.Duration(0)
		for i := range reads - 1 {
			d := s.reads[i+1] - s.reads[i]
			least, most = min(least, d), max(most, d)
		}
		assert.Equal(t, "the shortest and the longest delay", []time.Duration{1800, 2200}, []time.Duration{least, most})
	})
}

// TestWatchRecordsHistory checks that the readings have the state, and the final error the
// history.
func TestWatchRecordsHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		o := tens()
		var read []string
		o.OnRead = func(r statemachine.Reading) { read = append(read, r.State) }
		w := responses(response{state: starting}, response{state: starting}, response{state: started}, response{err: fault(statemachine.NotFound)}).waiter(o)
		var end error
		for _, err := range w.Watch(t.Context()) {
			end = err
		}
		assert.Equal(t, "readings", []string{"starting", "starting", "started", "started"}, read)
		assert.Equal(t, "history", []statemachine.Sighting[string]{{State: "starting", At: begin}, {State: "started", At: begin.Add(20 * time.Second)}}, waitError(t, end).History)
	})
}

// TestGetEndsAfterTenFailedReads checks that a Get makes at most ten reads of a resource,
// including batch reads.
func TestGetEndsAfterTenFailedReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		f := statemachine.Fleet[row, state]{
			Machine: stream(), State: func(r row) state { return r.State },
			Read: func(context.Context, string) (row, error) { reads++; return row{}, statemachine.Throttled },
			ReadMany: func(context.Context, []string) ([]statemachine.Result[row], error) {
				reads++
				return nil, statemachine.Throttled
			},
		}
		for _, r := range f.Get(t.Context(), []string{"one"}) {
			assert.Equal(t, "throttled", true, errors.Is(r.Err, statemachine.Throttled))
		}
		assert.Equal(t, "reads", 10, reads)
	})
}
