package statemachine

import (
	"context"
	"sync/atomic"
	"time"
)

// callScope is the parent of the contexts of calls that are made one after the other, each with a
// timeout. A call inside of them may wait for a Pacer, which does not count as time of the call.
type callScope struct {
	context.Context //nolint:containedctx // the caller's

	limit  time.Time    // the calls end at this time at the latest; zero means none
	waited atomic.Int64 // the time in queues of the current call, as a time.Duration
}

// The keys of values of a call's context.
type (
	scopeKey    struct{} // its callScope
	deadlineKey struct{} // its deadline without the time in queues, if that differs
)

// Value returns the value of a key.
func (s *callScope) Value(key any) any {
	if key == (scopeKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// AfterFunc lets package context wait for the end of any caller's context as cheaply as without s.
func (s *callScope) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(s.Context, f) }

// end returns when a call with this deadline ends at the latest.
func (s *callScope) end(deadline time.Time) time.Time {
	return earlier(deadline.Add(time.Duration(s.waited.Load())), s.limit)
}

// Uncounted calls wait from inside of a Read, Command or Preflight function of a [Waiter],
// [Ensurer] or [Fleet], whose context is ctx. The time that wait takes does not count against the
// ReadTimeout. wait must return soon after its context ends. Go on with the context that Uncounted
// returns, and call the CancelFunc, which is never nil, after that. Any other ctx is returned as it
// is. The error is that of wait.
func Uncounted(ctx context.Context, wait func(context.Context) error) (context.Context, context.CancelFunc, error) {
	s, ok := ctx.Value(scopeKey{}).(*callScope)
	if !ok {
		return ctx, func() {}, wait(ctx)
	}
	began := time.Now()
	queued, cancel := s.Context, context.CancelFunc(func() {})
	if !s.limit.IsZero() {
		queued, cancel = context.WithDeadline(s.Context, s.limit)
	}
	err := wait(queued)
	cancel()
	if s.waited.Add(int64(max(time.Since(began), 0))) == 0 { // the context of the call is still the right one
		return ctx, func() {}, err
	}
	deadline, ok := ctx.Value(deadlineKey{}).(time.Time)
	if !ok {
		deadline, _ = ctx.Deadline()
	}
	rest, cancel := context.WithDeadline(s, s.end(deadline))
	return valuesOf{rest, ctx, deadline}, cancel, err
}

// valuesOf is a context for the rest of a call that waited, with the values of the context before.
type valuesOf struct {
	context.Context //nolint:containedctx // for all else

	values   context.Context //nolint:containedctx // for its values
	deadline time.Time       // without the time in queues
}

// Value returns the value of a key.
func (v valuesOf) Value(key any) any {
	if key == (deadlineKey{}) {
		return v.deadline
	}
	if value := v.Context.Value(key); value != nil {
		return value
	}
	return v.values.Value(key)
}

// callWithTimeout makes one call that begins at the time from, and returns when it completed. A
// call that fails after the timeout failed because of it. The time that the call waits for a Pacer
// (WaitWithin) does not count, but the call ends at the limit of s at the latest. ctx is that of s.
func callWithTimeout[T any](
	ctx context.Context, s *callScope, from time.Time, timeout time.Duration, call func(context.Context) (T, error),
) (T, time.Time, error) {
	deadline := from.Add(timeout)
	s.waited.Store(0)
	callCtx, cancel := context.WithDeadline(s, s.end(deadline))
	defer cancel()
	v, err := call(callCtx) //nolint:contextcheck // its parent is s, and so ctx
	at := time.Now()
	if err != nil && !at.Before(s.end(deadline)) && ctx.Err() == nil {
		err = &timeoutError{after: timeout, err: err}
	}
	return v, at, err
}

// runWithTimeout does what callWithTimeout does, for a call without a result.
func runWithTimeout(
	ctx context.Context, s *callScope, from time.Time, timeout time.Duration, call func(context.Context) error,
) (time.Time, error) {
	_, at, err := callWithTimeout(ctx, s, from, timeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	})
	return at, err
}
