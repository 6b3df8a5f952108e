package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// EnsureTrack is an Ensure call as data: what was requested, sent and observed. Like a [Track] it
// does no I/O, reads no clock and survives JSON, so it can be stored and resumed elsewhere. Most
// programs use [Ensurer]; this is for workflow engines.
//
// [Machine.NewEnsureTrack] begins one. [Machine.ObserveRead] records each read and
// [Machine.ObserveCommand] the result of each command. Both return an [EnsureStep]: run an
// operation, stop, or read again at Track.Next. The rules are those of [Ensurer.Ensure], decided
// by the same code.
//
// Store the EnsureTrack before you send a command. If the process crashes before it records the
// result, the next observed read treats the command as possibly executed. ObserveCommand does
// nothing unless Outcome is [OutcomePending].
//
// A restart whose second half fails goes back to the former settings, as with Restore of
// [Ensurer], if the observations have Settings. Then [EnsureStep] has Restore set, and the call
// ends with a [*RestartError]. The error in it has the text, the [Reason] and the [Kind] of the
// failure, which survive JSON, but not its Go type.
//
// An EnsureTrack is not safe for concurrent use. In JSON, durations are in nanoseconds.
type EnsureTrack[S ~string] struct {
	// Resource identifies the resource in messages, such as an ARN or a name.
	Resource string `json:"resource,omitempty"`

	// Target is the state to reach in the end. That of Track may be a state on the way there.
	Target S `json:"target"`

	// Grace is that of [WaitOptions]. Zero and negative values mean none. Track.Grace is the one
	// that applies to the current wait. It is zero before the first command.
	Grace time.Duration `json:"grace"`

	// AcceptedGrace is that of [Goal]. Zero means Grace. Negative values mean none.
	AcceptedGrace time.Duration `json:"accepted_grace,omitempty"`

	// Track is the current wait.
	Track Track[S] `json:"track"`

	// Operations lists the operations that may be run. Empty means every operation of the table.
	Operations []Operation `json:"operations,omitempty"`

	// Restart is that of [EnsureOptions].
	Restart bool `json:"restart,omitempty"`

	// Accepted lists the accepted operations, as Operations of [Ensured].
	Accepted []Operation `json:"accepted,omitempty"`

	// GapFrom and GapTo are those of [Ensured].
	GapFrom time.Time `json:"gap_from,omitzero"`
	GapTo   time.Time `json:"gap_to,omitzero"`

	// Command is the command that was sent last, or the one to send next.
	Command[S]

	// Evidence is what the reads have shown.
	Evidence

	// Refusal is the kind of the error of the last command. It is empty if the command was
	// accepted, or if the error no longer applies.
	Refusal Kind `json:"refusal,omitempty"`

	// RefusalMessage is the text of that error.
	RefusalMessage string `json:"refusal_message,omitempty"`

	// Before is the Settings of the last read before the first command of a restart. It is empty
	// without a restart.
	Before json.RawMessage `json:"before,omitempty"`

	// Restoring is set once the rest of a restart has failed, and the former settings are restored.
	Restoring *Restoring `json:"restoring,omitempty"`
}

