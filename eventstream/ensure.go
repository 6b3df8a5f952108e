package eventstream

import (
	"context"
	"errors"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is what an ensure did.
type EnsureOutput struct {
	Stream     *Stream                  // read last, in StateAbsent if it is not there; nil if no read succeeded
	Operations []statemachine.Operation // accepted, in order; empty: nothing had to be run
	Planned    []statemachine.Operation // of a dry run: what would have been run

	// GapFrom and GapTo are the instants between which the restart of a running stream (AllowRestart) may have
	// left events unexported. GapTo is zero if the stream was not seen running again. For a stream that was
	// stopped both are zero: its gap began before. Without a restart both are zero, too.
	GapFrom, GapTo time.Time
}

func newEnsureOutput(e statemachine.Ensured[*Stream]) *EnsureOutput {
	return &EnsureOutput{Stream: e.Value, Operations: e.Operations, Planned: e.Planned, GapFrom: e.GapFrom, GapTo: e.GapTo}
}

// EnsureCreated makes sure that the stream is running as in says, within maxWait, whatever its state was
// before. It can be called again and again: from a cron job, after a crash, alongside another actor. It returns
// what it did, even alongside an error.
//
// The rules are those of [statemachine.Ensurer.Ensure], on [Machine]. In short: it reads first; a stream that
// is running as wanted is left alone; one that is not there is created, and waited for until it runs.
// [Client.WaitHealthy] then waits for the destination. CreateEventStream is accepted at most once a call:
// somebody who deletes the stream again is reported (Lapsed), not fought.
//
//   - A stream that leads to another Uri is a [*statemachine.DriftError], unless AllowRestart has it deleted
//     and created; the output says when nothing was exported. Tags are not compared.
//   - A stream that is stopped can only be deleted and created: with AllowRestart; else it is Unreachable at
//     once, and the error names the two operations.
//   - A domain that has another stream already refuses this one, as AlreadyInState; a destination that is not
//     active yet is refused as a bad request, like anything else that the service does not take. Either may
//     change: EnsureCreated reads and tries again until maxWait is over.
//
// Errors are a [*statemachine.WaitError], a [*statemachine.Fault], a [*statemachine.DriftError] or, before
// anything is sent, a [*statemachine.InputError].
func (c *Client) EnsureCreated(ctx context.Context, in *CreateInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateRunning, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	e := call.ensurer(in.Ref, CreateEventStream)
	e.Drift = func(s *Stream) error { return drift(in, s) }
	if call.options.AllowRestart {
		e.Commands.Operations = append(e.Commands.Operations, DeleteEventStream)
		e.Commands.Restart = true
	}
	remove := e.Command
	e.Command = func(ctx context.Context, op statemachine.Operation) error {
		if op == DeleteEventStream { // of a restart
			return remove(ctx, op)
		}
		_, err := call.create(ctx, in)
		return err
	}
	done, err := sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureCreated", e, StateRunning, maxWait)
	return newEnsureOutput(done), err
}

// EnsureDeleted makes sure that the stream is gone within maxWait, whatever its state was before. The rules are
// those of [Client.EnsureCreated], in reverse; there is no drift. That it is gone is confirmed as [Client.Wait]
// says.
func (c *Client) EnsureDeleted(ctx context.Context, ref Ref, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateAbsent, maxWait, &call.options.Wait, ref.validate(DeleteEventStream)); err != nil {
		return &EnsureOutput{}, err
	}
	done, err := sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureDeleted", call.ensurer(ref, DeleteEventStream), StateAbsent, maxWait)
	return newEnsureOutput(done), err
}

// ensurer is what all ensures have in common. Its command deletes.
func (c *call) ensurer(ref Ref, runs ...statemachine.Operation) *statemachine.Ensurer[*Stream, State] {
	return &statemachine.Ensurer[*Stream, State]{
		Waiter: *waiter(c, ref, machine, (*Stream).state),
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := c.delete(ctx, ref)
			return err
		},
		Commands: statemachine.EnsureOptions[*Stream]{Operations: runs, Kind: commandKind, DryRun: c.options.DryRun, Pacer: c.options.CommandPacer},
	}
}

// commandKind is what the error of a command means to an ensure. A create that is refused for its input may be
// about the destination, which is not active yet, and there is one code for all of it.
func commandKind(err error) statemachine.Kind {
	if f, ok := errors.AsType[*statemachine.Fault](err); ok && f.Operation == CreateEventStream && f.Kind == statemachine.InvalidInput {
		return statemachine.Conflict
	}
	return statemachine.KindOf(err)
}

// drift is what differs of a running stream from what in asks for.
func drift(in *CreateInput, s *Stream) error {
	d := statemachine.DriftError{Resource: in.String()}
	d.Add("Uri", in.Uri, s.Uri)
	return d.Err()
}
