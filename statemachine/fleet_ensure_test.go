package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// pool is many resources that can be commanded.
type pool struct {
	begin     time.Time
	resources map[string]*resource
	latency   time.Duration // of a read of many
	takes     time.Duration // of a command

	mu       sync.Mutex
	reads    int
	calls    []time.Duration // commands
	inflight int
	peak     int
}

func newPark(n int, m *statemachine.Machine[state], s state, takes time.Duration) *pool {
	p := &pool{begin: time.Now(), resources: map[string]*resource{}}
	for i := range n {
		p.resources[fmt.Sprintf("r%d", i)] = newResource(m, s, takes)
	}
	return p
}

func (p *pool) fleet(m *statemachine.Machine[state], o statemachine.WaitOptions) *statemachine.Fleet[row, state] {
	return &statemachine.Fleet[row, state]{
		Machine: m, State: stateOf, Options: o,
		Read: func(ctx context.Context, name string) (row, error) {
			p.mu.Lock()
			p.reads++
			p.mu.Unlock()
			return p.resources[name].read(ctx)
		},
		ReadMany: func(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
			p.mu.Lock()
			p.reads++
			p.mu.Unlock()
			if err := assert.Sleep(ctx, p.latency); err != nil {
				return nil, err
			}
			results := make([]statemachine.Result[row], len(names))
			for i, name := range names {
				v, err := p.resources[name].read(ctx)
				results[i] = statemachine.Result[row]{Index: i, Value: v, Err: err}
			}
			return results, nil
		},
	}
}

// goals returns the goals of all resources of the park.
func (p *pool) goals(target state) []statemachine.Goal[row, state] {
	gs := goals(len(p.resources), target)
	for i := range gs {
		r := p.resources[gs[i].Resource]
		gs[i].Command = func(ctx context.Context, op statemachine.Operation) error {
			p.mu.Lock()
			p.calls = append(p.calls, time.Since(p.begin))
			p.inflight++
			p.peak = max(p.peak, p.inflight)
			p.mu.Unlock()
			defer func() {
				p.mu.Lock()
				p.inflight--
				p.mu.Unlock()
			}()
			if err := assert.Sleep(ctx, p.takes); err != nil {
				return err
			}
			return r.command(ctx, op)
		}
	}
	return gs
}

func TestFleetEnsure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(6, stream(), stopped, 25*time.Second)
		p.resources["r1"].set(started)
		p.resources["r2"].set(novel)
		p.resources["r3"].outcomes = []outcome{{err: fault(statemachine.KeyNotAccessible)}}
		p.resources["r4"].outcomes = []outcome{{err: fault(statemachine.Conflict)}}
		p.resources["r5"].set(absent)
		gs := p.goals(started)
		gs[0].Drift = wantMode("async")
		gs[1].Drift = wantMode("sync")
		got := map[string]string{}
		for i, r := range p.fleet(stream(), tens()).Each(t.Context(), gs, time.Minute) {
			got[gs[i].Resource] = fmt.Sprintf("%v %s %v %v", time.Since(p.begin), r.Value.Value.State, r.Value.Operations, chain(r.Err))
		}
		assert.Equal(t, "results", map[string]string{
			"r0": "30s started [Start] []",
			"r1": "0s started [] [drifted]",
			"r2": "1m0s defrosting [] [timed out context deadline exceeded]",
			"r3": "0s stopped [] [key not accessible]",
			"r4": "40s started [Start] []",
			"r5": "1m0s  [] [gone not found]",
		}, got)
		p.resources["r0"].sameTrace(t, "0s stopped", "0s Start", "10s starting", "20s starting", "30s started")
	})
}

// TestFleetReadsAndCommandsTakeTurns checks that reads and commands share Concurrency and the
// rate limit without starving each other.
func TestFleetReadsAndCommandsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(40, stream(), stopped, time.Minute)
		p.takes, p.latency = time.Second, time.Second
		f := p.fleet(stream(), tens())
		f.Batch, f.Concurrency = 4, 2
		var ready []time.Duration
		for _, r := range f.Each(t.Context(), p.goals(started), time.Hour) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			ready = append(ready, time.Since(p.begin))
		}
		assert.Equal(t, "commands", 40, len(p.calls))
		assert.Equal(t, "at once", true, p.peak <= 2)
		// The first reads take ten calls, the commands forty; with two at a time and turns, the
		// last command is sent long before the minute that the first needs is over, and reads go
		// on meanwhile.
		if last := p.calls[39]; last > 40*time.Second {
			t.Errorf("the last command was sent after %s", last)
		}
		if ready[0] > 80*time.Second {
			t.Errorf("the first was ready after %s: the reads starved", ready[0])
		}
	})
}

