package eventstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is the output of an Ensure method. It is never nil, even with an error.
type EnsureOutput struct {
	// Stream is the last value that was read. It is nil if no read succeeded.
	Stream *Stream `json:"stream,omitempty"`

	// Operations lists what the service accepted, in order. It is empty if nothing was needed.
	Operations []statemachine.Operation `json:"operations,omitempty"`

	// Planned lists the operations that a dry run would have called.
	Planned []statemachine.Operation `json:"planned,omitempty"`

	// GapFrom and GapTo enclose the time in which a restart of a running stream (AllowRestart) may
	// have left events unexported. GapTo is zero if no read showed the stream running again. Both
	// are zero without a restart, and for a stream that was already stopped: its gap began
	// earlier.
	GapFrom time.Time `json:"gap_from,omitzero"`
	GapTo   time.Time `json:"gap_to,omitzero"`

	// Before is the stream as it was before a restart (AllowRestart), with the settings to go back
	// to. It is nil without a restart.
	Before *Stream `json:"before,omitempty"`

	// Pending is the command that the service accepted and of which no read has shown an effect, if
	// the call failed.
	Pending statemachine.Operation `json:"pending,omitempty"`
}

// LogValue returns what was done and the last state, as a group. Its keys are stable.
func (o *EnsureOutput) LogValue() slog.Value {
	var attrs []slog.Attr
	if o.Stream != nil {
		attrs = append(attrs, slog.String("state", string(o.Stream.State)))
	}
	done := statemachine.Ensured[*Stream]{
		Operations: o.Operations, Planned: o.Planned, Pending: o.Pending, GapFrom: o.GapFrom, GapTo: o.GapTo,
	}
	return slog.GroupValue(append(attrs, done.LogValue().Group()...)...)
}

// newEnsureOutput converts the result of statemachine.
func newEnsureOutput(e *statemachine.Ensured[*Stream]) *EnsureOutput {
	return &EnsureOutput{
		Stream: e.Value, Operations: e.Operations, Planned: e.Planned,
		GapFrom: e.GapFrom, GapTo: e.GapTo, Before: e.Before, Pending: e.Pending,
	}
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
//     in which no events were exported. A restart begins once all reads of the grace period have
//     shown the other Uri. If the service then rejects the new Uri, or the stream is absent again,
//     EnsureCreated creates the stream as it was before, and the error is a
//     [*statemachine.RestartError]. The service has no operation that checks a Uri: make sure that
//     the data stream is ACTIVE before you allow a restart.
//   - If the stream lacks a tag of in.Tags, or has another value for one, the error is a
//     DriftError, too. EnsureCreated does not delete the stream for a tag, even with
//     Options.AllowRestart. [Client.SetTags] changes it in place. Tags that in.Tags does not have
//     are not compared.
//   - If the stream is stopped, it has to be deleted and created. Without Options.AllowRestart the
//     call ends as Unreachable after the grace period, and the error names both operations.
//   - A domain can have only one stream. If it has another one, the service rejects the command,
//     and the call ends as a Conflict that names the other stream and its destination, also in a
//     dry run.
//   - If the destination is not active yet, the service rejects the command as a bad request. That
//     can change, so EnsureCreated reads and tries again until maxWait has passed.
//
// Other errors are a [*statemachine.WaitError] or a [*statemachine.Fault]. Invalid input is a
// [*statemachine.InputError], and nothing is sent.
func (c *Client) EnsureCreated(ctx context.Context, in *CreateInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateRunning, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	x := creation{call: call, in: in}
	e := sdkcall.Ensurer(waiter(call, in.Ref, machine, (*Stream).state), x.goal(), call.createOptions())
	e.Read = x.read
	return sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureCreated", e, StateRunning, maxWait, newEnsureOutput)
}

// EnsureDeleted deletes the stream if necessary and waits until it is absent, for at most maxWait.
// The rules are those of [Client.EnsureCreated], with the two operations exchanged and without
// drift. [Client.Wait] documents how an absence is confirmed.
func (c *Client) EnsureDeleted(ctx context.Context, ref Ref, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StateAbsent, maxWait, &call.options.Wait, ref.validate(DeleteEventStream)); err != nil {
		return &EnsureOutput{}, err
	}
	e := sdkcall.Ensurer(waiter(call, ref, machine, (*Stream).state), call.deleteGoal(ref), call.ensureOptions(DeleteEventStream))
	return sdkcall.Ensure(ctx, call.Tracer, "eventstream.EnsureDeleted", e, StateAbsent, maxWait, newEnsureOutput)
}

