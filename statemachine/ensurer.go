package statemachine

import (
	"context"
	"time"
)

// Ensurer brings one resource to a state, whatever it is in: a Waiter that can also command. An Ensurer is safe
// for concurrent use as long as its fields do not change.
type Ensurer[R any, S ~string] struct {
	Waiter[R, S]

	Command   func(context.Context, Operation) error    // runs one operation, in one attempt: see Ensure. Required
	Drift     func(R) error                             // non-nil: in the target, but not as wanted; a *DriftError. May be nil
	Preflight func(context.Context, R, Operation) error // asked before each command, with what was read last; see [Goal]. May be nil
	Commands  EnsureOptions[R]                          // the zero value: any operation of the table, no restart
}

// EnsureOptions are the settings of an ensure.
type EnsureOptions[R any] struct {
	// Operations are those that may be run. A plan that needs another fails at once, as [Unreachable]. Nil: all
	// of the table.
	Operations []Operation

	// Kind is what the error of a command means, where that differs from a read's. May be nil.
	Kind func(error) Kind

	// Stuck tells, after a command was refused as [InvalidState] or [Conflict], why none can be accepted any
	// more: a database that is being deleted, say. The ensure ends at once then. Nil, or a nil error: it tries
	// again until the deadline.
	Stuck func(R) error

	// Restart says what becomes of a resource that is in the target with other settings: false, a [DriftError];
	// true, it is taken out of the target and brought back, once.
	Restart bool

	// DryRun makes an ensure run nothing; see [Ensured].
	DryRun bool

	// Pacer is where the commands wait for their place. Nil: where the reads do.
	Pacer *Pacer
}

// Ensured is what an ensure did. It is returned alongside an error as well.
type Ensured[R any] struct {
	Value      R           // read last
	Operations []Operation // accepted, in order, and those whose answer was lost but that took effect; empty: nothing had to be run
	Planned    []Operation // of a dry run: what would have been run

	// GapFrom and GapTo are, after a restart, the instants between which the resource may have been out of the
	// target: when the first command was sent, and when the target was read again. GapTo is zero if that did
	// not happen. Without a restart both are zero.
	GapFrom, GapTo time.Time
}

// Ensure brings the resource to the state target within maxWait, and returns what it did, even alongside an
// error: after an error, or after a crash, calling it again carries on.
//
//  1. It reads first. In the target and as wanted: it is done, and nothing is run. A change to the target under
//     way: it joins. A change away from it: it waits that out. Before the first command no state is taken for
//     an old read.
//  2. Else it runs the first operation of [Machine.Plan], and waits for what that leads to by the rules of
//     [Waiter.Wait], with the Grace counted from the answer. Each operation is accepted at most once a call, so
//     that a resource that goes back afterwards ends it as [Lapsed]: a rival is reported, not fought. A plan
//     that needs an operation that may not be run ends it at once as [Unreachable].
//  3. Command must make one attempt only: the retry is Ensure's own, which reads first. A command that failed
//     as [Unavailable] may have been carried out: it is run again only after the full Grace, and listed in
//     Operations once the state has moved. [Throttled], [InvalidState], [Conflict] and [AlreadyInState] were
//     not carried out: it reads after the next delay and plans again, until the deadline. Any other failure
//     ends it, as it is.
//  4. In the target, but Drift says not as wanted: that error, or with Restart out of the target and back. For
//     a Grace after a command such a drift may still be an old read.
//  5. No command starts after the deadline. A command has ReadTimeout, as a read has.
//
// A wait that ended is a [*WaitError]; what it accepted before is in it, too. Arguments and options that are
// not valid are an [*InputError].
func (e *Ensurer[R, S]) Ensure(ctx context.Context, target S, maxWait time.Duration, optFns ...func(*WaitOptions)) (Ensured[R], error) {
	j, err := e.newRunner(modeWait, target, maxWait, optFns)
	if e.Command == nil {
		err = prependField(FieldError{Field: "Command", Reason: "is nil"}, err)
	}
	if err != nil {
		return Ensured[R]{}, err
	}
	j.rules.commands(e.Commands)
	j.ensure = &ensureState[R, S]{goal: &Goal[R, S]{Command: e.Command, Drift: e.Drift, Preflight: e.Preflight}}
	j.start(target, maxWait)
	j.run(ctx, e.Read)
	return j.result(), j.err
}

// commands takes the settings of an ensure.
func (r *config[R, S]) commands(c EnsureOptions[R]) {
	if c.Pacer == nil {
		c.Pacer = r.readPacer
	}
	r.ensure = &c
}

// result is what came of the job.
func (j *job[R, S]) result() Ensured[R] {
	var done Ensured[R]
	if j.ensure != nil {
		done = j.ensure.result
	}
	done.Value = j.value
	return done
}