// TestFleetQueuedCommandIsSentIfWantedAgain checks that a queued command is sent if a read shows
// that it is not necessary, and a later one that it is.
func TestFleetQueuedCommandIsSentIfWantedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(3, stream(), stopped, 15*time.Second)
		f := p.fleet(stream(), tens())
		f.ReadMany, f.Concurrency = nil, 1 // so that the one in front is not being read when the other is
		f.Commands.Pacer = statemachine.NewPacer(1.0/60, 1)
		r := p.resources["r2"] // another actor starts it while it waits, and that start is rolled back
		r.lapses = 1
		r.rival(5*time.Second, opStart)
		got := map[int]string{}
		for i, r := range f.Each(t.Context(), p.goals(started), 10*time.Minute) {
			got[i] = fmt.Sprintf("%v %v %v", time.Since(p.begin), r.Value.Operations, r.Err)
		}
		assert.Equal(t, "results", map[int]string{0: "20s [Start] <nil>", 1: "1m20s [Start] <nil>", 2: "2m20s [Start] <nil>"}, got)
		assert.Equal(t, "commands", secs(0, 60, 120), p.calls)
	})
}

// TestFleetQueuedCommandIsDroppedIfUnnecessary checks that a resource with a queued command is
// read every MaxDelay, so that it ends once another actor has run the command.
func TestFleetQueuedCommandIsDroppedIfUnnecessary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(2, stream(), stopped, 5*time.Second)
		p.resources["r1"].rival(3*time.Second, opStart)
		f := p.fleet(stream(), tens())
		f.ReadMany, f.Concurrency = nil, 1 // no read is filled up with it, and r0 comes first
		f.Commands.Pacer = statemachine.NewPacer(0, 1)
		got := map[int]string{}
		for i, r := range f.Each(t.Context(), p.goals(started), 30*time.Minute) {
			got[i] = fmt.Sprintf("%v %v %v", time.Since(p.begin), r.Value.Operations, r.Err)
		}
		assert.Equal(t, "results", map[int]string{0: "10s [Start] <nil>", 1: "10s [] <nil>"}, got)
	})
}

// TestFleetThrottledCommandPausesAllCommands checks that all commands pause after one was
// throttled.
func TestFleetThrottledCommandPausesAllCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(3, stream(), stopped, 0)
		p.resources["r0"].outcomes = []outcome{{err: fault(statemachine.Throttled)}}
		f := p.fleet(stream(), every(5*time.Second))
		f.Concurrency = 1
		f.Commands.Pacer = statemachine.NewPacer(100, 100)
		for _, r := range f.Each(t.Context(), p.goals(started), time.Hour) {
			assert.Equal(t, "error", nil, r.Err)
		}
		assert.Equal(t, "commands", secs(0, 1, 1, 5), p.calls)
	})
}

// TestFleetNoCommandStartsAtDeadline checks that queued commands are dropped at the deadline.
func TestFleetNoCommandStartsAtDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(10, stream(), stopped, 5*time.Second)
		f := p.fleet(stream(), tens())
		f.Pacer = statemachine.NewPacer(1.0/7, 1)
		timedOut := 0
		for _, r := range f.Each(t.Context(), p.goals(started), 30*time.Second) {
			if r.Err != nil {
				timedOut++
				assert.Equal(t, "chain", []string{"timed out", "context deadline exceeded"}, chain(r.Err))
			}
		}
		assert.Equal(t, "ended with the slot of the last reads", 35*time.Second, time.Since(p.begin))
		for _, at := range p.calls {
			if at >= 30*time.Second {
				t.Errorf("a command after the deadline: %v", p.calls)
			}
		}
		assert.Equal(t, "outcomes", 10, timedOut+succeeded(p))
	})
}

// TestFleetNoCommandStartsDuringFinalReads checks that no command starts while the reads at the
// deadline are made one after the other.
func TestFleetNoCommandStartsDuringFinalReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(3, stream(), stopped, time.Hour)
		f := p.fleet(stream(), tens())
		f.ReadMany, f.Concurrency = nil, 1
		f.Commands.Pacer = statemachine.NewPacer(1.0/31, 1)
		for _, r := range p.resources {
			r.reading = func(ctx context.Context) {
				if time.Since(p.begin) >= 30*time.Second {
					_ = assert.Sleep(ctx, 2*time.Second)
				}
			}
		}
		for _, r := range f.Each(t.Context(), p.goals(started), 30*time.Second) {
			assert.Equal(t, "timed out", true, errors.Is(r.Err, statemachine.TimedOut))
		}
		assert.Equal(t, "commands", secs(0), p.calls)
		assert.Equal(t, "ended", 36*time.Second, time.Since(p.begin))
	})
}