// creation is an EnsureCreated of one stream.
type creation struct {
	call  *call
	in    *CreateInput
	other *Stream // in the domain, as of the last read
	state State   // as of the last read that succeeded

	restarting bool // it deletes, or deleted, a stream that ran
}

// read reads the stream and, if it is absent, its domain.
func (x *creation) read(ctx context.Context) (s *Stream, err error) {
	if s, x.other, err = x.call.readDomain(ctx, x.in.Ref); err == nil {
		x.state = s.State
	}
	return s, err
}

// goal returns what to do for the stream.
func (x *creation) goal() statemachine.Goal[*Stream, State] {
	g := x.call.deleteGoal(x.in.Ref)
	remove := g.Command
	g.Drift = func(s *Stream) error { return drift(x.in, s) }
	g.Preflight = func(_ context.Context, s *Stream, op statemachine.Operation) error {
		if op == DeleteEventStream && s.State == StateRunning && s.Uri == x.in.Uri { // TagResource corrects a tag
			return drift(x.in, s)
		}
		if op == CreateEventStream && x.other != nil && x.call.options.DryRun { // otherwise the service decides
			f := &statemachine.Fault{Kind: statemachine.AlreadyInState, Operation: op, Resource: x.in.String(), NotSent: true}
			return nameOtherStream(f, x.other)
		}
		return nil
	}
	g.Command = func(ctx context.Context, op statemachine.Operation) error {
		if op == DeleteEventStream {
			x.restarting = x.state == StateRunning
			return remove(ctx, op)
		}
		return x.create(ctx, x.in)
	}
	g.Restore = func(ctx context.Context, before *Stream, _ statemachine.Operation) error {
		in := &CreateInput{Ref: x.in.Ref, Uri: before.Uri, Tags: maps.Clone(before.Tags)}
		maps.DeleteFunc(in.Tags, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") }) // only AWS can set them
		return x.create(ctx, in)
	}
	return g
}

// create calls CreateEventStream. A destination that the service rejects in the middle of a restart
// is final, because meanwhile no event is exported.
func (x *creation) create(ctx context.Context, in *CreateInput) error {
	_, err := x.call.create(ctx, in)
	if f, ok := errors.AsType[*statemachine.Fault](err); ok && x.restarting && in == x.in && f.Kind == statemachine.InvalidInput {
		return &finalError{f}
	}
	return nameOtherStream(err, x.other)
}

// deleteGoal returns what EnsureDeleted does for one stream.
func (c *call) deleteGoal(ref Ref) statemachine.Goal[*Stream, State] {
	return statemachine.Goal[*Stream, State]{
		Command: func(ctx context.Context, _ statemachine.Operation) error {
			_, err := c.delete(ctx, ref)
			return err
		},
	}
}

// createOptions returns the settings of an EnsureCreated.
func (c *call) createOptions() statemachine.EnsureOptions[*Stream] {
	o := c.ensureOptions(CreateEventStream)
	if c.options.AllowRestart {
		o.Operations = append(o.Operations, DeleteEventStream)
		o.Restart = true
	}
	return o
}

// ensureOptions returns the settings of an Ensure method that may call these operations.
func (c *call) ensureOptions(operations ...statemachine.Operation) statemachine.EnsureOptions[*Stream] {
	return statemachine.EnsureOptions[*Stream]{
		Operations: operations, Kind: commandKind, DryRun: c.options.DryRun, Pacer: c.options.CommandPacer,
	}
}

// commandKind returns the kind of a command's error for an Ensure method. CreateEventStream has one
// code for all invalid input, including a destination that is not active yet, so that is retried.
func commandKind(err error) statemachine.Kind {
	if _, ok := errors.AsType[*finalError](err); ok {
		return statemachine.LimitExceeded // no retry fixes it
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
