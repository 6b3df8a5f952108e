package statemachine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// queued is a call that waits for a slot of a Pacer.
type queued struct {
	arrives, granted time.Duration
	patience         time.Duration // until its context ends; zero means never
	canceled         bool
}

// schedule is a random crowd of calls and of throttled calls, by a seed.
type schedule struct {
	perSecond float64
	burst     int
	calls     []queued        // in the order of arrival
	throttled []time.Duration // in order
}

func newSchedule(seed uint64, calls int) schedule {
	r := rand.New(rand.NewPCG(seed, 16))
	s := schedule{perSecond: []float64{0.5, 2, 8, 100}[r.IntN(4)], burst: 1 + r.IntN(50)}
	span := time.Duration(float64(calls) / s.perSecond * (0.2 + r.Float64()*1.5) * float64(time.Second))
	for range calls {
		c := queued{arrives: time.Duration(r.Int64N(int64(span)))}
		if r.IntN(3) == 0 { // many at one instant
			c.arrives = c.arrives.Round(span / 5)
		}
		if r.IntN(4) == 0 {
			c.patience = time.Duration(1 + r.Int64N(int64(span)/3+1))
		}
		s.calls = append(s.calls, c)
	}
	slices.SortStableFunc(s.calls, func(a, b queued) int { return int(a.arrives - b.arrives) })
	if seed%2 == 0 {
		for range r.IntN(8) {
			s.throttled = append(s.throttled, time.Duration(r.Int64N(int64(span))))
		}
		slices.Sort(s.throttled)
	}
	return s
}

// run makes the calls, and returns how often and until when the Pacer paused.
func (s *schedule) run(t *testing.T) (pauses [][2]time.Duration) {
	p := statemachine.NewPacer(s.perSecond, s.burst)
	begin := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, at := range s.throttled {
			time.Sleep(at - time.Since(begin))
			p.Throttled(time.Now())
			if until := p.PausedUntil(time.Now()).Sub(begin); len(pauses) == 0 || pauses[len(pauses)-1][1] != until {
				pauses = append(pauses, [2]time.Duration{time.Since(begin), until})
			}
		}
	})
	for i := range s.calls {
		c := &s.calls[i]
		time.Sleep(c.arrives - time.Since(begin))
		synctest.Wait() // one after the other
		wg.Go(func() {
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if c.patience > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.patience)
			}
			defer cancel()
			c.canceled = p.Wait(ctx) != nil
			c.granted = time.Since(begin)
		})
	}
	wg.Wait()
	return pauses
}

// ideal returns when an ideal queue would have granted the last slot: first come, first served, as
// early as rate and burst allow, without the calls that were canceled, and never during a pause.
func (s *schedule) ideal(pauses [][2]time.Duration) (last time.Duration) {
	tokens, at := float64(s.burst), time.Duration(0)
	for _, c := range s.calls {
		if c.canceled {
			continue
		}
		start := max(c.arrives, at)
		tokens = min(tokens+(start-at).Seconds()*s.perSecond, float64(s.burst))
		if tokens < 1 {
			wait := time.Duration((1 - tokens) / s.perSecond * float64(time.Second))
			start, tokens = start+wait, 1
		}
		for _, p := range pauses {
			if start >= p[0] && start < p[1] {
				tokens = min(tokens+(p[1]-start).Seconds()*s.perSecond, float64(s.burst))
				start = p[1]
			}
		}
		tokens--
		at, last = start, start
	}
	return last
}

