package statemachine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// callContext is the context of one call: the caller's, until a deadline. It makes a timer only once somebody waits for
// it, which a call that is answered out of memory never does: [context.WithTimeout] would cost more than
// the rest of a read. Who only looks, by Err, is answered by the clock.
type callContext struct {
	context.Context //nolint:containedctx // the caller's: this is a context, too

	deadline time.Time
	once     sync.Once
	ticking  atomic.Bool        // there is a timer, and what follows is set
	bounded  context.Context    //nolint:containedctx // the caller's with the timer
	cancel   context.CancelFunc // of that
	over     atomic.Bool        // the call has returned
}

// Deadline is the earlier one, the call's or the caller's.
func (c *callContext) Deadline() (time.Time, bool) {
	if d, ok := c.Context.Deadline(); ok && d.Before(c.deadline) {
		return d, true
	}
	return c.deadline, true
}

// Done makes the timer.
func (c *callContext) Done() <-chan struct{} {
	c.once.Do(func() {
		c.bounded, c.cancel = context.WithDeadline(c.Context, c.deadline)
		c.ticking.Store(true)
		if c.over.Load() { // end may have looked before there was a timer
			c.cancel()
		}
	})
	return c.bounded.Done()
}

// Err agrees with Done.
func (c *callContext) Err() error {
	if !c.ticking.Load() && !c.over.Load() {
		if err := c.Context.Err(); err != nil || time.Now().Before(c.deadline) {
			return err
		}
	}
	c.Done() // from now on the answer stays what it is
	return c.bounded.Err()
}

// Value asks the context with the timer, where there is one: by a value of it, package context finds the way to
// cancel what is derived from this context without a goroutine.
func (c *callContext) Value(key any) any {
	if c.ticking.Load() {
		return c.bounded.Value(key)
	}
	return c.Context.Value(key)
}

// end says that the call has returned, which ends the context of one, as WithTimeout's cancel does.
func (c *callContext) end() {
	c.over.Store(true)
	if c.ticking.Load() {
		c.cancel()
	}
}

// callWithTimeout makes one call at the instant from, bounded by timeout, and says when it was over. A call that failed after that
// time did so because of it.
func callWithTimeout[T any](ctx context.Context, from time.Time, timeout time.Duration, call func(context.Context) (T, error)) (T, time.Time, error) {
	c := &callContext{Context: ctx, deadline: from.Add(timeout)}
	v, err := call(c) //nolint:contextcheck // c is ctx, until the deadline
	c.end()
	at := time.Now()
	if err != nil && !at.Before(c.deadline) && ctx.Err() == nil {
		err = &timeoutError{after: timeout, err: err}
	}
	return v, at, err
}

// timeoutError is a call that took longer than ReadTimeout.
type timeoutError struct {
	after time.Duration
	err   error // the call's
}

// Error leaves out what a fault says of the end of its context.
func (e *timeoutError) Error() string {
	if f, ok := errors.AsType[*Fault](e.err); ok && e.Unwrap() == nil {
		return fmt.Sprintf("%s: no answer within %s", strings.TrimSpace(string(f.Operation)+" "+f.Resource), e.after)
	}
	return fmt.Sprintf("no answer within %s: %v", e.after, e.err)
}

func (e *timeoutError) kind() Kind { return Unavailable }

// Is reports whether target is Unavailable.
func (e *timeoutError) Is(target error) bool { return target == error(Unavailable) }

// Unwrap gives the call's error, unless that only says that its context ended: the caller's did not.
func (e *timeoutError) Unwrap() error {
	if errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded) {
		return nil
	}
	return e.err
}

func isTimeout(err error) bool {
	_, ok := errors.AsType[*timeoutError](err)
	return ok
}
