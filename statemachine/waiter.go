package statemachine

import (
	"context"
	"iter"
	"time"
)

// Waiter waits until one resource is in a state, and watches it. A Waiter is safe for concurrent
// use as long as its fields do not change.
type Waiter[R any, S ~string] struct {
	// Machine is the lifecycle of the resource. Required.
	Machine *Machine[S]

	// Resource identifies the resource in messages, such as an ARN or a name.
	Resource string

	// Read reads the resource. It must return soon after its context ends. Required.
	Read func(context.Context) (R, error)

	// State returns the state of what was read. Required.
	State func(R) S

	// Kind classifies the error of a read or command. Nil means [KindOf].
	Kind func(error) Kind

	// Check returns an error if the wait cannot succeed anymore. It is not called in the target
	// state. A read that it rejects counts as a state that cannot settle into the target, and ends
	// the wait as [Unreachable]. An error of kind [Unsupported], which never changes, ends it at
	// once, and any other by rules 4 and 5 of [Waiter.Wait]. Nil means no check.
	Check func(R) error

	// Same reports whether Watch should skip b after a. Nil means that it compares their states.
	Same func(a, b R) bool

	// Identity returns an ID that the service never gives to another resource, unlike a name. A
	// wait whose name came to belong to another resource ends as [Replaced]. Watch yields such a
	// change. An empty ID is not compared. Nil means that identities are not compared. A
	// wait with a machine that has an Absent state does not compare them, because the end of one
	// resource and the next one are part of such a lifecycle.
	Identity func(R) string

	// Pacer limits the rate of the reads. Nil means no limit.
	Pacer *Pacer

	// Shared makes reads of this resource together with those of other callers while they wait for
	// the Pacer. Nil means that each read is made by Read.
	Shared *SharedReads[R]

	// Options are the defaults for the options of each call.
	Options WaitOptions
}

// Wait reads until the resource is in the state target, for at most maxWait. It returns the last
// value read, even with an error.
//
// It reads immediately. After each successful read, the first rule that applies decides:
//
//  1. The read shows the target: the wait is done once Consecutive successful reads in a row show
//     it. Another state resets the count; a failed read does not.
//  2. A state that is not in the table (the service added a value): keep waiting. It is never
//     success, and never counts as leaving a state or returning to one.
//  3. A state that settles into the target: keep waiting; the wait is on its way.
//  4. A state that cannot settle into the target, or an empty state: the read may be stale, so
//     keep waiting for the grace period. It lasts for Grace after the wait began, or after the
//     last read that showed the target or a state on the way to it. Reads are assumed to be
//     younger than Grace.
//  5. Such a state after that: the wait ends as [Lapsed] if it was on its way or at the target
//     before, otherwise as [Unreachable]. The error lists the operations that would lead to the
//     target. The same holds for a read that Check rejects, which is never Lapsed, and for a read
//     of another Identity, which ends the wait as [Replaced].
//  6. A failed read: a context that is done takes precedence. [Throttled], [Unavailable] and
//     [Conflict] are tolerated until the deadline, with twice the delay. [NotFound] is the Absent
//     state if the machine has one, otherwise the wait ends as [Gone]. Any other failure ends it
//     as [ReadFailed].
//
// The timing has four more rules:
//
//  7. The delay between two reads is an eightieth of the time waited, within MinDelay and
//     MaxDelay, with jitter.
//  8. A read is limited by ReadTimeout. No read starts after the deadline. One last read is made
//     at it, and the wait ends at most one ReadTimeout later. If many waits end at one time, their
//     last reads may wait for the Pacer for half of the ReadTimeout. If a last read was not made
//     by then, the error says so.
//  9. maxWait must be positive. When it expires, the wait ends as [TimedOut], which matches
//     [context.DeadlineExceeded], with the operations that would lead to the target if the last
//     state cannot settle into it. When the context ends, even by its own earlier deadline, the
//     wait ends as [Canceled], and errors.Is finds both ctx.Err() and context.Cause(ctx).
//  10. However the wait ends without the target, the error is a [*WaitError] with the history,
//     the number of reads and, if the last read failed, its error. If the clock steps back, the
//     delays between the reads count.
//
// How a wait ends is true of an instant within the last Grace. A wait cannot know what happened
// while its reads failed: after an outage that is longer than Grace, a stale first read can end it.
//
// Invalid arguments and options are an [*InputError], before the first read.
func (w *Waiter[R, S]) Wait(ctx context.Context, target S, maxWait time.Duration, optFns ...func(*WaitOptions)) (R, error) {
	r, err := w.newRunner(modeWait, target, maxWait, optFns, InputError{}, nil)
	if err != nil {
		var none R
		return none, err
	}
	r.start(ctx, target, maxWait)
	r.run(ctx, w.Read)
	return r.value, r.end()
}

// Watch yields the current value, then each read that differs from the one before, until the
// caller stops ranging. It reads every WatchDelay.
//
// A failure that [Waiter.Wait] tolerates is passed only to OnProgress, OnRead and Logger, and
// doubles the next delay. A missing resource, any other failure and the end of the context are
// yielded once, as a [*WaitError] with the last value, and end the Watch. Invalid options are
// yielded as an [*InputError].
//
// Nothing is read while the body of the loop runs. The body must not modify a value, because the
// next read is compared with it. Ranging again starts over.
func (w *Waiter[R, S]) Watch(ctx context.Context, optFns ...func(*WaitOptions)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		r, err := w.newRunner(modeWatch, "", 0, optFns, InputError{}, nil)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		r.start(ctx, "", 0)
		for r.run(ctx, w.Read) == stepYield {
			if !yield(r.value, nil) {
				r.failure = context.Canceled
				r.endWait(Canceled)
				r.reportEnd(r.waitError())
				return
			}
		}
		yield(r.value, r.end())
	}
}

// newRunner returns the runner of one call. It reports everything that is invalid, in addition to
// errs. commands is nil without commands.
func (w *Waiter[R, S]) newRunner(
	mode mode, target S, maxWait time.Duration, optFns []func(*WaitOptions), errs InputError, commands *commandOptions[R],
) (*runner[R, S], error) {
	r := &runner[R, S]{readPacer: w.Pacer, shared: w.Shared, ownConfig: config[R, S]{
		machine: w.Machine, state: w.State, kind: w.Kind, check: w.Check, same: w.Same, identity: w.Identity,
		opts: w.Options, mode: mode, commands: commands,
	}}
	if w.Read == nil {
		errs.Add("Read", "is nil")
	}
	if w.Shared != nil {
		w.Shared.validate(&errs)
	}
	if err := r.ownConfig.complete(target, maxWait, optFns, &errs); err != nil {
		return nil, err
	}
	r.config, r.resource = &r.ownConfig, w.Resource
	return r, nil
}