// Restoring says why a restart failed, for an [EnsureTrack] that restores the former settings.
type Restoring struct {
	// Reason is why the wait for the last command failed, if the service rolled it back.
	Reason Reason `json:"reason,omitempty"`

	// Kind is the kind of the error, and Message its text.
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`

	// Accepted is how many operations had been accepted.
	Accepted int `json:"accepted"`
}

// Error returns Message.
func (r *Restoring) Error() string { return r.Message }

// Unwrap returns the Reason, or without one the Kind.
func (r *Restoring) Unwrap() error {
	if r.Reason != "" {
		return r.Reason
	}
	return r.Kind
}

// Observation is one read of a resource for an [EnsureTrack]. It is for workflow engines.
type Observation[S ~string] struct {
	// State is the state that was read.
	State S

	// Identity is that of the resource that was read, as for [Track.Identify]. It may be empty.
	Identity string

	// Err is the read error, if any, classified by [KindOf]. If it is set, all other fields are
	// ignored.
	Err error

	// Drift is an error, usually a [*DriftError], if the settings are not those that were
	// requested. It matters only in the target state.
	Drift error

	// Settings are those that were read, in whatever form restores them. They matter only with
	// Drift and Restart: a restart that fails then goes back to them, as with Restore of [Ensurer].
	// Empty means that a restart that fails ends the call.
	Settings json.RawMessage

	// Stuck is an error if the resource can no longer accept any command. It matters only after
	// one was rejected as [InvalidState] or [Conflict].
	Stuck error
}

// EnsureStep is what to do next for an [EnsureTrack]. The zero EnsureStep means to read again at
// Track.Next. It is for workflow engines.
type EnsureStep struct {
	// Run is the operation to send now, in one attempt. Pass its result to
	// [Machine.ObserveCommand].
	Run Operation

	// Restore reports whether to send Run with the settings in EnsureTrack.Before, in place of those
	// that were requested.
	Restore bool

	// Done reports whether the Ensure call has ended. It succeeded if Err is nil.
	Done bool

	// Err is the error that [Ensurer.Ensure] would return.
	Err error
}

// NewEnsureTrack begins an Ensure call for target that starts at the time at and lasts at most
// maxWait. It uses the delays, Grace and Consecutive of o, and rejects what [Machine.NewTrack]
// rejects. Resource, Operations and Restart may be set before the first read.
func (m *Machine[S]) NewEnsureTrack(target S, at time.Time, maxWait time.Duration, o WaitOptions) (EnsureTrack[S], error) {
	t, err := m.NewTrack(target, at, maxWait, o)
	if err != nil {
		return EnsureTrack[S]{}, err
	}
	e := EnsureTrack[S]{Target: target, Grace: t.Grace, Track: t}
	e.Track.Grace = 0 // no command has been sent, so there is nothing for a stale read to miss
	return e, nil
}

// ObserveRead records a read made at the time at, and returns what to do next.
func (m *Machine[S]) ObserveRead(t *EnsureTrack[S], o Observation[S], at time.Time) EnsureStep {
	if t.Outcome == OutcomePending { // the result was not recorded, so the command may have been executed
		if step := m.ObserveCommand(t, Unavailable, at, at); step.Done {
			return step
		}
	}
	j := m.restore(t)
	return t.save(j, j.decideWait(o, o.Err, callKind(context.Background(), o.Err, KindOf), at))
}

// ObserveCommand records the result of the operation that the last [EnsureStep] named, and
// returns what to do next. The command was sent at the time sent and completed at the time at. A
// nil err means that it was accepted. Otherwise the kind of err decides, as described for
// [Ensurer.Ensure]. A zero sent means that the command was certainly not sent, for example
// because a check before it failed, or because it failed with a [Fault] that has NotSent set.
func (m *Machine[S]) ObserveCommand(t *EnsureTrack[S], err error, sent, at time.Time) EnsureStep {
	if t.Outcome != OutcomePending {
		return EnsureStep{}
	}
	j := m.restore(t)
	next := j.handleCommandResult(context.Background(), err == nil || !sent.IsZero(), err, sent, at)
	if t.Refusal, t.RefusalMessage = KindOf(err), ""; err != nil && err.Error() != string(t.Refusal) {
		t.RefusalMessage = err.Error()
	}
	return t.save(j, next)
}

// restore returns the job that t describes.
func (m *Machine[S]) restore(t *EnsureTrack[S]) *job[Observation[S], S] {
	e := &ensureState[Observation[S], S]{
		goal: Goal[Observation[S], S]{
			Target: t.Target, AcceptedGrace: t.AcceptedGrace,
			Drift: func(o Observation[S]) error { return o.Drift },
		},
		Command: t.Command, Evidence: t.Evidence,
		result: Ensured[Observation[S]]{
			Operations: slices.Clip(t.Accepted), GapFrom: t.GapFrom, GapTo: t.GapTo, Before: Observation[S]{Settings: t.Before},
		},
	}
	if len(t.Before) > 0 { // the caller can restore; it does so itself
		e.goal.Restore = func(context.Context, Observation[S], Operation) error { return nil }
	}
	if r := t.Restoring; r != nil {
		e.refusal, e.restoreFrom = r, r.Accepted
	}
	switch {
	case t.RefusalMessage != "":
		e.err = fmt.Errorf("%w: %s", t.Refusal, t.RefusalMessage)
	case t.Refusal != "":
		e.err = t.Refusal
	}
	c := &config[Observation[S], S]{
		machine: m, kind: KindOf,
		opts:     WaitOptions{Grace: t.Grace, Jitter: func(d time.Duration) time.Duration { return d }},
		state:    func(o Observation[S]) S { return o.State },
		identity: func(o Observation[S]) string { return o.Identity },
		commands: &commandOptions[Observation[S]]{
			kind: KindOf, restart: t.Restart, stuck: func(o Observation[S]) error { return o.Stuck },
		},
	}
	if len(t.Operations) > 0 { // JSON does not distinguish empty from nil
		c.commands.operations = t.Operations
	}
	return &job[Observation[S], S]{config: c, resource: t.Resource, track: t.Track, ensure: e}
}

// save stores the job in t and returns what its step means.
func (t *EnsureTrack[S]) save(j *job[Observation[S], S], next step) EnsureStep {
	e := j.ensure
	t.Track, t.Command, t.Evidence = j.track, e.Command, e.Evidence
	t.Accepted, t.GapFrom, t.GapTo, t.Before = e.result.Operations, e.result.GapFrom, e.result.GapTo, e.result.Before.Settings
	if e.refusal != nil && t.Restoring == nil {
		t.Restoring = &Restoring{Kind: KindOf(e.refusal), Message: e.refusal.Error(), Accepted: e.restoreFrom}
		t.Restoring.Reason, _ = errors.AsType[Reason](e.refusal)
	}
	if e.err == nil {
		t.Refusal, t.RefusalMessage = "", ""
	}
	switch next {
	case stepCommand:
		t.Outcome = OutcomePending
		return EnsureStep{Run: e.Operation, Restore: e.refusal != nil}
	case stepDone:
		return EnsureStep{Done: true, Err: j.endErr()}
	case stepRead, stepYield:
	}
	return EnsureStep{}
}
