package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// crowd is many callers that read the resources of a world one by one, each for itself.
type crowd struct {
	*world

	pacer  *statemachine.Pacer
	shared statemachine.SharedReads[row]
}

func newCrowd(n int, perSecond float64, burst int, l func(int, time.Time) life) *crowd {
	c := &crowd{world: newWorld(n, l), pacer: statemachine.NewPacer(perSecond, burst)}
	c.shared = statemachine.SharedReads[row]{ReadMany: c.readMany, Batch: 100}
	return c
}

func (c *crowd) waiter(name string) *statemachine.Waiter[row, state] {
	return &statemachine.Waiter[row, state]{
		Machine: stream(), Resource: name, State: stateOf, Pacer: c.pacer, Shared: &c.shared, Options: tens(),
		Read: func(ctx context.Context) (row, error) { return c.read(ctx, name) },
	}
}

// get reads one resource once.
func (c *crowd) get(ctx context.Context, name string) (row, error) {
	return c.shared.Read(ctx, c.pacer, name, func(ctx context.Context) (row, error) { return c.read(ctx, name) })
}

// sizes returns how many resources each call reads.
func (c *crowd) sizes() (sizes []int) {
	for _, call := range c.calls {
		sizes = append(sizes, len(call.Names))
	}
	return sizes
}

// all calls f for each of n resources at once, and returns the errors.
func all(n int, f func(i int, name string) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i, name := range names(n) {
		wg.Go(func() { errs[i] = f(i, name) })
	}
	wg.Wait()
	return errs
}

func TestSharedReadsOfManyGets(t *testing.T) {
	t.Parallel()
	now := startedAfter(func(int) time.Duration { return 0 })
	for _, tt := range []struct {
		why   string
		n     int
		sizes []int
		took  time.Duration
	}{
		{"without contention each goes alone and at once", 4, []int{1, 1, 1, 1}, 0},
		{"one that waits goes alone", 5, []int{1, 1, 1, 1, 1}, time.Second},
		{"those that wait go together", 60, []int{1, 1, 1, 1, 56}, time.Second},
		{"a full batch leaves the rest to the next slot", 304, []int{1, 1, 1, 1, 100, 100, 100}, 3 * time.Second},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			c := newCrowd(tt.n, 1, 4, now)
			errs := all(tt.n, func(_ int, name string) error {
				v, err := c.get(t.Context(), name)
				if v.State != started {
					t.Errorf("%s is %q", name, v.State)
				}
				return err
			})
			assert.Equal(t, "error", nil, errors.Join(errs...))
			assert.Equal(t, "resources of each call", tt.sizes, c.sizes())
			assert.Equal(t, "time", tt.took, time.Since(c.begin))
		})
	}
}

// TestSharedReadsCostLikeFleet checks that many waits on one Pacer make about as many calls as one
// Fleet, with jitter too.
func TestSharedReadsCostLikeFleet(t *testing.T) {
	t.Parallel()
	const n = 300
	later := startedAfter(func(i int) time.Duration { return time.Duration(60+i) * time.Second })
	for _, jitter := range []bool{false, true} {
		assert.RunSynctest(t, fmt.Sprint("jitter ", jitter), func(t *testing.T) {
			var mu sync.Mutex
			rng := rand.New(rand.NewPCG(1, 16))
			o := tens()
			if jitter {
				o.Jitter = func(d time.Duration) time.Duration {
					mu.Lock()
					defer mu.Unlock()
					return d - d/10 + time.Duration(rng.Int64N(int64(d/5)))
				}
			}
			one := newCrowd(n, 8, 40, later)
			f := one.fleet(o)
			f.Pacer = one.pacer
			one.each(t, f, goals(n, started), time.Hour)

			c := newCrowd(n, 8, 40, later)
			errs := all(n, func(i int, name string) error {
				w := c.waiter(name)
				w.Options = o
				_, err := w.Wait(t.Context(), started, time.Hour)
				if lag := time.Since(c.begin) - time.Duration(60+i)*time.Second; lag > 12*time.Second {
					t.Errorf("r%d was reported %s late", i, lag)
				}
				return err
			})
			assert.Equal(t, "error", nil, errors.Join(errs...))
			if singles := 40; len(c.calls) > len(one.calls)*12/10+singles {
				t.Errorf("%d calls, a Fleet makes %d", len(c.calls), len(one.calls))
			}
		})
	}
}

