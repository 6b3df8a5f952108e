package statemachine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestReadTimeoutBeginsWithRead checks that a read has its whole ReadTimeout, however long OnRead
// or the loop body took.
func TestReadTimeoutBeginsWithRead(t *testing.T) {
	t.Parallel()
	slow := func() *script { // each read takes most of the 30 s that it may
		return responses(response{state: starting, takes: 25 * time.Second}, response{state: started, takes: 25 * time.Second})
	}
	t.Run("after the body of a watch", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := slow()
			var got []state
			for v, err := range s.waiter(statemachine.WaitOptions{Jitter: identity}).Watch(t.Context()) {
				assert.Equal(t, "error", nil, err)
				if got = append(got, v.State); len(got) == 2 {
					break
				}
				time.Sleep(5 * time.Minute)
			}
			assert.Equal(t, "states", []state{starting, started}, got)
			assert.Equal(t, "reads", secs(0, 325), s.reads)
		})
	})
	t.Run("after OnRead", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := slow()
			o := tens()
			o.OnRead = func(statemachine.Reading) { time.Sleep(5 * time.Minute) }
			_, err := s.waiter(o).Wait(t.Context(), started, time.Hour)
			assert.Equal(t, "error", nil, err)
			assert.Equal(t, "reads", secs(0, 325), s.reads)
		})
	})
	t.Run("a command after OnRead", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newResource(stream(), stopped, time.Second)
			o := tens()
			told := 0
			o.OnRead = func(statemachine.Reading) {
				if told++; told == 1 {
					time.Sleep(5 * time.Minute)
				}
			}
			e := r.ensurer(o)
			commands := 0
			e.Command = func(ctx context.Context, op statemachine.Operation) error {
				commands++
				if err := assert.Sleep(ctx, 25*time.Second); err != nil {
					return err
				}
				return r.command(ctx, op)
			}
			done, err := e.Ensure(t.Context(), started, time.Hour)
			assert.Equal(t, "error", nil, err)
			assert.Equal(t, "operations", []statemachine.Operation{opStart}, done.Operations)
			assert.Equal(t, "commands", 1, commands)
		})
	})
}

// TestWatchCanceledInBodyReportsElapsedTime checks that the error includes the time that the loop
// body took.
func TestWatchCanceledInBodyReportsElapsedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ended error
		for _, err := range shows(starting).waiter(tens()).Watch(ctx) {
			if ended = err; err == nil {
				time.Sleep(5 * time.Minute)
				cancel()
			}
		}
		e := waitError(t, ended)
		assert.Equal(t, "reason", statemachine.Canceled, e.Reason)
		assert.Equal(t, "elapsed", 5*time.Minute, e.Elapsed)
	})
}

// TestReadContextEndsAtTimeout checks the deadline, values and end of the context of a read.
func TestReadContextEndsAtTimeout(t *testing.T) {
	t.Parallel()
	type key struct{}
	for _, tt := range []struct {
		why     string
		caller  time.Duration // when the caller's context ends; zero: never
		waits   bool          // the read asks for Done
		reading time.Duration
		want    time.Duration // Deadline
		err     error         // of the context, when the read has had its time
		after   error         // and when it is over
	}{
		{why: "in time", want: 30 * time.Second, after: context.Canceled},
		{why: "in time, and the read waited for its end", waits: true, want: 30 * time.Second, after: context.Canceled},
		{why: "too late", reading: 30 * time.Second, want: 30 * time.Second, err: context.DeadlineExceeded, after: context.DeadlineExceeded},
		{why: "too late, and the read waited", waits: true, reading: 30 * time.Second, want: 30 * time.Second, err: context.DeadlineExceeded, after: context.DeadlineExceeded},
		{why: "the caller ends sooner", caller: 5 * time.Second, reading: 5 * time.Second, want: 5 * time.Second, err: context.DeadlineExceeded, after: context.DeadlineExceeded},
		{why: "the caller ends later", caller: time.Hour, reading: 29 * time.Second, want: 30 * time.Second, after: context.Canceled},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, begin := context.WithValue(t.Context(), key{}, "value"), time.Now()
				if tt.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.caller)
					defer cancel()
				}
				var kept context.Context
				w := shows(started).waiter(tens())
				w.Read = func(ctx context.Context) (row, error) {
					kept = ctx //nolint:fatcontext // to look at it afterwards
					if tt.waits {
						assert.Equal(t, "over before its time", false, over(ctx))
					}
					end, ok := ctx.Deadline()
					assert.Equal(t, "Deadline", tt.want, end.Sub(begin))
					assert.Equal(t, "is there one", true, ok)
					assert.Equal(t, "Value", "value", ctx.Value(key{}))
					time.Sleep(tt.reading)
					synctest.Wait()
					assert.Equal(t, "Err", fmt.Sprint(tt.err), fmt.Sprint(ctx.Err()))
					assert.Equal(t, "over", tt.err != nil, over(ctx))
					child, cancel := context.WithCancel(ctx)
					defer cancel()
					assert.Equal(t, "over for what is derived from it", tt.err != nil, over(child))
					return row{State: started}, nil
				}
				_, _ = w.Wait(ctx, started, time.Minute)
				assert.Equal(t, "Err afterwards", fmt.Sprint(tt.after), fmt.Sprint(kept.Err()))
			})
		})
	}
}

