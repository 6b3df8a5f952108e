package statemachine

import (
	"context"
	"time"
)

// callWithTimeout makes one call that begins at the time from, and returns when it completed. A
// call that fails after the timeout failed because of it.
func callWithTimeout[T any](
	ctx context.Context, from time.Time, timeout time.Duration, call func(context.Context) (T, error),
) (T, time.Time, error) {
	deadline := from.Add(timeout)
	callCtx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	v, err := call(callCtx)
	at := time.Now()
	if err != nil && !at.Before(deadline) && ctx.Err() == nil {
		err = &timeoutError{after: timeout, err: err}
	}
	return v, at, err
}