// TestSharedReadsLeaderGivesUp checks that the others read again if the caller that reads for them
// gives up or panics, and that those that give up cost nothing.
func TestSharedReadsLeaderGivesUp(t *testing.T) {
	t.Parallel()
	for _, why := range []string{"cancels", "panics"} {
		assert.RunSynctest(t, why, func(t *testing.T) {
			c := newCrowd(20, 1, 1, startedAfter(func(int) time.Duration { return 0 }))
			c.latency = 300 * time.Millisecond
			many, calls := c.shared.ReadMany, 0
			c.shared.ReadMany = func(ctx context.Context, names []string) ([]statemachine.Result[row], error) {
				if calls++; calls > 1 || why == "cancels" {
					return many(ctx, names)
				}
				panic("user's")
			}
			errs := all(20, func(i int, name string) (err error) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				switch {
				case i == 0: // has the first slot
				case i == 1: // reads for the others
					time.Sleep(time.Millisecond)
					time.AfterFunc(1100*time.Millisecond, cancel)
				case i == 2: // leaves the queue
					time.AfterFunc(500*time.Millisecond, cancel)
					time.Sleep(2 * time.Millisecond)
				default:
					time.Sleep(3 * time.Millisecond)
				}
				defer func() {
					if v := recover(); v != nil {
						err = fmt.Errorf("panic: %v", v)
					}
				}()
				_, err = c.get(ctx, name)
				return err
			})
			want := context.Canceled.Error()
			if why == "panics" {
				want = "panic: user's"
			}
			assert.Equal(t, "error of the one that reads", want, fmt.Sprint(errs[1]))
			assert.Equal(t, "error of the one that leaves", context.Canceled.Error(), fmt.Sprint(errs[2]))
			assert.Equal(t, "other errors", nil, errors.Join(slices.Concat(errs[:1], errs[3:])...))
			assert.Equal(t, "time", 2300*time.Millisecond, time.Since(c.begin))
		})
	}
}

// TestSharedReadsVerdictsComeFromSingleReads checks that what a shared read lacks, refuses or fails
// at ends no call without a read of that resource alone.
func TestSharedReadsVerdictsComeFromSingleReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why    string
		refuse error
		single int // reads of one resource, besides the first
	}{
		{"one is missing", nil, 1},
		{"batches are denied", fault(statemachine.AccessDenied), 19},
		{"batches are throttled: they are tried three times, then all are read alone", fault(statemachine.Throttled), 19},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			c := newCrowd(20, 10, 1, startedAfter(func(int) time.Duration { return 0 }))
			c.lacks["r7"] = true
			c.refuse = func([]string, int) error { return tt.refuse }
			errs := all(20, func(i int, name string) error {
				time.Sleep(time.Duration(min(i, 1)) * time.Millisecond) // r0 is the first
				v, err := c.get(t.Context(), name)
				if v.State != started {
					t.Errorf("%s is %q", name, v.State)
				}
				return err
			})
			assert.Equal(t, "error", nil, errors.Join(errs...))
			single := 0
			for _, call := range c.calls {
				if !call.Many {
					single++
				}
			}
			assert.Equal(t, "reads of one resource", 1+tt.single, single)
		})
	}
}

// TestSharedReadsAtOneDeadline checks that the last reads of 4,000 waits share the burst.
func TestSharedReadsAtOneDeadline(t *testing.T) {
	t.Parallel()
	assert.RunSynctest(t, "4,000 waits", func(t *testing.T) {
		n := 4000
		if assert.Race {
			n = 400
		}
		c := newCrowd(n, 8, 40, startedAfter(func(int) time.Duration { return time.Minute - time.Millisecond }))
		errs := all(n, func(_ int, name string) error {
			_, err := c.waiter(name).Wait(t.Context(), started, time.Minute)
			return err
		})
		assert.Equal(t, "error", nil, errors.Join(errs...))
		last := 0
		for _, call := range c.calls {
			if call.At >= time.Minute {
				last++
			}
		}
		if last > 80 {
			t.Errorf("%d calls at the deadline", last)
		}
		if took := time.Since(c.begin); took > 66*time.Second {
			t.Errorf("the last wait ended after %s", took)
		}
	})
}