// over reports whether the Done channel of a context is closed.
func over(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// TestReadContextEndsAfterRead checks that the context of a read has ended once the read
// returned.
func TestReadContextEndsAfterRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		w := shows(started).waiter(tens())
		w.Read = func(ctx context.Context) (row, error) {
			kept = ctx //nolint:fatcontext // to look at it afterwards
			return row{State: started}, nil
		}
		_, err := w.Wait(t.Context(), started, time.Minute)
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "over", true, over(kept))
		assert.Equal(t, "Err", context.Canceled.Error(), kept.Err().Error())
	})
}

// TestWatchContinuesAfterSlowBody checks a watch whose loop body is slow and uses the same Pacer.
func TestWatchContinuesAfterSlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := statemachine.NewPacer(1, 1)
		s := shows(starting, started)
		w := s.waiter(tens())
		w.Pacer = p
		for v, err := range w.Watch(t.Context()) {
			assert.Equal(t, "error", nil, err)
			if v.State == started {
				break
			}
			time.Sleep(time.Minute)
			_ = p.Wait(t.Context())
		}
		assert.Equal(t, "reads", secs(0, 61), s.reads)
	})
}

// TestWaitReportsCallsToPacer checks that a wait observes a pause during its reservation, and
// reports its own calls.
func TestWaitReportsCallsToPacer(t *testing.T) {
	t.Parallel()
	t.Run("throttled while it waits for its place", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := statemachine.NewPacer(0.1, 1)
			_ = p.Wait(t.Context())
			time.AfterFunc(9500*time.Millisecond, func() { p.Throttled(time.Now()) })
			s := shows(started)
			w := s.waiter(tens())
			w.Pacer = p
			_, err := w.Wait(t.Context(), started, time.Hour)
			assert.Equal(t, "error", nil, err)
			assert.Equal(t, "reads", []time.Duration{10500 * time.Millisecond}, s.reads)
		})
	})
	t.Run("a call that is served makes the next pause short again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			throttled := response{err: fault(statemachine.Throttled)}
			s := responses(throttled, response{state: starting}, throttled, response{state: started})
			w := s.waiter(statemachine.WaitOptions{Jitter: identity, MinDelay: 500 * time.Millisecond})
			w.Pacer = statemachine.NewPacer(100, 100)
			_, err := w.Wait(t.Context(), started, time.Hour)
			assert.Equal(t, "error", nil, err)
			assert.Equal(t, "reads", []time.Duration{0, time.Second, 1500 * time.Millisecond, 2500 * time.Millisecond}, s.reads)
		})
	})
}

// counted is a context that never ends, and counts what waits for its end.
type counted struct {
	context.Context //nolint:containedctx // it is one

	done    chan struct{}
	waiting *atomic.Int64
}

func newCounted() counted {
	return counted{Context: context.Background(), done: make(chan struct{}), waiting: new(atomic.Int64)}
}

func (c counted) Done() <-chan struct{} { return c.done }

// AfterFunc replaces the goroutine that package context would start.
func (c counted) AfterFunc(func()) (stop func() bool) {
	c.waiting.Add(1)
	var stopped atomic.Bool
	return func() bool {
		first := !stopped.Swap(true)
		if first {
			c.waiting.Add(-1)
		}
		return first
	}
}

// TestCallsLeaveNothingOnContext checks that no call leaves a callback on the caller's context,
// which may live as long as the program.
func TestCallsLeaveNothingOnContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why string
		do  func(context.Context, *testing.T)
	}{
		{"a wait", func(ctx context.Context, t *testing.T) {
			_, err := shows(starting, started).waiter(tens()).Wait(ctx, started, time.Minute)
			assert.Equal(t, "error", nil, err)
		}},
		{"a wait that timed out, with a read that took too long", func(ctx context.Context, t *testing.T) {
			o := tens()
			o.ReadTimeout = time.Second
			_, err := responses(response{hang: true}, response{state: starting}).waiter(o).Wait(ctx, started, time.Minute)
			assert.Equal(t, "chain", []string{"timed out", "context deadline exceeded"}, chain(err))
		}},
		{"a watch that the caller leaves", func(ctx context.Context, t *testing.T) {
			for range shows(started).waiter(tens()).Watch(ctx) {
				break
			}
		}},
		{"an Ensure call", func(ctx context.Context, t *testing.T) {
			_, err := newResource(stream(), stopped, time.Second).ensurer(tens()).Ensure(ctx, started, time.Minute)
			assert.Equal(t, "error", nil, err)
		}},
		{"a fleet", func(ctx context.Context, t *testing.T) {
			r := newResource(stream(), stopped, time.Second)
			f := statemachine.Fleet[row, state]{
				Machine: stream(), State: stateOf, Options: tens(),
				Read: func(ctx context.Context, _ string) (row, error) { return r.read(ctx) },
			}
			for _, got := range f.Each(ctx, []statemachine.Goal[row, state]{{Resource: "res-1", Target: started, Command: r.command}}, time.Minute) {
				assert.Equal(t, "error", nil, got.Err)
			}
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := newCounted()
				tt.do(ctx, t)
				assert.Equal(t, "what still waits for the context's end", 0, ctx.waiting.Load())
			})
		})
	}
}
