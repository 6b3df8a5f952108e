package statemachine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// callContext bounds the time of calls that are made one after the other. All that end in time share one
// context: a new one for each would cost more than the rest of a wait. The zero value is ready.
type callContext struct {
	ctx    context.Context //nolint:containedctx // never outlives the loop that makes the calls
	cancel context.CancelFunc
	timer  *time.Timer
}

// begin is the context of the next call, which ends with ctx or after timeout.
func (c *callContext) begin(ctx context.Context, timeout time.Duration) context.Context {
	if c.ctx != nil {
		c.timer.Reset(timeout)
		return c.ctx
	}
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.timer = time.AfterFunc(timeout, c.cancel)
	return c.ctx
}

// end says that the call is over, and reports whether it took too long.
func (c *callContext) end() (expired bool) {
	if c.timer.Stop() {
		return false
	}
	c.close()
	return true
}

// close releases what begin holds. The timer does not run: no call is under way.
func (c *callContext) close() {
	if c.ctx != nil {
		c.cancel()
		c.ctx = nil
	}
}

// timed makes one call, bounded by timeout. A call that failed after that time did so because of it.
func timed[T any](ctx context.Context, c *callContext, timeout time.Duration, call func(context.Context) (T, error)) (T, error) {
	v, err := call(c.begin(ctx, timeout))
	if expired := c.end(); expired && err != nil && ctx.Err() == nil {
		err = &timeoutError{after: timeout, err: err}
	}
	return v, err
}

// timeoutError is a call that took longer than ReadTimeout.
type timeoutError struct {
	after time.Duration
	err   error // the call's
}

func (e *timeoutError) Error() string { return fmt.Sprintf("no answer within %s: %v", e.after, e.err) }
func (e *timeoutError) kind() Kind    { return Unavailable }

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
