package eventstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is the output of an Ensure method. It is never nil, even with an error.
type EnsureOutput struct {
	Stream     *Stream                  // the last value read; nil if no read succeeded
	Operations []statemachine.Operation // accepted by the service, in order; empty if none
	Planned    []statemachine.Operation // that would have been called, in a dry run

	// GapFrom and GapTo enclose the time in which a restart of a running stream (AllowRestart) may
	// have left events unexported. GapTo is zero if no read showed the stream running again. Both
	// are zero without a restart, and for a stream that was already stopped: its gap began
	// earlier.
	GapFrom, GapTo time.Time
}

// newEnsureOutput converts the kernel's result.
// newEnsureOutput converts the kernel's result.
func newEnsureOutput(e statemachine.Ensured[*Stream]) *EnsureOutput {
	return &EnsureOutput{Stream: e.Value, Operations: e.Operations, Planned: e.Planned, GapFrom: e.GapFrom, GapTo: e.GapTo}
}

// EnsureCreated creates the stream as specified by in if necessary and waits until it runs, for at
// most maxWait. It is safe to repeat: from a cron job, after a crash, concurrently with another
// actor. It returns its output even with an error. [Client.WaitHealthy] then waits for the
// destination.
//
// The rules are those of [statemachine.Ensurer.Ensure] on [Machine]. EnsureCreated reads first. It
// calls CreateEventStream if the stream is absent, and this command is accepted at most once per
// call. If another actor deletes the stream again, the call ends as Lapsed instead of creating it
// again.
//
//   - If the stream has another Uri, the error is a [*statemachine.DriftError]. With
//     Options.AllowRestart the stream is deleted and created instead, and the output has the time
//     in which no events were exported.
//   - If the stream lacks a tag of in.Tags, or has another value for one, the error is a
//     DriftError, too. EnsureCreated does not delete the stream for a tag, even with
//     Options.AllowRestart. Tags that in.Tags does not have are not compared.
//   - If the stream is stopped, it has to be deleted and created. Without Options.AllowRestart the
//     call ends as Unreachable at once, and the error names both operations.
//   - If the domain has another stream, the service rejects the command, and the call ends as a
//     Conflict that names the other stream and its destination. A domain can have only one.
//   - If the destination is not active yet, the service rejects the command as a bad request. That
//     can change, so EnsureCreated reads and tries again until maxWait has passed.
//
// Other errors are a [*statemachine.WaitError] or a [*statemachine.Fault]. Invalid input is a
// [*statemachine.InputError], and nothing is sent.
func (c *Client) EnsureCreated(ctx context.Context, in *CreateInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateRunning, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	e := call.ensurer(in.Ref, CreateEventStream)
	e.Drift = func(s *Stream) error { return drift(in, s) }
	e.Preflight = func(_ context.Context, s *Stream, op statemachine.Operation) error {
		if op == DeleteEventStream && s.State == StateRunning && s.Uri == in.Uri { // TagResource corrects a tag
			return drift(in, s)
		}
		return nil
	}
	if call.options.AllowRestart {
		e.Commands.Operations = append(e.Commands.Operations, DeleteEventStream)
		e.Commands.Restart = true
	}
	var other *Stream // in the domain, as of the last read
	e.Read = func(ctx context.Context) (s *Stream, err error) {
		s, other, err = call.readDomain(ctx, in.Ref)
		return s, err
	}
	remove := e.Command
	e.Command = func(ctx context.Context, op statemachine.Operation) error {
		if op == DeleteEventStream { // the first half of a restart
			return remove(ctx, op)
		}
		_, err := call.create(ctx, in)
		return nameOtherStream(err, other)
	}
	done, err := sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureCreated", e, StateRunning, maxWait)
	return newEnsureOutput(done), err
}

// EnsureDeleted deletes the stream if necessary and waits until it is absent, for at most maxWait.
// The rules are those of [Client.EnsureCreated], with the two operations exchanged and without
// drift. [Client.Wait] documents how an absence is confirmed.
func (c *Client) EnsureDeleted(ctx context.Context, ref Ref, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateAbsent, maxWait, &call.options.Wait, ref.validate(DeleteEventStream)); err != nil {
		return &EnsureOutput{}, err
	}
	done, err := sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureDeleted", call.ensurer(ref, DeleteEventStream), StateAbsent, maxWait)
	return newEnsureOutput(done), err
}

// ensurer returns what the Ensure methods have in common. Its command deletes the stream.
func (c *call) ensurer(ref Ref, operations ...statemachine.Operation) *statemachine.Ensurer[*Stream, State] {
	return &statemachine.Ensurer[*Stream, State]{
		Waiter: *waiter(c, ref, machine, (*Stream).state),
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := c.delete(ctx, ref)
			return err
		},
		Commands: statemachine.EnsureOptions[*Stream]{Operations: operations, Kind: commandKind, DryRun: c.options.DryRun, Pacer: c.options.CommandPacer},
	}
}

// commandKind returns the kind of a command's error for an Ensure method. CreateEventStream has one
// code for all invalid input, including a destination that is not active yet, so that is retried.
func commandKind(err error) statemachine.Kind {
	if _, ok := errors.AsType[*otherStreamError](err); ok {
		return statemachine.LimitExceeded // ends the call
	}
	if f, ok := errors.AsType[*statemachine.Fault](err); ok && f.Operation == CreateEventStream && f.Kind == statemachine.InvalidInput {
		return statemachine.Conflict
	}
	return statemachine.KindOf(err)
}

// drift returns a DriftError if the running stream s differs from in.
func drift(in *CreateInput, s *Stream) error {
	d := statemachine.DriftError{Resource: in.String()}
	d.Add("Uri", in.Uri, s.Uri)
	for _, key := range slices.Sorted(maps.Keys(in.Tags)) {
		got, ok := s.Tags[key]
		if !ok {
			got = "(no tag)"
		}
		if want := in.Tags[key]; !ok || got != want {
			d.Fields = append(d.Fields, statemachine.Drift{Field: fmt.Sprintf("Tags[%q]", key), Want: want, Got: got})
		}
	}
	return d.Err()
}
