package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestFleetEach waits for a few resources, with every read and result at an exact instant.
func TestFleetEach(t *testing.T) {
	t.Parallel()
	later := startedAfter(func(i int) time.Duration { return time.Duration(25-10*i) * time.Second }) // r0 25 s, r1 15 s, r2 5 s
	for _, tt := range []struct {
		name, why string
		n         int
		maxWait   time.Duration
		life      func(int, time.Time) life
		set       func(*world, *statemachine.Fleet[row, state])
		calls     []string
		results   []string
	}{{
		name: "one by one", why: "without ReadMany, each has a read of its own; results come in the order in which they are ready",
		n: 3, life: later, set: func(_ *world, f *statemachine.Fleet[row, state]) { f.ReadMany = nil },
		calls: []string{
			"0s one [r0]", "0s one [r1]", "0s one [r2]", "10s one [r0]", "10s one [r1]", "10s one [r2]", "20s one [r0]", "20s one [r1]", "30s one [r0]",
		},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "together", why: "only what is still pending is read",
		n: 3, life: later,
		calls:   []string{"0s many [r0 r1 r2]", "10s many [r0 r1 r2]", "20s many [r0 r1]", "30s many [r0]"},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "batches", why: "no more than Batch in one read",
		n: 3, life: later, set: func(_ *world, f *statemachine.Fleet[row, state]) { f.Batch = 2 },
		calls:   []string{"0s many [r0 r1]", "0s many [r2]", "10s many [r0 r1]", "10s many [r2]", "20s many [r0 r1]", "30s many [r0]"},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "groups", why: "only what can be read together is",
		n: 3, life: later, set: func(_ *world, f *statemachine.Fleet[row, state]) {
			f.Group = func(r string) string { return map[bool]string{true: "odd", false: "even"}[r == "r1"] }
		},
		calls:   []string{"0s many [r0 r2]", "0s many [r1]", "10s many [r0 r2]", "10s many [r1]", "20s many [r0]", "20s many [r1]", "30s many [r0]"},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "missing in a batch, but there", why: "what a read of many lacks is read alone, and for a minute from then on",
		n: 3, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) { w.lacks["r1"] = true },
		calls: []string{
			"0s many [r0 r1 r2]", "0s one [r1]", "10s many [r0 r2]", "10s one [r1]", "20s many [r0]", "20s one [r1]", "30s many [r0]",
		},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "missing for good", why: "its own read says so, and only its own wait ends",
		n: 3, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) { delete(w.lives, "r1") },
		calls:   []string{"0s many [r0 r1 r2]", "0s one [r1]", "10s many [r0 r2]", "20s many [r0]", "30s many [r0]"},
		results: []string{"0s r1  [gone not found]", "10s r2 started", "30s r0 started"},
	}, {
		name: "one spoils the batch", why: "all are read alone once; the one that is bad ends, the others are read together again",
		n: 3, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) {
			w.fails["r1"] = fault(statemachine.InvalidInput)
			w.refuse = func(names []string, _ int) error {
				if slices.Contains(names, "r1") {
					return fault(statemachine.InvalidInput)
				}
				return nil
			}
		},
		calls: []string{
			"0s many [r0 r1 r2]", "0s one [r0]", "0s one [r1]", "0s one [r2]", "10s many [r0 r2]", "20s many [r0]", "30s many [r0]",
		},
		results: []string{"0s r1  [read failed invalid input]", "10s r2 started", "30s r0 started"},
	}, {
		name: "batches are denied", why: "a caller who may read each alone is not refused: all are read alone for a minute",
		n: 3, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) {
			w.refuse = func([]string, int) error { return fault(statemachine.AccessDenied) }
		},
		calls: []string{
			"0s many [r0 r1 r2]", "0s one [r0]", "0s one [r1]", "0s one [r2]", "10s one [r0]", "10s one [r1]", "10s one [r2]", "20s one [r0]", "20s one [r1]",
			"30s one [r0]",
		},
		results: []string{"10s r2 started", "20s r1 started", "30s r0 started"},
	}, {
		name: "a verdict of a batch", why: "whatever would end a wait badly comes from a read of that resource alone",
		n: 2, life: func(i int, begin time.Time) life {
			if i == 0 {
				return life{{State: starting, At: begin.Add(-time.Hour)}, {State: stopped, At: begin.Add(15 * time.Second)}}
			}
			return later(1, begin)
		}, set: func(_ *world, f *statemachine.Fleet[row, state]) { f.Options.Grace = -1 },
		calls:   []string{"0s many [r0 r1]", "10s many [r0 r1]", "20s many [r0 r1]", "20s one [r0]"},
		results: []string{"20s r1 started", "20s r0 stopped [lapsed]"},
	}, {
		name: "throttled", why: "a retryable failure is tolerated with twice the delay, and never read alone",
		n: 2, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) {
			w.refuse = func(_ []string, n int) error {
				if n == 2 {
					return fault(statemachine.Throttled)
				}
				return nil
			}
		},
		calls:   []string{"0s many [r0 r1]", "10s many [r0 r1]", "30s many [r0 r1]"},
		results: []string{"30s r0 started", "30s r1 started"},
	}, {
		name: "too slow for many", why: "a batch that is lost is halved until the response is in time",
		n: 8, life: startedAfter(func(int) time.Duration { return 0 }), set: func(w *world, f *statemachine.Fleet[row, state]) {
			f.Batch, f.Options.ReadTimeout = 8, 5*time.Second
			w.hang = func(names []string, _ bool) bool { return len(names) > 2 }
		},
		calls: []string{
			"0s many [r0 r1 r2 r3 r4 r5 r6 r7]", "25s many [r0 r1 r2 r3 r4 r5 r6 r7]",
			"50s many [r0 r1 r2 r3]", "50s many [r4 r5 r6 r7]",
			"1m15s many [r0 r1]", "1m15s many [r2 r3]", "1m15s many [r4 r5]", "1m15s many [r6 r7]",
		},
		results: []string{
			"1m15s r0 started", "1m15s r1 started", "1m15s r2 started", "1m15s r3 started",
			"1m15s r4 started", "1m15s r5 started", "1m15s r6 started", "1m15s r7 started",
		},
	}, {
		name: "deadline", why: "one last read at the deadline, together",
		n: 2, maxWait: 15 * time.Second, life: startedAfter(func(i int) time.Duration { return time.Duration(12+10*i) * time.Second }),
		calls:   []string{"0s many [r0 r1]", "10s many [r0 r1]", "15s many [r0 r1]"},
		results: []string{"15s r0 started", "15s r1 starting [timed out context deadline exceeded]"},
	}, {
		name: "missing at the deadline", why: "no read starts after the deadline: what would need one times out",
		n: 2, maxWait: 15 * time.Second, life: later, set: func(w *world, _ *statemachine.Fleet[row, state]) {
			w.refuse = func(_ []string, n int) error { w.lacks["r1"] = n >= 3; return nil }
		},
		calls:   []string{"0s many [r0 r1]", "10s many [r0 r1]", "15s many [r0 r1]"},
		results: []string{"15s r0 starting [timed out context deadline exceeded]", "15s r1 starting [timed out not found context deadline exceeded]"},
	}, {
		name: "more at the deadline than can be read", why: "they end a ReadTimeout after the deadline at most, read or not",
		n: 5, maxWait: 10 * time.Second, life: startedAfter(func(int) time.Duration { return time.Hour }), set: func(w *world, f *statemachine.Fleet[row, state]) {
			f.ReadMany, f.Concurrency, f.Options.ReadTimeout = nil, 2, 10*time.Second
			w.hang = func([]string, bool) bool { return time.Since(w.begin) >= 10*time.Second }
		},
		calls: []string{"0s one [r0]", "0s one [r1]", "0s one [r2]", "0s one [r3]", "0s one [r4]", "10s one [r0]", "10s one [r1]"},
		results: []string{
			"20s r0 starting [timed out unavailable context deadline exceeded]", "20s r1 starting [timed out unavailable context deadline exceeded]",
			"20s r2 starting [timed out context deadline exceeded]", "20s r3 starting [timed out context deadline exceeded]",
			"20s r4 starting [timed out context deadline exceeded]",
		},
	}, {
		name: "pacer", why: "the reads wait for their slots, and the last ones may get theirs after the deadline",
		n: 3, maxWait: 12 * time.Second, life: startedAfter(func(i int) time.Duration { return time.Duration(i) * time.Hour }),
		set: func(_ *world, f *statemachine.Fleet[row, state]) {
			f.ReadMany, f.Pacer = nil, statemachine.NewPacer(0.25, 1)
		},
		calls: []string{"0s one [r0]", "4s one [r1]", "8s one [r2]", "12s one [r1]", "16s one [r2]"},
		results: []string{
			"0s r0 started", "12s r1 starting [timed out context deadline exceeded]", "16s r2 starting [timed out context deadline exceeded]",
		},
	}, {
		name: "a slot long after the deadline", why: "there is no last read",
		n: 1, maxWait: 12 * time.Second, life: startedAfter(func(int) time.Duration { return time.Hour }),
		set: func(_ *world, f *statemachine.Fleet[row, state]) {
			f.Pacer = statemachine.NewPacer(1.0/60, 1)
		},
		calls:   []string{"0s many [r0]"},
		results: []string{"12s r0 starting [timed out context deadline exceeded]"},
	}, {
		name: "rubbish from ReadMany", why: "a result of nothing that was asked for is ignored",
		n: 2, life: startedAfter(func(int) time.Duration { return 0 }), set: func(_ *world, f *statemachine.Fleet[row, state]) {
			many := f.ReadMany
			f.ReadMany = func(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
				results, err := many(ctx, names)
				return append(results, statemachine.Result[row]{Index: -1}, statemachine.Result[row]{Index: 2}, statemachine.Result[row]{Index: 1 << 40}), err
			}
		},
		calls: []string{"0s many [r0 r1]"}, results: []string{"0s r0 started", "0s r1 started"},
	}, {
		name: "pacer pauses", why: "a throttled read pauses all of them",
		n: 2, life: startedAfter(func(int) time.Duration { return 0 }), set: func(w *world, f *statemachine.Fleet[row, state]) {
			f.Pacer, f.Batch, f.Concurrency = statemachine.NewPacer(100, 100), 1, 1
			f.Options.MinDelay, f.Options.MaxDelay = 100*time.Millisecond, 100*time.Millisecond
			w.refuse = func(_ []string, n int) error {
				if n == 1 {
					return fault(statemachine.Throttled)
				}
				return nil
			}
		},
		calls:   []string{"0s many [r0]", "1s many [r1]", "1s many [r0]"},
		results: []string{"1s r1 started", "1s r0 started"},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(tt.n, tt.life)
				f := w.fleet(tens())
				if tt.set != nil {
					tt.set(w, f)
				}
				if tt.maxWait == 0 {
					tt.maxWait = time.Hour
				}
				results := w.each(t, f, goals(tt.n, started), tt.maxWait)
				// Calls and results of one instant have no order between them.
				calls := w.lines()
				sortStable(calls)
				sortStable(results)
				wantCalls, wantResults := slices.Clone(tt.calls), slices.Clone(tt.results)
				sortStable(wantCalls)
				sortStable(wantResults)
				assert.Equal(t, "calls", wantCalls, calls)
				assert.Equal(t, "results", wantResults, results)
				if t.Failed() {
					t.Log(tt.why)
				}
			})
		})
	}
}