func TestSharedReadsRejectsBadFields(t *testing.T) {
	t.Parallel()
	bad := &statemachine.SharedReads[row]{Batch: -1}
	_, err := bad.Read(t.Context(), nil, "r0", nil)
	assert.Equal(t, "Read", "invalid input: Shared.ReadMany is nil; Shared.Batch must not be negative, got -1", fmt.Sprint(err))
	w := newCrowd(1, 1, 1, startedAfter(func(int) time.Duration { return 0 })).waiter("r0")
	w.Shared = bad
	_, err = w.Wait(t.Context(), started, time.Hour)
	assert.Equal(t, "Wait", true, errors.Is(err, statemachine.InvalidInput))
}

// TestSharedReadsKeepLastRead checks that the read at a deadline is not made early, even if others
// read shortly before.
func TestSharedReadsKeepLastRead(t *testing.T) {
	t.Parallel()
	assert.RunSynctest(t, "a change just before the deadline", func(t *testing.T) {
		c := newCrowd(2, 100, 1, startedAfter(func(i int) time.Duration { return 14900*time.Millisecond + time.Duration(i)*time.Hour }))
		errs := all(2, func(i int, name string) error {
			w := c.waiter(name)
			if i == 1 { // reads 100 ms before and 50 ms before the deadline of the other
				time.Sleep(14800 * time.Millisecond)
				w.Options = every(50 * time.Millisecond)
				_, err := w.Wait(t.Context(), started, 150*time.Millisecond)
				if errors.Is(err, statemachine.TimedOut) {
					return nil
				}
				return err
			}
			_, err := w.Wait(t.Context(), started, 15*time.Second)
			return err
		})
		assert.Equal(t, "error", nil, errors.Join(errs...))
		assert.Equal(t, "time", 15*time.Second, time.Since(c.begin))
	})
}

// TestCommandsWaitForSlotAfterPreflight checks when a command takes its slot: after the preflight,
// so that no two commands share an instant, and never in a dry run.
func TestCommandsWaitForSlotAfterPreflight(t *testing.T) {
	t.Parallel()
	for _, dryRun := range []bool{false, true} {
		for _, many := range []bool{false, true} {
			assert.RunSynctest(t, fmt.Sprintf("dry run %v, many %v", dryRun, many), func(t *testing.T) {
				const n = 3
				commands := statemachine.NewPacer(1, 1)
				var mu sync.Mutex
				var sent []time.Duration
				begin := time.Now()
				ensurer := func(name string) *statemachine.Ensurer[row, state] {
					r := newResource(stream(), stopped, time.Minute)
					e := r.ensurer(tens())
					e.Resource = name
					e.Preflight = func(context.Context, row, statemachine.Operation) error {
						time.Sleep(5 * time.Second)
						return nil
					}
					run := e.Command
					e.Command = func(ctx context.Context, op statemachine.Operation) error {
						mu.Lock()
						sent = append(sent, time.Since(begin))
						mu.Unlock()
						return run(ctx, op)
					}
					e.Commands.Pacer, e.Commands.DryRun = commands, dryRun
					return e
				}
				if many {
					e := map[string]*statemachine.Ensurer[row, state]{}
					f := &statemachine.Fleet[row, state]{
						Machine: stream(), State: stateOf, Options: tens(), Commands: ensurer("").Commands,
						Read: func(ctx context.Context, name string) (row, error) { return e[name].Read(ctx) },
					}
					gs := goals(n, started)
					for i := range gs {
						one := ensurer(gs[i].Resource)
						e[gs[i].Resource], gs[i].Command, gs[i].Preflight = one, one.Command, one.Preflight
					}
					for range f.Each(t.Context(), gs, time.Hour) {
						continue
					}
				} else {
					all(n, func(_ int, name string) error {
						_, err := ensurer(name).Ensure(t.Context(), started, time.Hour)
						return err
					})
				}
				want := secs(5, 6, 7)
				if dryRun {
					want = nil
					if took := time.Since(begin); took > 5*time.Second {
						t.Errorf("three dry runs took %s", took)
					}
				}
				assert.Equal(t, "commands", want, sent)
			})
		}
	}
}