func succeeded(p *pool) (n int) {
	for _, r := range p.resources {
		if r.life.at(time.Now()) == started {
			n++
		}
	}
	return n
}

// TestFleetDryRunPlansWithoutCommands checks that a dry run plans for each resource and sends
// nothing, even if the first read takes until the deadline.
func TestFleetDryRunPlansWithoutCommands(t *testing.T) {
	t.Parallel()
	for _, maxWait := range []time.Duration{time.Hour, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := newPark(3, stream(), stopped, 5*time.Second)
			p.latency = 3 * time.Second
			f := p.fleet(stream(), tens())
			f.Commands.DryRun = true
			for _, r := range f.Each(t.Context(), p.goals(started), maxWait) {
				assert.Equal(t, "planned", ops{opStart}, r.Value.Planned)
				assert.Equal(t, "operations", nil, r.Value.Operations)
				assert.Equal(t, "failed", maxWait < p.latency, r.Err != nil)
			}
			assert.Equal(t, "commands", 0, len(p.calls))
			assert.Equal(t, "reads", 1, p.reads)
			assert.Equal(t, "elapsed", 3*time.Second, time.Since(p.begin))
		})
	}
}

// TestFleetBreakWaitsForCommandsInFlight checks that breaking out of the loop waits for the
// commands in flight, and sends no others.
func TestFleetBreakWaitsForCommandsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(30, stream(), stopped, 5*time.Second)
		p.resources["r0"].set(started)
		p.takes = 10 * time.Second
		for range p.fleet(stream(), tens()).Each(t.Context(), p.goals(started), time.Hour) {
			time.Sleep(time.Second)
			break
		}
		assert.Equal(t, "under way", 0, p.inflight)
		calls := len(p.calls)
		assert.Equal(t, "commands", 4, calls) // half of the 8 calls that may be in flight
		time.Sleep(time.Minute)
		assert.Equal(t, "commands", calls, len(p.calls))
	})
}

// TestFleetGoalGraceOverridesOptions checks the Grace of a goal and the options of a call.
func TestFleetGoalGraceOverridesOptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(4, stream(), stopped, 5*time.Second)
		gs := p.goals(started)
		for i := range gs { // accepted, and nothing comes of it
			gs[i].Command = func(context.Context, statemachine.Operation) error { return nil }
			gs[i].AcceptedGrace = []time.Duration{0, 35 * time.Second, -1, 5 * time.Minute}[i]
		}
		f := p.fleet(stream(), tens())
		got := map[int]string{}
		readings := 0
		for i, r := range f.Each(t.Context(), gs, time.Hour, func(o *statemachine.WaitOptions) {
			o.Grace = 2 * time.Minute
			o.OnRead = func(r statemachine.Reading) {
				readings++
				assert.Equal(t, "target of a reading", "started", r.Target)
			}
		}) {
			got[i] = fmt.Sprintf("%v %v", time.Since(p.begin), chain(r.Err))
		}
		assert.Equal(t, "results", map[int]string{
			0: "2m0s [unreachable]", 1: "40s [unreachable]", 2: "10s [unreachable]", 3: "5m0s [unreachable]",
		}, got)
		if readings == 0 {
			t.Error("OnRead of the call was not called")
		}
	})
}

// TestFleetBatchDriftAtDeadlineIsReported checks that drift which only a batch read at the
// deadline showed is part of the error.
func TestFleetBatchDriftAtDeadlineIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPark(1, stream(), stopped, 5*time.Second)
		gs := p.goals(started)
		gs[0].Drift = wantMode("sync")
		for _, r := range p.fleet(stream(), tens()).Each(t.Context(), gs, 15*time.Second) {
			assert.Equal(t, "chain", []string{"timed out", "drifted", "context deadline exceeded"}, chain(r.Err))
		}
	})
}