// sortStable sorts the lines of each instant.
func sortStable(lines []string) {
	at := func(l string) time.Duration {
		var text string
		_, _ = fmt.Sscan(l, &text)
		d, _ := time.ParseDuration(text)
		return d
	}
	slices.SortFunc(lines, func(a, b string) int {
		if c := at(a) - at(b); c != 0 {
			return int(c / max(c, -c))
		}
		return slices.Compare([]byte(a), []byte(b))
	})
}

// TestFleetFillsBatchesWithWhatIsDueNext checks that jitter does not undo the batching.
func TestFleetFillsBatchesWithWhatIsDueNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 6))
		w := newWorld(300, startedAfter(func(int) time.Duration { return 1000 * time.Second }))
		f := w.fleet(tens())
		f.Options.Jitter = func(d time.Duration) time.Duration { return d - d/10 + time.Duration(rng.Int64N(int64(d/5))) }
		results := w.each(t, f, goals(300, started), time.Hour)
		assert.Equal(t, "results", 300, len(results))
		if n := len(w.calls); n < 3*100 || n > 3*112 {
			t.Errorf("%d reads of 100 each in 1000 s of 10 s: not filled up", n)
		}
		full := 0
		for _, c := range w.calls {
			if len(c.Names) == 100 {
				full++
			}
		}
		if full < len(w.calls)-6 {
			t.Errorf("only %d of %d reads are full", full, len(w.calls))
		}
	})
}

