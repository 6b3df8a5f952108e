package statemachine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

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

// AfterFunc is what the package context calls in place of starting a goroutine.
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

// A caller's context may live as long as the program. What a call hung on to it is off when the
// call returns.
func TestNothingStaysWithTheContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why string
		do  func(context.Context, *testing.T)
	}{
		{"a wait", func(ctx context.Context, t *testing.T) {
			_, err := shows(starting, started).waiter(tens()).Wait(ctx, started, time.Minute)
			wantEqual(t, "error", nil, err)
		}},
		{"a wait that timed out, with a read that took too long", func(ctx context.Context, t *testing.T) {
			o := tens()
			o.ReadTimeout = time.Second
			_, err := answers(answer{hang: true}, answer{state: starting}).waiter(o).Wait(ctx, started, time.Minute)
			wantEqual(t, "chain", []string{"timed out", "context deadline exceeded"}, chain(err))
		}},
		{"a watch that the caller leaves", func(ctx context.Context, t *testing.T) {
			for range shows(started).waiter(tens()).Watch(ctx) {
				break
			}
		}},
		{"an ensure", func(ctx context.Context, t *testing.T) {
			_, err := newResource(stream(), stopped, time.Second).ensurer(tens()).Ensure(ctx, started, time.Minute)
			wantEqual(t, "error", nil, err)
		}},
		{"a fleet", func(ctx context.Context, t *testing.T) {
			r := newResource(stream(), stopped, time.Second)
			f := statemachine.Fleet[row, state]{
				Machine: stream(), State: stateOf, Options: tens(),
				Read: func(ctx context.Context, _ string) (row, error) { return r.read(ctx) },
			}
			for _, got := range f.Each(ctx, []statemachine.Goal[row, state]{{Resource: "res-1", Target: started, Command: r.command}}, time.Minute) {
				wantEqual(t, "error", nil, got.Err)
			}
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := newCounted()
				tt.do(ctx, t)
				wantEqual(t, "what still waits for the context's end", 0, ctx.waiting.Load())
			})
		})
	}
}