// TestFleetHoldsRulesInRandomWorlds runs fleets with random delays, faults, other actors and
// bad batches. Each resource has one result in time, no operation is accepted twice, and without
// other actors none is missing.
func TestFleetHoldsRulesInRandomWorlds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost, total := 0, 0
		for seed := range uint64(80) {
			rng := rand.New(rand.NewPCG(seed, 10))
			var mu sync.Mutex
			often := func(percent int) bool { mu.Lock(); defer mu.Unlock(); return rng.IntN(100) < percent }
			upTo := func(d time.Duration) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(rng.Int64N(int64(d)))
			}
			n := 1 + int(upTo(60))
			p := newPark(n, stream(), stopped, 1+upTo(2*time.Minute))
			p.latency, p.takes = upTo(time.Second), upTo(2*time.Second)
			rival, faults := often(30), int(upTo(30))
			for i := range n {
				r := p.resources[fmt.Sprintf("r%d", i)]
				if often(30) {
					r.set(started)
				}
				if often(50) {
					r.stale = func() time.Duration { return upTo(30 * time.Second) }
				}
				for range 3 {
					var o outcome
					if often(faults) {
						o.err = fault([]statemachine.Kind{statemachine.Throttled, statemachine.Conflict, statemachine.InvalidState, statemachine.Unavailable}[upTo(4)])
						o.lost = statemachine.KindOf(o.err) == statemachine.Unavailable && often(50)
					}
					r.outcomes = append(r.outcomes, o)
				}
				if rival && often(20) {
					r.rival(upTo(5*time.Minute), ops{opStart, opStop}[upTo(2)])
				}
			}
			f := p.fleet(stream(), statemachine.WaitOptions{ReadTimeout: 20 * time.Second})
			f.Batch, f.Concurrency = 1+int(upTo(20)), 1+int(upTo(8))
			f.Options.Jitter = func(d time.Duration) time.Duration { return d - d/10 + upTo(d/5+1) }
			if often(50) {
				f.Pacer = statemachine.NewPacer(1+float64(upTo(20)), 1+int(upTo(30)))
			}
			many := f.ReadMany
			f.ReadMany = func(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
				switch {
				case often(faults / 3):
					return nil, fault(statemachine.Throttled)
				case often(faults / 4):
					return nil, fault(statemachine.InvalidInput)
				case often(faults / 6):
					<-ctx.Done()
					return nil, ctx.Err()
				}
				results, err := many(ctx, names)
				return slices.DeleteFunc(results, func(statemachine.Result[row]) bool { return often(faults / 5) }), err
			}
			if often(20) {
				f.ReadMany = nil
			}
			maxWait := time.Hour
			if often(30) {
				maxWait = 1 + upTo(5*time.Minute)
			}
			begin := time.Now()
			told := make([]bool, n)
			for i, r := range f.Each(t.Context(), p.goals(started), maxWait) {
				if told[i] {
					t.Fatalf("seed %d: r%d has two results", seed, i)
				}
				told[i] = true
				total++
				trace := func() string { return strings.Join(p.resources[fmt.Sprintf("r%d", i)].trace, "\n") }
				if r.Err != nil {
					lost++
				}
				if len(r.Value.Operations) > 1 {
					t.Fatalf("seed %d: accepted twice: %v\n%s", seed, r.Value.Operations, trace())
				}
				if !rival && maxWait == time.Hour && r.Err != nil {
					t.Fatalf("seed %d: r%d is lost: %v\n%s", seed, i, r.Err, trace())
				}
			}
			if slices.Contains(told, false) {
				t.Fatalf("seed %d: some have no result: %v", seed, told)
			}
			if took := time.Since(begin); took > maxWait+20*time.Second {
				t.Fatalf("seed %d: took %s of %s", seed, took, maxWait)
			}
			for _, r := range p.resources {
				r.mu.Lock()
				r.life = life{{State: novel}}
				r.mu.Unlock()
			}
		}
		t.Logf("%d of %d lost", lost, total)
	})
}

// TestFleetGoroutinesAreBounded checks that there is one goroutine during the range loop, and one
// for each call in flight.
func TestFleetGoroutinesAreBounded(t *testing.T) { //nolint:paralleltest // counts goroutines
	synctest.Test(t, func(t *testing.T) {
		p := newPark(500, stream(), stopped, time.Minute)
		p.latency, p.takes = 300*time.Millisecond, 300*time.Millisecond
		f := p.fleet(stream(), tens())
		f.Concurrency = 5
		before, most := runtime.NumGoroutine(), 0
		for range 10_000 { // those of earlier tests may still be ending
			runtime.Gosched()
			before = min(before, runtime.NumGoroutine())
		}
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { // counts at instants at which nothing else happens
			time.Sleep(time.Microsecond)
			for {
				select {
				case <-done:
					return
				case <-time.After(50 * time.Millisecond):
					n := runtime.NumGoroutine() - before - 1
					for i := 0; n > 1+5 && i < 100_000; i++ { // those that have just ended may still be counted for a moment
						runtime.Gosched()
						n = runtime.NumGoroutine() - before - 1
					}
					most = max(most, n)
				}
			}
		})
		for _, r := range f.Each(t.Context(), p.goals(started), time.Hour) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		close(done)
		wg.Wait()
		assert.Equal(t, "goroutines for one loop and five calls", 1+5, most)
	})
}
