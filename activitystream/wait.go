package activitystream

import (
	"context"
	"iter"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the stream is in the status target, for at most maxWait, and returns the last
// value that it read, even with an error. It sends no command. The rules are those of
// [statemachine.Waiter.Wait], on [Machine]. Among them: a read may be stale for the grace period of
// 1 minute. After that, a status that cannot become the target without a command fails the wait.
//
// A member instance of a cluster and a read replica end the wait at once, as Unreachable of kind
// Unsupported, whatever the target is. RDS reports them as stopped, although the stream of the
// cluster or the source may be started. A database whose engine never has a stream ends the wait in
// the same way, unless the target is stopped.
//
// Without ApplyImmediately, a command shows no effect until the maintenance window. To wait for
// that, set Grace to maxWait.
//
// If the wait ends as TimedOut, Unreachable or Lapsed, the events of RDS may say why. If the API
// value has a method DescribeEvents, as an rds.Client does, Wait then reads all pages of them,
// provided that the quota permits, and for at most 5 s. WaitError.Events has what was read by then.
// A failure to read them changes nothing else. An Each method reads the events of one resource
// after the other, for at most a minute in total.
//
// A wait that ends without the target is a [*statemachine.WaitError]. Invalid arguments are
// rejected together, with a [*statemachine.InputError], before a request is sent.
func (c *Client) Wait(ctx context.Context, resourceArn string, target Status, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().NewNoRetry(optFns)
	w, invalid := newWait(call, parseARN, resourceArn, machine, (*Stream).ownStatus)
	began := time.Now()
	s, err := sdkcall.Wait(ctx, call.Tracer, "activitystream.Wait", w, target, maxWait, invalid)
	return s, call.explain(ctx, resourceArn, began, s, err)
}

// WaitPolicy waits until the audit policy of an instance is in the status target, for at most
// maxWait, by the rules of [Client.Wait] on [PolicyMachine]. While the stream is starting, it waits
// for that first. A stream that is stopped or stopping has no policy. That counts as a status that
// cannot become the target, unless a read within the last grace period showed the stream starting.
// A cluster is rejected with a [*statemachine.InputError].
func (c *Client) WaitPolicy(ctx context.Context, resourceArn string, target PolicyStatus, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().NewNoRetry(optFns)
	w, invalid := newWait(call, parseInstance, resourceArn, policyMachine, call.policyState())
	began := time.Now()
	s, err := sdkcall.Wait(ctx, call.Tracer, "activitystream.WaitPolicy", w, target, maxWait, invalid)
	return s, call.explain(ctx, resourceArn, began, s, err)
}

// Watch yields the current value of the stream, then each read that differs from the one before,
// until the caller stops ranging. What counts is a status or a setting of the stream, and the
// database's status and ResourceId. After the switchover of a blue/green deployment, the ARN names
// another database: the ResourceId and the KinesisStreamName differ. Watch reads every 30 s
// (WatchDelay). Failures that a wait tolerates are passed only to OnProgress, OnRead and Logger of
// Options.Wait.
//
// A deleted database, any other failure and the end of the context are yielded once, as a
// [*statemachine.WaitError] with the last value, and end the watch. An invalid ARN or option is
// yielded as a [*statemachine.InputError]. The loop body must not modify a Stream, because Watch
// compares it with the next one. Ranging again starts over.
func (c *Client) Watch(ctx context.Context, resourceArn string, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		call := c.ready().NewNoRetry(optFns)
		res, reason := parseARN(resourceArn, call.Region)
		if err := validate.FieldError("ResourceArn", reason); err != nil {
			yield(nil, err)
			return
		}
		newWaiter(call, &res, machine, (*Stream).status).Watch(ctx)(yield)
	}
}

// newWait returns the waiter of a wait, and the error of an invalid ARN, which parse parses. It is
// a function of its own to keep these values off the stack while the wait sleeps, which halves the
// stack.
func newWait[S ~string](c *call, parse func(arn, region string) (resource, string), resourceArn string,
	m *statemachine.Machine[S], state func(*Stream) S,
) (w *statemachine.Waiter[*Stream, S], invalid error) {
	res, reason := parse(resourceArn, c.Region)
	w = newWaiter(c, &res, m, state)
	w.Check = checkStream
	return w, validate.FieldError("ResourceArn", reason)
}
