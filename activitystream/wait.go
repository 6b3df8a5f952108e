package activitystream

import (
	"context"
	"iter"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the stream is in the status target, for at most maxWait, and returns the last value it read,
// even alongside an error. It does nothing to the stream. The rules are those of [statemachine.Waiter.Wait], on
// [Machine]: among them, that a status that cannot become the target by itself fails the wait, after the Grace
// of a minute in which it may be an old read.
//
// After a command without ApplyImmediately nothing can be seen until the maintenance window: give such a wait a
// Grace as long as itself.
//
// A wait that ends without the target is a [*statemachine.WaitError]; arguments that are not valid, all at once, are a
// [*statemachine.InputError] before anything is sent.
func (c *Client) Wait(ctx context.Context, resourceArn string, target Status, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.NewNoRetry(optFns)
	w, err := call.newWait(resourceArn, target, maxWait)
	if err != nil {
		return nil, err
	}
	return sdkcall.Wait(ctx, call.Tracer, "activitystream.Wait", w, target, maxWait)
}

// WaitPolicy waits until the audit policy of an instance is in the status target, for at most maxWait, by the
// rules of [Client.Wait] on [PolicyMachine]. While the stream is starting it waits for that first; a stream
// that is stopped or stopping has no policy: a status that cannot become the target. A cluster is a
// [*statemachine.InputError].
func (c *Client) WaitPolicy(ctx context.Context, resourceArn string, target PolicyStatus, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.NewNoRetry(optFns)
	w, err := call.newPolicyWait(resourceArn, target, maxWait)
	if err != nil {
		return nil, err
	}
	return sdkcall.Wait(ctx, call.Tracer, "activitystream.WaitPolicy", w, target, maxWait)
}

// Watch yields the stream as it is, then each read that differs in status, policy status, mode, key or the
// database's own status, reading every 30 s (WatchDelay), until the caller stops ranging. Failures that a wait
// tolerates go to Options.Wait.OnRead. The database being gone, any other failure and the context's end are
// yielded once, as a [*statemachine.WaitError] beside the last value, and end it; an ARN or options that are not valid as
// a [*statemachine.InputError]. The loop's body must not change a Stream: it is compared with the next one. Ranging again
// starts over.
func (c *Client) Watch(ctx context.Context, resourceArn string, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		call := c.calls.NewNoRetry(optFns)
		res, reason := parseARN(resourceArn, call.Region)
		if err := validate.FieldError("ResourceArn", reason); err != nil {
			yield(nil, err)
			return
		}
		waiter(call, &res, machine, (*Stream).status).Watch(ctx)(yield)
	}
}

// newWait checks the arguments of a Wait and makes its waiter: apart, so that none of that is on the stack while the wait
// sleeps, which is twice as large otherwise.
func (c *call) newWait(resourceArn string, target Status, maxWait time.Duration) (*statemachine.Waiter[*Stream, Status], error) {
	res, reason := parseARN(resourceArn, c.Region)
	if err := validate.WaitArgs(machine, target, maxWait, &c.options.Wait, validate.FieldError("ResourceArn", reason)); err != nil {
		return nil, err
	}
	return waiter(c, &res, machine, (*Stream).status), nil
}

// newPolicyWait is toWait for a WaitPolicy.
func (c *call) newPolicyWait(resourceArn string, target PolicyStatus, maxWait time.Duration) (*statemachine.Waiter[*Stream, PolicyStatus], error) {
	res, reason := parseInstance(resourceArn, c.Region)
	if err := validate.WaitArgs(policyMachine, target, maxWait, &c.options.Wait, validate.FieldError("ResourceArn", reason)); err != nil {
		return nil, err
	}
	return waiter(c, &res, policyMachine, (*Stream).policy), nil
}

// waiter makes the waiter of one call, a patient one.
func waiter[S ~string](c *call, res *resource, m *statemachine.Machine[S], state func(*Stream) S) *statemachine.Waiter[*Stream, S] {
	return &statemachine.Waiter[*Stream, S]{
		Machine:  m,
		Resource: res.given,
		Read:     func(ctx context.Context) (*Stream, error) { return c.describe(ctx, res) },
		State:    state,
		Same:     sameStream,
		Pacer:    c.options.Pacer,
		Options:  c.options.Wait,
	}
}
