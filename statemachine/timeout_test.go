package statemachine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// A read has its whole ReadTimeout, however long ago the caller was told of the last one.
func TestWholeReadTimeout(t *testing.T) {
	t.Parallel()
	slow := func() *script { // each read takes most of the 30 s that it may
		return answers(answer{state: starting, takes: 25 * time.Second}, answer{state: started, takes: 25 * time.Second})
	}
	t.Run("after the body of a watch", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := slow()
			var got []state
			for v, err := range s.waiter(statemachine.WaitOptions{Jitter: identity}).Watch(t.Context()) {
				wantEqual(t, "error", nil, err)
				if got = append(got, v.State); len(got) == 2 {
					break
				}
				time.Sleep(5 * time.Minute)
			}
			wantEqual(t, "states", []state{starting, started}, got)
			wantEqual(t, "reads", secs(0, 325), s.reads)
		})
	})
	t.Run("after OnRead", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := slow()
			o := tens()
			o.OnRead = func(statemachine.Reading) { time.Sleep(5 * time.Minute) }
			_, err := s.waiter(o).Wait(t.Context(), started, time.Hour)
			wantEqual(t, "error", nil, err)
			wantEqual(t, "reads", secs(0, 325), s.reads)
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
				if err := sleep(ctx, 25*time.Second); err != nil {
					return err
				}
				return r.command(ctx, op)
			}
			done, err := e.Ensure(t.Context(), started, time.Hour)
			wantEqual(t, "error", nil, err)
			wantEqual(t, "operations", []statemachine.Operation{opStart}, done.Operations)
			wantEqual(t, "commands", 1, commands)
		})
	})
}

// A watch that its caller ends in the body tells of all the time that it had.
func TestWatchCanceledInItsBody(t *testing.T) {
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
		wantEqual(t, "reason", statemachine.Canceled, e.Reason)
		wantEqual(t, "elapsed", 5*time.Minute, e.Elapsed)
	})
}

// The context of a read has its end where a caller looks for it, and nothing of it is left
// afterwards.
func TestContextOfARead(t *testing.T) {
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
		{why: "in time, and somebody waited for its end", waits: true, want: 30 * time.Second, after: context.Canceled},
		{why: "too late", reading: 30 * time.Second, want: 30 * time.Second, err: context.DeadlineExceeded, after: context.DeadlineExceeded},
		{why: "too late, and somebody waited", waits: true, reading: 30 * time.Second, want: 30 * time.Second, err: context.DeadlineExceeded, after: context.DeadlineExceeded},
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
						wantEqual(t, "over before its time", false, over(ctx))
					}
					end, ok := ctx.Deadline()
					wantEqual(t, "Deadline", tt.want, end.Sub(begin))
					wantEqual(t, "is there one", true, ok)
					wantEqual(t, "Value", "value", ctx.Value(key{}))
					time.Sleep(tt.reading)
					synctest.Wait()
					wantEqual(t, "Err", fmt.Sprint(tt.err), fmt.Sprint(ctx.Err()))
					wantEqual(t, "over", tt.err != nil, over(ctx))
					child, cancel := context.WithCancel(ctx)
					defer cancel()
					wantEqual(t, "over for what is derived from it", tt.err != nil, over(child))
					return row{State: started}, nil
				}
				_, _ = w.Wait(ctx, started, time.Minute)
				wantEqual(t, "Err afterwards", fmt.Sprint(tt.after), fmt.Sprint(kept.Err()))
			})
		})
	}
}

// over reports whether a context has ended, to somebody who waits for it.
func over(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// What a read leaves behind finds that it is over, whether or not it has asked before.
func TestContextAfterARead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		w := shows(started).waiter(tens())
		w.Read = func(ctx context.Context) (row, error) {
			kept = ctx //nolint:fatcontext // to look at it afterwards
			return row{State: started}, nil
		}
		_, err := w.Wait(t.Context(), started, time.Minute)
		wantEqual(t, "error", nil, err)
		wantEqual(t, "over", true, over(kept))
		wantEqual(t, "Err", context.Canceled.Error(), kept.Err().Error())
	})
}

// A watch whose body takes its time, and calls of its own in it, goes on.
func TestWatchAndItsPacer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := statemachine.NewPacer(1, 1)
		s := shows(starting, started)
		w := s.waiter(tens())
		w.Pacer = p
		for v, err := range w.Watch(t.Context()) {
			wantEqual(t, "error", nil, err)
			if v.State == started {
				break
			}
			time.Sleep(time.Minute)
			p.Reserve(time.Now())
		}
		wantEqual(t, "reads", secs(0, 61), s.reads)
	})
}

// A wait that waits for its place takes part in what the pacer learns meanwhile, and tells it
// what it learns itself.
func TestWaitAndItsPacer(t *testing.T) {
	t.Parallel()
	t.Run("throttled while it waits for its place", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := statemachine.NewPacer(0.1, 1)
			p.Reserve(time.Now())
			time.AfterFunc(9500*time.Millisecond, func() { p.Throttled(time.Now()) })
			s := shows(started)
			w := s.waiter(tens())
			w.Pacer = p
			_, err := w.Wait(t.Context(), started, time.Hour)
			wantEqual(t, "error", nil, err)
			wantEqual(t, "reads", []time.Duration{10500 * time.Millisecond}, s.reads)
		})
	})
	t.Run("a call that is served makes the next pause short again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			throttled := answer{err: fault(statemachine.Throttled)}
			s := answers(throttled, answer{state: starting}, throttled, answer{state: started})
			w := s.waiter(statemachine.WaitOptions{Jitter: identity, MinDelay: 500 * time.Millisecond})
			w.Pacer = statemachine.NewPacer(100, 100)
			_, err := w.Wait(t.Context(), started, time.Hour)
			wantEqual(t, "error", nil, err)
			wantEqual(t, "reads", []time.Duration{0, time.Second, 1500 * time.Millisecond, 2500 * time.Millisecond}, s.reads)
		})
	})
}