// TestPacerSpecification checks on random schedules what a Pacer promises:
//
//  1. Over any window the slots exceed neither rate nor burst.
//  2. First come, first served: a slot goes to the call that has waited the longest.
//  3. A pause moves every slot: none is granted during it.
//  4. No slot is lost, and cancellation is free: the last call gets its slot within 1.05 of the
//     time of an ideal queue in which the canceled calls never arrived.
//  5. A canceled call returns at the end of its context.
func TestPacerSpecification(t *testing.T) {
	t.Parallel()
	sizes := []int{10, 100, 1000, 3000}
	for seed := range uint64(40) {
		assert.RunSynctest(t, fmt.Sprint(seed), func(t *testing.T) {
			s := newSchedule(seed, sizes[seed%4])
			pauses := s.run(t)
			var slots []time.Duration
			var before queued
			for i, c := range s.calls {
				if c.canceled {
					assert.Equal(t, "end of a canceled call", c.arrives+c.patience, c.granted)
					continue
				}
				if c.granted < before.granted {
					t.Fatalf("call %d got its slot at %s, before one that arrived earlier", i, c.granted)
				}
				before = c
				slots = append(slots, c.granted)
				for _, p := range pauses {
					if c.granted > p[0] && c.granted < p[1] {
						t.Errorf("a slot at %s, in the pause from %s to %s", c.granted, p[0], p[1])
					}
				}
			}
			for i := s.burst; i < len(slots); i++ { // burst+1 slots take an interval at least
				for _, n := range []int{1, 10, 100} {
					first := i - s.burst - n + 1
					least := time.Duration(float64(n) / s.perSecond * float64(time.Second))
					if first >= 0 && slots[i]-slots[first] < least-time.Microsecond {
						t.Fatalf("%d slots between %s and %s", s.burst+n, slots[first], slots[i])
					}
				}
			}
			if ideal := s.ideal(pauses); float64(before.granted) > 1.05*float64(ideal)+float64(time.Millisecond) {
				t.Errorf("the last slot was granted after %s, ideally after %s", before.granted, ideal)
			}
		})
	}
}

// TestPacerCanceledCallsLeaveNoDebt checks that 5,000 calls that give up after a second delay the
// next one by nothing.
func TestPacerCanceledCallsLeaveNoDebt(t *testing.T) {
	assert.RunSynctest(t, "5,000 calls", func(t *testing.T) {
		p := statemachine.NewPacer(8, 40)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 5000 {
			wg.Go(func() { _ = p.Wait(ctx) })
		}
		wg.Wait()
		begin := time.Now()
		assert.Equal(t, "error", nil, p.Wait(t.Context()))
		if waited := time.Since(begin); waited > 125*time.Millisecond {
			t.Errorf("the next call waited %s", waited)
		}
	})
}

// TestPacerTwoShares checks that two processes with half the rate each do as well as one with the
// whole.
func TestPacerTwoShares(t *testing.T) {
	last := func(t *testing.T, pacers ...*statemachine.Pacer) time.Duration {
		t.Helper()
		begin := time.Now()
		var wg sync.WaitGroup
		for i := range 2000 {
			wg.Go(func() { assert.Equal(t, "error", nil, pacers[i%len(pacers)].Wait(t.Context())) })
		}
		wg.Wait()
		return time.Since(begin)
	}
	assert.RunSynctest(t, "2,000 calls", func(t *testing.T) {
		whole := last(t, statemachine.NewPacer(8, 40))
		assert.Equal(t, "time of one", 245*time.Second, whole)
		assert.Equal(t, "time of two halves", whole, last(t, statemachine.NewPacer(4, 20), statemachine.NewPacer(4, 20)))
	})
}

// TestPacerMovesSlotsWithPause checks that after 31 s of throttling no more calls start than rate
// and burst allow.
func TestPacerMovesSlotsWithPause(t *testing.T) {
	assert.RunSynctest(t, "31 s", func(t *testing.T) {
		p := statemachine.NewPacer(8, 40)
		begin := time.Now()
		var mu sync.Mutex
		at := map[time.Duration]int{}
		var wg sync.WaitGroup
		p.Throttled(begin)
		for range 1000 {
			wg.Go(func() {
				for {
					_ = p.Wait(t.Context())
					if now := time.Now(); now.Sub(begin) >= 31*time.Second {
						mu.Lock()
						at[now.Sub(begin)]++
						mu.Unlock()
						return
					}
					p.Throttled(time.Now())
				}
			})
		}
		wg.Wait()
		most := 0
		for _, n := range at {
			most = max(most, n)
		}
		assert.Equal(t, "calls in one instant", 40, most)
	})
}

