package statemachine

import (
	"context"
	"log/slog"
	"time"
)

// Goal is what a [Fleet] does for one resource. In one call, a resource has at most one goal with a
// Command.
type Goal[R any, S ~string] struct {
	// Resource identifies the resource for Read, such as an ARN or a name.
	Resource string

	// Target is the state to reach. It must be a state of the Machine.
	Target S

	// Command sends one operation, as for an [Ensurer]. Nil means that the resource is only
	// waited for.
	Command func(context.Context, Operation) error

	// Drift returns an error if a resource in the target state has other settings than requested.
	// It requires a Command. Nil means that the settings are not compared.
	Drift func(R) error

	// Preflight is called before each command, also in a dry run, with the value that was read
	// last. An error is treated like one of the command, except that nothing was sent. Preflight
	// may do I/O. It requires a Command. Nil means no check.
	Preflight func(ctx context.Context, last R, op Operation) error

	// Restore sends an operation of the second half of a restart with the settings of before, the
	// value that was read before the first command of the restart. It is called in place of Command,
	// in one attempt. That is after the service rejected the requested settings with an error that no
	// retry can fix, or accepted them and rolled the command back. The call then ends with a
	// [*RestartError], also if Restore succeeds. It requires a Command. Nil means that the rejection
	// or the rollback ends the call.
	Restore func(ctx context.Context, before R, op Operation) error

	// AcceptedGrace replaces the Grace of the options after an accepted command of this goal, until
	// a read shows an effect of it: the target, or a state on the way to it. Within Grace after the
	// command, it takes two reads in a row to show that a change is on the way, and it is no effect if
	// the call also saw one within Grace before the command. AcceptedGrace is for a change that takes
	// effect only in a maintenance window. It requires a Command. Zero means the Grace of the options,
	// and [NoGrace] none.
	AcceptedGrace time.Duration

	// Leave ends the call, without an error, once a command of this goal was accepted. Ensured.Pending
	// has the command. It is for a change that takes effect only in a maintenance window. It requires
	// a Command.
	Leave bool

	// NotBefore is the time before which the call sends no first command. Where it would send one, it
	// ends, without an error, and Ensured.Pending has the command. So a caller can ask again for what
	// an earlier call left, without commanding it twice. It requires a Command. Zero means that
	// commands are sent at once.
	NotBefore time.Time
}

// Result is the outcome for one of many inputs.
type Result[R any] struct {
	// Index is the index of the input, and the key of the range loop of a [Fleet]. It is -1 for the
	// only result of a Fleet's call that is invalid as a whole, with an [*InputError] as Err. The Each
	// methods of the service packages have no such result: they yield that error for each input.
	Index int

	// Value is the last value read, if any, even if Err is not nil.
	Value R

	// Err says why the input failed. It is nil on success.
	Err error
}

// Ensured is what an Ensure method did. It is also returned with an error.
type Ensured[R any] struct {
	// Value is the last value read.
	Value R

	// Operations lists, in order, the commands that were accepted, and those whose response was
	// lost but that took effect. It is empty if no command was necessary.
	Operations []Operation

	// Planned lists the operations that a dry run would have run.
	Planned []Operation

	// Pending is the command that was accepted last, if the call ended before a read showed an
	// effect of it. For example, the command takes effect in a maintenance window. With NotBefore of
	// [Goal] it is the command that the call did not send yet.
	Pending Operation

	// PendingSince is when Pending was sent. It is zero if this call did not send it.
	PendingSince time.Time

	// Before is the value that was read last before the first command of a restart, with the
	// settings to go back to. It is the zero value without a restart.
	Before R

	// GapFrom and GapTo are the times between which a restarted resource may have been out of the
	// target state. GapFrom is when the first command was sent, and GapTo when a read showed the
	// target again. GapTo is zero if no read did. Both are zero without a restart.
	GapFrom, GapTo time.Time
}

// LogValue returns what was done, without the values that were read, as a group. Its keys are
// stable.
func (e Ensured[R]) LogValue() slog.Value {
	return slog.GroupValue(nonEmpty([]slog.Attr{
		slog.Any("operations", e.Operations), slog.Any("planned", e.Planned),
		slog.String("pending", string(e.Pending)), slog.Time("pending_since", e.PendingSince),
		slog.Time("gap_from", e.GapFrom), slog.Time("gap_to", e.GapTo),
	})...)
}

// Command is a command of an Ensure call and what is known about it: the one that was sent last,
// or the one to send next.
type Command[S ~string] struct {
	// Operation is the API operation.
	Operation Operation `json:"operation,omitempty"`

	// SentFrom is the state in which the command was sent.
	SentFrom S `json:"sent_from,omitempty"`

	// Waypoint is the state to wait for once the command was accepted: the target, or a state from
	// which the next command leads on.
	Waypoint S `json:"waypoint,omitempty"`

	// SentAt is when the command was sent.
	SentAt time.Time `json:"sent_at,omitzero"`

	// Outcome is what became of the command.
	Outcome Outcome `json:"outcome,omitempty"`
}

// Evidence is what an Ensure call remembers about its successful reads. Each time is zero if there
// was no such read.
type Evidence struct {
	// PlannedAt is when a read last showed a state from which the call could still reach its
	// target.
	PlannedAt time.Time `json:"planned_at,omitzero"`

	// DriftSince is since when each read has shown the target with other settings than requested.
	DriftSince time.Time `json:"drift_since,omitzero"`

	// TargetSeenAt is when a read last showed the target with the requested settings.
	TargetSeenAt time.Time `json:"target_seen_at,omitzero"`
}

// Outcome is what became of a [Command]. It is empty if there is no command, or if the state
// changed after a rejection.
type Outcome string

// The outcomes of a command.
const (
	// OutcomePending means that the command is to be sent, or was sent and not reported yet.
	OutcomePending Outcome = "pending"

	// OutcomeAccepted means that the service accepted the command.
	OutcomeAccepted Outcome = "accepted"

	// OutcomeUnknown means that the response was lost: the command may have been executed.
	OutcomeUnknown Outcome = "unknown"

	// OutcomeRejected means that the command was not executed, and can be sent again.
	OutcomeRejected Outcome = "rejected"

	// OutcomeBlocked means that the service rejected the command as [InvalidState] or [Conflict]:
	// the resource may not accept any command.
	OutcomeBlocked Outcome = "blocked"
)
