package statemachine

import (
	"context"
	"sync/atomic"
	"time"
)

// callContext is the context of one call with a timeout. A call inside of it may wait for a Pacer,
// which does not count as time of the call.
type callContext struct {
	context.Context //nolint:containedctx // of the call; ends after the timeout

	parent   context.Context //nolint:containedctx // the caller's, for the time in a queue
	deadline time.Time       // from the start of the call, without the time in queues
	limit    time.Time       // the call ends at this time at the latest; zero means none
	waited   atomic.Int64    // the time in queues, as a time.Duration
}

// callKey is the key of a callContext in its own values.
type callKey struct{}

// Value returns the value of a key.
func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// end returns when the call ends at the latest.
func (c *callContext) end() time.Time {
	end := c.deadline.Add(time.Duration(c.waited.Load()))
	if !c.limit.IsZero() && end.After(c.limit) {
		return c.limit
	}
	return end
}

// Uncounted calls wait, and the time that wait takes does not count against the ReadTimeout. It is
// for a Read, Command or Preflight function of a [Waiter], [Ensurer] or [Fleet], and ctx is the
// context of that function. wait must return soon after its context ends. Use the context that
// Uncounted returns for the rest of the function, and then call the CancelFunc, which is never nil.
// Any other ctx is passed to wait and returned as it is. The error is that of wait.
func Uncounted(ctx context.Context, wait func(context.Context) error) (context.Context, context.CancelFunc, error) {
	c, ok := ctx.Value(callKey{}).(*callContext)
	if !ok {
		return ctx, func() {}, wait(ctx)
	}
	return c.wait(ctx, wait)
}

// wait calls wait with a context for its time, and returns one for the rest of the call that has
// the values of ctx.
func (c *callContext) wait(
	ctx context.Context, wait func(context.Context) error,
) (context.Context, context.CancelFunc, error) {
	began := time.Now()
	queued, cancel := c.parent, context.CancelFunc(func() {})
	if !c.limit.IsZero() {
		queued, cancel = context.WithDeadline(c.parent, c.limit)
	}
	err := wait(queued)
	cancel()
	if waited := time.Since(began); waited > 0 {
		c.waited.Add(int64(waited))
	} else if c.waited.Load() == 0 { // the context of the call is still the right one
		return ctx, func() {}, err
	}
	rest, cancel := context.WithDeadline(c.parent, c.end())
	return valuesOf{rest, ctx}, cancel, err
}

// valuesOf is a context with the values of another one.
type valuesOf struct {
	context.Context //nolint:containedctx // for all else

	values context.Context //nolint:containedctx // for its values
}

// Value returns the value of a key.
func (v valuesOf) Value(key any) any {
	if key == (callKey{}) { // not that of an outer call
		return v.values.Value(key)
	}
	if value := v.Context.Value(key); value != nil {
		return value
	}
	return v.values.Value(key)
}

// callWithTimeout makes one call that begins at the time from, and returns when it completed. A
// call that fails after the timeout failed because of it. The time that the call waits for a Pacer
// (WaitWithin) does not count, but the call ends at the time limit at the latest, if that is set.
func callWithTimeout[T any](
	ctx context.Context, from time.Time, timeout time.Duration, limit time.Time,
	call func(context.Context) (T, error),
) (T, time.Time, error) {
	c := callContext{parent: ctx, deadline: from.Add(timeout), limit: limit}
	callCtx, cancel := context.WithDeadline(ctx, c.end())
	defer cancel()
	c.Context = callCtx
	v, err := call(&c) //nolint:contextcheck // its parent is ctx
	at := time.Now()
	if err != nil && !at.Before(c.end()) && ctx.Err() == nil {
		err = &timeoutError{after: timeout, err: err}
	}
	return v, at, err
}

// runWithTimeout does what callWithTimeout does, for a call without a result.
func runWithTimeout(
	ctx context.Context, from time.Time, timeout time.Duration, limit time.Time, call func(context.Context) error,
) (time.Time, error) {
	_, at, err := callWithTimeout(ctx, from, timeout, limit, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	})
	return at, err
}