// TestFleetOfOneMatchesWaiterAndEnsurer compares a fleet of one with a Waiter on random scripts,
// and with an Ensurer on random resources.
func TestFleetOfOneMatchesWaiterAndEnsurer(t *testing.T) {
	t.Parallel()
	instant := regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`) // in the error of a restart
	t.Run("Waiter", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for seed := range uint64(400) {
				rng := rand.New(rand.NewPCG(seed, 7))
				var as []response
				for range 1 + rng.IntN(8) {
					a := response{state: []state{stopped, starting, starting, started, stopping, "", novel}[rng.IntN(7)]}
					switch rng.IntN(8) {
					case 0:
						a.err = fault([]statemachine.Kind{statemachine.Throttled, statemachine.Conflict, statemachine.NotFound, statemachine.AccessDenied}[rng.IntN(4)])
					case 1:
						a.hang = true
					case 2:
						a.takes = time.Duration(rng.Int64N(int64(40 * time.Second)))
					}
					as = append(as, a)
				}
				o := statemachine.WaitOptions{Jitter: identity, Consecutive: rng.IntN(3), Grace: time.Duration(rng.IntN(100)-1) * time.Second}
				maxWait := time.Duration(1 + rng.Int64N(int64(5*time.Minute)))
				var readings [2][]statemachine.Reading
				run := func(i int, wait func(s *script, o statemachine.WaitOptions) (row, error)) string {
					s := &script{responses: as, start: time.Now()}
					o := o
					o.OnRead = func(r statemachine.Reading) { readings[i] = append(readings[i], r) }
					v, err := wait(s, o)
					return fmt.Sprintf("%v %v %v %v %v", s.reads, time.Since(s.start), v, chain(err), err)
				}
				one := run(0, func(s *script, o statemachine.WaitOptions) (row, error) {
					return s.waiter(o).Wait(t.Context(), started, maxWait)
				})
				many := run(1, func(s *script, o statemachine.WaitOptions) (v row, err error) {
					f := &statemachine.Fleet[row, state]{
						Machine: stream(), Read: func(ctx context.Context, _ string) (row, error) { return s.read(ctx) }, State: stateOf, Options: o,
					}
					for _, r := range f.Each(t.Context(), []statemachine.Goal[row, state]{{Resource: "res-1", Target: started}}, maxWait) {
						v, err = r.Value.Value, r.Err
					}
					return v, err
				})
				if one != many {
					t.Fatalf("seed %d:\n%s\n%s", seed, one, many)
				}
				assert.Equal(t, "readings", fmt.Sprint(readings[0]), fmt.Sprint(readings[1]))
			}
		})
	})
	t.Run("Ensurer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for seed := range uint64(400) {
				run := func(ensure func(r *resource, e *statemachine.Ensurer[row, state], maxWait time.Duration) (statemachine.Ensured[row], error)) string {
					rng := rand.New(rand.NewPCG(seed, 8))
					r := newResource(topic(), []state{absent, creating, active, broken}[rng.IntN(4)], time.Duration(rng.IntN(60))*time.Second)
					for range 3 {
						kinds := []statemachine.Kind{statemachine.Throttled, statemachine.InvalidState, statemachine.Unavailable, statemachine.AccessDenied}
						o := outcome{takes: time.Duration(rng.IntN(40)) * time.Second}
						if i := rng.IntN(10); i < 4 {
							o.err, o.lost = fault(kinds[i]), i == 2 && rng.IntN(2) == 0
						}
						r.outcomes = append(r.outcomes, o)
					}
					if rng.IntN(4) == 0 {
						r.lapses = 1
					}
					if rng.IntN(2) == 0 {
						r.stale = func() time.Duration { return time.Duration(rng.Int64N(int64(30 * time.Second))) }
					}
					e := r.ensurer(statemachine.WaitOptions{Jitter: identity})
					if rng.IntN(2) == 0 {
						e.Drift, e.Commands.Restart = wantMode("sync"), rng.IntN(2) == 0
						if rng.IntN(2) == 0 {
							r.mode = "sync"
						}
					}
					e.Commands.DryRun = rng.IntN(8) == 0
					done, err := ensure(r, e, time.Duration(1+rng.Int64N(int64(10*time.Minute))))
					since := func(at time.Time) time.Duration { return at.Sub(r.begin) }
					return fmt.Sprintf("%q %v %v %v %v %v %v %v %v", r.trace, time.Since(r.begin), done.Operations, done.Planned, done.Value,
						done.GapFrom.IsZero() || since(done.GapFrom) >= 0, done.GapTo.Sub(done.GapFrom), chain(err), instant.ReplaceAllString(fmt.Sprint(err), "some time"))
				}
				one := run(func(_ *resource, e *statemachine.Ensurer[row, state], maxWait time.Duration) (statemachine.Ensured[row], error) {
					return e.Ensure(t.Context(), active, maxWait)
				})
				many := run(func(r *resource, e *statemachine.Ensurer[row, state], maxWait time.Duration) (done statemachine.Ensured[row], err error) {
					f := &statemachine.Fleet[row, state]{
						Machine: r.machine, Read: func(ctx context.Context, _ string) (row, error) { return r.read(ctx) },
						State: stateOf, Options: e.Options, Commands: e.Commands,
					}
					goal := statemachine.Goal[row, state]{Resource: "res-1", Target: active, Command: e.Command, Drift: e.Drift}
					for _, result := range f.Each(t.Context(), []statemachine.Goal[row, state]{goal}, maxWait) {
						done, err = result.Value, result.Err
					}
					return done, err
				})
				if one != many {
					t.Fatalf("seed %d:\n%s\n%s", seed, one, many)
				}
			}
		})
	})
}

// TestFleetThrottledResultPausesPacer checks that one throttled resource of a batch pauses the
// Pacer.
func TestFleetThrottledResultPausesPacer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why     string
		kinds   [][2]statemachine.Kind // of the first reads
		results []string
	}{
		{"the last of a read", [][2]statemachine.Kind{{"unavailable", "throttled"}}, []string{"1s r0 started", "1s r1 started"}},
		{"the first of a read", [][2]statemachine.Kind{{"throttled", "unavailable"}}, []string{"1s r0 started", "1s r1 started"}},
		{
			"again after a read that failed otherwise, which does not make the pause short again",
			[][2]statemachine.Kind{{"throttled", "throttled"}, {"unavailable", "unavailable"}, {"throttled", "throttled"}},
			[]string{"3.2s r0 started", "3.2s r1 started"},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(2, startedAfter(func(int) time.Duration { return 0 }))
				f := w.fleet(every(100 * time.Millisecond))
				f.Pacer = statemachine.NewPacer(100, 100)
				many, reads := f.ReadMany, 0
				f.ReadMany = func(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
					results, err := many(ctx, names)
					if reads++; reads <= len(tt.kinds) {
						kinds := tt.kinds[reads-1]
						results = []statemachine.Result[row]{{Index: 0, Err: fault(kinds[0])}, {Index: 1, Err: fault(kinds[1])}}
					}
					return results, err
				}
				assert.Equal(t, "results", tt.results, w.each(t, f, goals(2, started), time.Hour))
			})
		})
	}
}

// TestFleetBreakStopsEverything checks that breaking out stops everything before the range
// statement ends.
func TestFleetBreakStopsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(500, startedAfter(func(i int) time.Duration { return time.Duration(i) * time.Second }))
		w.latency = 300 * time.Millisecond
		f := w.fleet(every(2 * time.Second))
		f.Batch = 7
		got := 0
		for range f.Each(t.Context(), goals(500, started), time.Hour) {
			if got++; got == 100 {
				break
			}
		}
		calls := len(w.calls)
		assert.Equal(t, "calls under way", 0, w.inflight)
		time.Sleep(time.Minute)
		assert.Equal(t, "calls", calls, len(w.calls))
	})
}

// TestFleetPanicInBodyStopsEverything checks that a panic in the loop body leaves no goroutine
// behind.
func TestFleetPanicInBodyStopsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(20, startedAfter(func(i int) time.Duration { return time.Duration(i) * time.Second }))
		w.latency = 300 * time.Millisecond
		defer func() {
			assert.Equal(t, "panic", "ouch", recover().(string))
			assert.Equal(t, "calls under way", 0, w.inflight)
		}()
		for range w.fleet(every(time.Second)).Each(t.Context(), goals(20, started), time.Hour) {
			panic("ouch")
		}
	})
}

// TestFleetSlowBodyDelaysNoRead checks that reads continue and end while the loop body runs.
func TestFleetSlowBodyDelaysNoRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(5, startedAfter(func(i int) time.Duration { return time.Duration(10*i) * time.Second }))
		var got []string
		for i, r := range w.fleet(tens()).Each(t.Context(), goals(5, started), time.Hour) {
			got = append(got, w.outcomeOf(i, r.Value.Value, r.Err))
			time.Sleep(10 * time.Minute)
		}
		assert.Equal(t, "results", []string{"0s r0 started", "10m0s r1 started", "20m0s r2 started", "30m0s r3 started", "40m0s r4 started"}, got)
		assert.Equal(t, "last read", 40*time.Second, w.calls[len(w.calls)-1].At)
	})
}

// TestFleetCanceledEndsEachResource checks that each pending resource has its own result when the
// context ends.
func TestFleetCanceledEndsEachResource(t *testing.T) {
	t.Parallel()
	reason := errors.New("the operator went home")
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			w := newWorld(3, startedAfter(func(i int) time.Duration { return time.Duration(i) * time.Hour }))
			w.hang = func([]string, bool) bool { return hang && time.Since(w.begin) > 5*time.Second }
			time.AfterFunc(15*time.Second, func() { cancel(reason) })
			var got []string
			for i, r := range w.fleet(tens()).Each(ctx, goals(3, started), 5*time.Hour) {
				got = append(got, w.outcomeOf(i, r.Value.Value, r.Err))
				if r.Err != nil {
					assert.Equal(t, "cause", true, errors.Is(r.Err, reason))
					assert.Equal(t, "elapsed", 15*time.Second, waitError(t, r.Err).Elapsed)
				}
			}
			assert.Equal(t, "results", []string{
				"0s r0 started", "15s r1 starting [canceled interrupted context canceled]", "15s r2 starting [canceled interrupted context canceled]",
			}, got)
		})
	}
}

// TestFleetFailureAffectsOneResource checks that the failure of one resource does not affect the
// others.
func TestFleetFailureAffectsOneResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(4, startedAfter(func(int) time.Duration { return 25 * time.Second }))
		f := w.fleet(tens())
		f.ReadMany = nil
		w.fails["r1"] = fault(statemachine.AccessDenied)
		w.fails["r2"] = errTest
		delete(w.lives, "r3")
		got := w.each(t, f, goals(4, started), time.Hour)
		sortStable(got)
		assert.Equal(t, "results", []string{
			"0s r1  [read failed access denied]", "0s r2  [read failed]", "0s r3  [gone not found]", "30s r0 started",
		}, got)
	})
}

func TestFleetInvalidInputIsRejected(t *testing.T) {
	t.Parallel()
	var zero statemachine.Fleet[row, state]
	w := &world{lives: map[string]life{}}
	bad := w.fleet(statemachine.WaitOptions{MinDelay: -1})
	bad.Batch, bad.Concurrency = -1, -2
	unmade := w.fleet(statemachine.WaitOptions{})
	unmade.Machine = new(statemachine.Machine[state])
	good := w.fleet(statemachine.WaitOptions{})
	nothing := func(context.Context, statemachine.Operation) error { return nil }
	for _, tt := range []struct {
		why   string
		f     *statemachine.Fleet[row, state]
		goals []statemachine.Goal[row, state]
		wait  time.Duration
		want  []string
	}{
		{"the zero value", &zero, goals(1, started), time.Hour, []string{"Read", "Machine", "State"}},
		{"the zero value, for many", &zero, goals(2, started), time.Hour, []string{"Read", "Machine", "State"}},
		{"what is wrong with all is reported once", good, goals(3, novel), time.Hour, []string{"target"}},
		{"everything at once", bad, goals(1, novel), 0, []string{"Batch", "Concurrency", "MinDelay", "target", "maxWait"}},
		{"no goals, and no time", good, nil, 0, []string{"maxWait"}},
		{"one goal of many", good, append(goals(2, started), statemachine.Goal[row, state]{Target: novel}), time.Hour, []string{"goals[2].Target"}},
		{"two goals of one resource that commands", good, []statemachine.Goal[row, state]{
			{Resource: "a", Target: started, Command: nothing}, {Resource: "b", Target: started, Command: nothing}, {Resource: "a", Target: stopped, Command: nothing},
		}, time.Hour, []string{"goals[2].Resource"}},
		{"what only a command looks at", good, []statemachine.Goal[row, state]{
			{Resource: "a", Target: started, Drift: func(row) error { return nil }},
			{Resource: "a", Target: started, Preflight: func(context.Context, row, statemachine.Operation) error { return nil }},
			{Resource: "a", Target: started, AcceptedGrace: time.Second},
		}, time.Hour, []string{"goals[0].Command", "goals[1].Command", "goals[2].Command"}},
		{"a machine that New did not make", unmade, goals(1, started), time.Hour, []string{"target"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			n := 0
			for i, r := range tt.f.Each(t.Context(), tt.goals, tt.wait) {
				n++
				assert.Equal(t, "index", []int{-1, -1}, []int{i, r.Index})
				input, _ := errors.AsType[*statemachine.InputError](r.Err)
				want, got := slices.Clone(tt.want), fields(input)
				slices.Sort(want)
				slices.Sort(got)
				assert.Equal(t, "fields", want, got)
			}
			assert.Equal(t, "results", 1, n)
		})
	}
	for range good.Each(t.Context(), nil, time.Hour) {
		t.Error("no goals, but a result")
	}
	for range unmade.Each(t.Context(), nil, time.Hour) { // must not panic
	}
	assert.Equal(t, "reads", 0, len(w.calls))
}

// TestFleetTenThousandResources starts ten thousand resources at once, with batch reads under a
// rate limit.
func TestFleetTenThousandResources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		rng := rand.New(rand.NewPCG(1, 9))
		begin := time.Now()
		ready := make([]time.Duration, n)
		w := newWorld(n, startedAfter(func(i int) time.Duration {
			ready[i] = time.Duration(rng.Int64N(int64(10 * time.Minute)))
			return ready[i]
		}))
		w.latency = 300 * time.Millisecond
		f := w.fleet(statemachine.WaitOptions{MinDelay: 5 * time.Second, MaxDelay: 2 * time.Minute})
		f.Pacer = statemachine.NewPacer(8, 40)
		var lag time.Duration
		got := make([]bool, n)
		for i, r := range f.Each(t.Context(), goals(n, started), time.Hour) {
			if r.Err != nil || got[i] {
				t.Fatalf("goal %d: %v, reported before: %t", i, r.Err, got[i])
			}
			got[i] = true
			lag += time.Since(begin) - ready[i]
		}
		for i := range got {
			if !got[i] {
				t.Fatalf("goal %d has no result", i)
			}
		}
		t.Logf("%d reads, mean lag %s, %d at once", len(w.calls), lag/n, w.peak)
		if w.peak > 8 {
			t.Errorf("%d calls at once, more than 8", w.peak)
		}
		if len(w.calls) > 8*700+40 {
			t.Errorf("%d reads: more than the quota has", len(w.calls))
		}
	})
}

// TestFleetMissingResultIsReadAlone checks that a resource that a batch read lacks is absent only
// if a read of it alone says so.
func TestFleetMissingResultIsReadAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		alone := 0
		f := statemachine.Fleet[row, state]{
			Machine: topic(), State: stateOf, Options: tens(),
			Read:     func(context.Context, string) (row, error) { alone++; return row{State: deleting}, nil },
			ReadMany: func(context.Context, []string) ([]statemachine.Result[row], error) { return nil, nil },
		}
		for _, r := range f.Each(t.Context(), goals(1, absent), 25*time.Second) {
			assert.Equal(t, "chain", []string{"timed out", "context deadline exceeded"}, chain(r.Err))
			assert.Equal(t, "last", "DELETING", waitError(t, r.Err).Last)
		}
		assert.Equal(t, "reads of it alone", 4, alone)
	})
}

// TestFleetReadsEachWhenDue checks that each of many resources is read exactly when it is due.
func TestFleetReadsEachWhenDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 60
		begin := time.Now()
		rng := rand.New(rand.NewPCG(1, 2))
		due := map[string]time.Duration{}
		reads := 0
		f := statemachine.Fleet[row, state]{
			Machine: stream(), State: stateOf, Concurrency: n,
			Read: func(context.Context, string) (row, error) { return row{State: starting}, nil },
			Options: statemachine.WaitOptions{
				Jitter: func(time.Duration) time.Duration { return time.Duration(1+rng.IntN(100_000)) * time.Millisecond },
				OnRead: func(r statemachine.Reading) {
					reads++
					now := time.Since(begin)
					if now != due[r.Resource] {
						t.Errorf("%s was read at %s, and was due at %s", r.Resource, now, due[r.Resource])
					}
					due[r.Resource] = now + r.NextDelay
				},
			},
		}
		for range f.Each(t.Context(), goals(n, started), time.Hour) {
		}
		if reads < n*60 {
			t.Errorf("%d reads", reads)
		}
	})
}
