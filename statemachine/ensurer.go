package statemachine

import (
	"cmp"
	"context"
	"time"
)

// Ensurer brings one resource to a state, whatever state it is in. It is a [Waiter] that can also
// send commands. An Ensurer is safe for concurrent use as long as its fields do not change.
type Ensurer[R any, S ~string] struct {
	Waiter[R, S]

	// Command sends one operation, in one attempt: see [Ensurer.Ensure]. Required.
	Command func(context.Context, Operation) error

	// Drift returns an error, usually a [*DriftError], if a resource in the target state has other
	// settings than requested. Nil means that the settings are not compared.
	Drift func(R) error

	// Preflight is called before each command, with the value that was read last. See [Goal]. Nil
	// means no check.
	Preflight func(context.Context, R, Operation) error

	// Restore sends an operation of a restart with the former settings, after the service rejected
	// the requested ones or rolled them back. See [Goal]. Nil means that this ends the call.
	Restore func(ctx context.Context, before R, op Operation) error

	// AcceptedGrace replaces the Grace of the options after an accepted command. See [Goal].
	AcceptedGrace time.Duration

	// Leave ends the call once a command was accepted. See [Goal].
	Leave bool

	// NotBefore is the time before which the call sends no first command. See [Goal].
	NotBefore time.Time

	// Commands configures the commands. Its zero value allows every operation of the table, and no
	// restart.
	Commands EnsureOptions[R]
}

// EnsureOptions configures the commands of an [Ensurer] or [Fleet].
type EnsureOptions[R any] struct {
	// Operations lists the operations that may be run. A plan that needs another one ends the
	// call as [Unreachable]. Nil means every operation of the table.
	Operations []Operation

	// Kind classifies the error of a command or a Preflight. Nil means that it is classified like
	// that of a read.
	Kind func(error) Kind

	// Stuck returns an error if the resource can no longer accept any command, for example
	// because it is being deleted. It is consulted after a command was rejected as [InvalidState]
	// or [Conflict], and its error ends the call. Nil means that commands are retried until the
	// deadline.
	Stuck func(R) error

	// Restart allows a drifted resource to leave the target state and come back, once. If it is
	// false, drift is a [DriftError].
	Restart bool

	// DryRun prevents all commands. [Ensured] lists what would have been run.
	DryRun bool

	// Pacer limits the rate of the commands. Nil means that commands share the Pacer of the reads.
	Pacer *Pacer
}

// commands returns what the jobs of a call need of o.
func (o *EnsureOptions[R]) commands() *commandOptions[R] {
	return &commandOptions[R]{operations: o.Operations, kind: o.Kind, stuck: o.Stuck, restart: o.Restart, dryRun: o.DryRun}
}

// Ensure brings the resource to the state target within maxWait. It returns what it did, even
// with an error. After an error or a crash, call it again to continue.
//
//  1. It reads first. If the resource is in the target state and as requested, it runs nothing.
//     It joins a change to the target that is in progress, and waits until a change away from it
//     has ended. Before the first command it plans from every read, without a grace period: the
//     service rejects a command that a stale read led to.
//  2. Otherwise it runs the first operation of [Machine.Plan] and waits for its effect by the
//     rules of [Waiter.Wait], with Grace counted from the response. Each operation is accepted at
//     most once per call: if another actor reverts it, the call ends as [Lapsed]. Without a plan,
//     with one that needs an operation that may not be run, or without a resource, it keeps
//     reading for Grace. Then it ends as [Unreachable] or [Gone].
//  3. Command must make a single attempt, because Ensure reads before it retries. A command that
//     failed as [Unavailable] may have been executed: it is retried only after the full Grace,
//     and is listed in Operations once the state changed. If NotSent of its [Fault] is set, it was
//     not executed. After such a command, and after one that failed as [Throttled],
//     [InvalidState], [Conflict] or [AlreadyInState], Ensure reads after the next delay and plans
//     again, until the deadline. Any other failure ends the call with that error.
//  4. If the resource is in the target state and Drift returns an error, the call ends with that
//     error, or restarts the resource if Restart is set. Within Grace after a command, drift may
//     be a stale read. A restart begins once all reads of a grace period have shown drift, because
//     the service does not reject a mistaken one. If the restart fails in between, the error is a
//     [*RestartError]. With Restore, the call first goes back to the former settings, for which an
//     operation can be accepted once more.
//  5. Within Grace after a command, the target may be a stale read if it was also seen within
//     Grace before the command. Ensure then reads on. A success without a command means that a
//     read, and so an instant within the last Grace, showed the target as requested.
//  6. No command starts after the deadline. A command is limited by ReadTimeout, like a read. A
//     command that waited for the Pacer for longer than MaxDelay is decided again by a new read.
//  7. Once a command may have been executed, a change of Identity ends the call as [Replaced].
//     Before, Ensure goes on with the resource that has the name now.
//
// A wait that ended is a [*WaitError] that also lists the accepted operations. Invalid arguments
// and options are an [*InputError].
func (e *Ensurer[R, S]) Ensure(ctx context.Context, target S, maxWait time.Duration, optFns ...func(*WaitOptions)) (Ensured[R], error) {
	var errs InputError
	if e.Command == nil {
		errs.Add("Command", "is nil")
	}
	r, err := e.newRunner(modeWait, target, maxWait, optFns, errs, e.Commands.commands())
	if err != nil {
		return Ensured[R]{}, err
	}
	r.commandPacer = cmp.Or(e.Commands.Pacer, e.Pacer)
	r.ensure = &ensureState[R, S]{goal: Goal[R, S]{
		Target: target, Command: e.Command, Drift: e.Drift, Preflight: e.Preflight, Restore: e.Restore,
		AcceptedGrace: e.AcceptedGrace, Leave: e.Leave, NotBefore: e.NotBefore,
	}}
	r.start(ctx, target, maxWait)
	r.run(ctx, e.Read)
	return r.result(), r.end()
}