// TestCallbackPanicReachesRangeLoop checks that a panic in any function of the caller reaches the
// loop over the results with its value, and leaves no goroutine.
func TestCallbackPanicReachesRangeLoop(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(f *statemachine.Fleet[row, state], g *statemachine.Goal[row, state]){
		"OnRead": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Options.OnRead = func(statemachine.Reading) { panic("user's") }
		},
		"State": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.State = func(row) state { panic("user's") }
		},
		"Jitter": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Options.Jitter = func(time.Duration) time.Duration { panic("user's") }
		},
		"Check": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Check = func(row) error { panic("user's") }
		},
		"Drift": func(_ *statemachine.Fleet[row, state], g *statemachine.Goal[row, state]) {
			g.Drift = func(row) error { panic("user's") }
		},
		"Identity": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Identity = func(row) string { panic("user's") }
		},
		"Group": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Group = func(string) string { panic("user's") }
		},
		"Kind": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Kind = func(error) statemachine.Kind { panic("user's") }
			f.ReadMany = func(context.Context, []string) ([]statemachine.Result[row], error) {
				return nil, fault(statemachine.Throttled)
			}
		},
		"OnProgress": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.Options.OnProgress = func(statemachine.Progress) { panic("user's") }
		},
		"ReadMany": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.ReadMany = func(context.Context, []string) ([]statemachine.Result[row], error) { panic("user's") }
		},
		"Read": func(f *statemachine.Fleet[row, state], _ *statemachine.Goal[row, state]) {
			f.ReadMany, f.Read = nil, func(context.Context, string) (row, error) { panic("user's") }
		},
		"Command": func(_ *statemachine.Fleet[row, state], g *statemachine.Goal[row, state]) {
			g.Command = func(context.Context, statemachine.Operation) error { panic("user's") }
		},
		"Preflight": func(_ *statemachine.Fleet[row, state], g *statemachine.Goal[row, state]) {
			g.Preflight = func(context.Context, row, statemachine.Operation) error { panic("user's") }
		},
	} {
		assert.RunSynctest(t, name, func(t *testing.T) {
			p := newPark(20, stream(), stopped, 5*time.Second)
			f, goals := p.fleet(stream(), tens()), p.goals(started)
			f.Options.Jitter = nil
			set(f, &goals[3])
			defer func() { assert.Equal(t, "recovered value", any("user's"), recover()) }()
			for range f.Each(t.Context(), goals, time.Hour) {
				continue
			}
			t.Error("the loop ended without a panic")
		})
	}
}

// TestPacerTakesTurns checks that a queue of commands does not delay a read, and that a queue of
// reads does not delay a command.
func TestPacerTakesTurns(t *testing.T) {
	t.Parallel()
	assert.RunSynctest(t, "10 commands", func(t *testing.T) {
		p := statemachine.NewPacer(1, 1)
		begin := time.Now()
		var wg sync.WaitGroup
		var mu sync.Mutex
		var sent []time.Duration
		for range 10 {
			wg.Go(func() {
				r := newResource(stream(), stopped, time.Hour)
				e := r.ensurer(every(time.Minute))
				e.Commands.Pacer = p
				run := e.Command
				e.Command = func(ctx context.Context, op statemachine.Operation) error {
					mu.Lock()
					sent = append(sent, time.Since(begin))
					mu.Unlock()
					return run(ctx, op)
				}
				_, _ = e.Ensure(t.Context(), started, 20*time.Second)
			})
		}
		time.Sleep(2500 * time.Millisecond)
		for range 3 {
			assert.Equal(t, "error", nil, p.Wait(t.Context()))
			mu.Lock()
			sent = append(sent, -time.Since(begin))
			mu.Unlock()
		}
		wg.Wait()
		assert.Equal(t, "commands, and reads as negative times", secs(0, 1, 2, -3, 4, -5, 6, -7, 8, 9, 10, 11, 12), sent)
	})
}
