package statemachine

import (
	"context"
	"iter"
	"time"
)

// Waiter waits until one resource is in a state, and watches it. Machine, Read and State are required. A Waiter
// is safe for concurrent use as long as its fields do not change.
type Waiter[R any, S ~string] struct {
	Machine  *Machine[S]                      // the lifecycle
	Resource string                           // for messages: an ARN, a name
	Read     func(context.Context) (R, error) // reads the resource; must honour its context
	State    func(R) S                        // what was read shows
	Kind     func(error) Kind                 // what the error of a read or command means; nil: KindOf
	Check    func(R) error                    // non-nil: the wait cannot succeed any more and ends as Unreachable; may be nil
	Same     func(a, b R) bool                // for Watch: the change is not worth telling; nil: the same state
	Pacer    *Pacer                           // the reads wait for their place; nil: they do not
	Options  WaitOptions                      // defaults of each call's
}

// Wait reads until the resource is in the state target, for at most maxWait, and returns the last value it
// read, even alongside an error.
//
// It reads at once. After each read that succeeds, the first rule that applies decides:
//
//  1. The target was read: done, once Consecutive successful reads in a row show it. Another state begins the
//     count anew, a failed read does not.
//  2. A state that the table does not know (the service grew a value): it keeps waiting. That is never success,
//     and counts neither as left nor as come back.
//  3. A state that settles into the target by itself: it keeps waiting; the wait is on its way.
//  4. A state that cannot settle into the target, an empty one too, may be an old read of a change just
//     commanded. It is tolerated until Grace after the wait began.
//  5. After that it is the truth: [Lapsed] if the wait was on its way or at the target before, else [Unreachable]. The
//     error says which operations would lead to the target.
//  6. A read that failed: a done context comes before everything. [Throttled], [Unavailable] and [Conflict] are
//     tolerated until the deadline, with twice the delay. [NotFound] is the Absent state where the machine has
//     one, else [Gone]. Anything else is [ReadFailed] at once.
//
// And of time:
//
//  7. The delay between two reads is an eightieth of the time waited, within MinDelay and MaxDelay, with jitter.
//  8. A read has ReadTimeout. No read starts after the deadline; one last read is made at it, whatever the Pacer says;
//     the wait ends at most a ReadTimeout later.
//  9. maxWait is required and positive. Its end is [TimedOut], which is a [context.DeadlineExceeded] too. The
//     context's end, an earlier deadline of its own included, is [Canceled], and ctx.Err() and
//     context.Cause(ctx) are found in it.
//  10. Whatever ends the wait, it is a [*WaitError] with the history, the number of reads, and the error of the
//     last read if that failed. A clock that steps back counts as standing still.
//
// Arguments and options that are not valid are an [*InputError], before anything is read.
func (w *Waiter[R, S]) Wait(ctx context.Context, target S, maxWait time.Duration, optFns ...func(*WaitOptions)) (R, error) {
	j, err := w.newRunner(modeWait, target, maxWait, optFns)
	if err != nil {
		var none R
		return none, err
	}
	j.start(target, maxWait)
	j.run(ctx, w.Read)
	return j.value, j.err
}

// Watch yields the resource as it is, then each read that differs from the one before, reading every WatchDelay, until
// the caller stops ranging. A failure that [Waiter.Wait] tolerates goes to OnRead, and the next read comes
// after twice the delay. The resource being gone, any other failure and the context's end are yielded once, as
// a [*WaitError] beside the last value, and end it. Options that are not valid are yielded as an [*InputError].
//
// While the body of the loop runs nothing is read. It must not change what it is given: the next read is compared with
// it. Ranging again starts over.
func (w *Waiter[R, S]) Watch(ctx context.Context, optFns ...func(*WaitOptions)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		j, err := w.newRunner(modeWatch, "", 0, optFns)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		j.start("", 0)
		for j.run(ctx, w.Read) == stepYield {
			if !yield(j.value, nil) {
				return
			}
		}
		yield(j.value, j.err)
	}
}

// newRunner makes the job of one call.
func (w *Waiter[R, S]) newRunner(aim mode, target S, maxWait time.Duration, optFns []func(*WaitOptions)) (*runner[R, S], error) {
	j := &runner[R, S]{config: config[R, S]{
		machine: w.Machine, state: w.State, kind: w.Kind, check: w.Check, same: w.Same, readPacer: w.Pacer, aim: aim, opts: w.Options,
	}}
	for _, fn := range optFns {
		fn(&j.config.opts)
	}
	var wrong InputError
	if w.Read == nil {
		wrong.Add("Read", "is nil")
	}
	if err := j.config.applyDefaultsAndValidate(target, maxWait, &wrong); err != nil {
		return nil, err
	}
	j.rules, j.resource = &j.config, w.Resource
	j.track.History = j.historyBuf[:0]
	return j, nil
}

// applyDefaultsAndValidate fills in the defaults and refuses what is wrong.
func (r *config[R, S]) applyDefaultsAndValidate(target S, maxWait time.Duration, wrong *InputError) error {
	r.opts.setDefaults()
	r.opts.validate(wrong)
	if r.machine == nil {
		wrong.Add("Machine", "is nil")
	} else if r.aim == modeWait {
		r.machine.checkWait(target, maxWait, wrong)
	}
	if r.state == nil {
		wrong.Add("State", "is nil")
	}
	if r.kind == nil {
		r.kind = KindOf
	}
	if r.same == nil && r.aim == modeWatch {
		r.same = func(a, b R) bool { return r.state(a) == r.state(b) }
	}
	return wrong.Err()
}
