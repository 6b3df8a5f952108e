package eventstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the stream is in the state target, for at most maxWait. It returns the last
// value read, even with an error; for an absent stream that is a Stream with [StateAbsent] and the
// names. It sends no commands.
//
// The rules are those of [statemachine.Waiter.Wait] on [Machine]. A state that cannot settle into
// the target may be a stale read for the grace period of 1 minute; after that the wait fails.
//
// A stream is absent if GetEventStream does not find it and ListEventStreams does not list it. If
// ListEventStreams lists it, one of the two reads is stale and the wait continues. If
// ListEventStreams returns not found as well (there is no such domain, or access is denied), the
// wait ends as ReadFailed with a Fault of kind NotFound.
//
// If the wait fails, the error is a [*statemachine.WaitError]. Invalid arguments are one
// [*statemachine.InputError], and nothing is sent.
func (c *Client) Wait(ctx context.Context, ref Ref, target State, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().NewNoRetry(optFns)
	w := waiter(call, ref, machine, (*Stream).state)
	return sdkcall.Wait(ctx, call.Tracer, "eventstream.Wait", w, target, maxWait, ref.validate(""))
}

// WaitHealthy waits until the stream is running and its destination is healthy, for at most
// maxWait. The rules are those of [Client.Wait] on [DestinationMachine].
//
// A stream that is stopped or absent may be a stale read for the grace period of 1 minute. After
// that the wait ends as Unreachable for a stopped stream and as Gone for an absent one.
//
// If [Destination.MustRecreate] reports true until the grace period is over, the wait ends as
// Unreachable, of kind MissingDependency. If the cause is another one, such as throttling or the
// key of the Kinesis data stream, the wait continues. The error of every wait that ends without the
// target has the service's message about the destination. Right after a restart, a stale read may
// still show the message of the previous stream.
func (c *Client) WaitHealthy(ctx context.Context, ref Ref, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().NewNoRetry(optFns)
	if err := validate.WaitArgs(destinationMachine, DestinationHealthy, maxWait, &call.options.Wait, ref.validate("")); err != nil {
		return nil, err
	}
	w := waiter(call, ref, destinationMachine, (*Stream).destination)
	var seen unhealthy
	w.Check = seen.check
	ctx, end := sdkcall.Span(ctx, call.Tracer, "eventstream.WaitHealthy", w.Resource, string(DestinationHealthy), &w.Options)
	s, err := w.Wait(ctx, DestinationHealthy, maxWait)
	err = seen.explain(ref, s, err)
	end(nil, err)
	return s, err
}

// checkDestination returns an error if the destination cannot become healthy.
func checkDestination(s *Stream) error {
	if !s.MustRecreate() {
		return nil
	}
	return fmt.Errorf("%w: %q: make sure that destination %s is active, then recreate the event stream", statemachine.MissingDependency, s.Message, s.Uri)
}

// unhealthy has the last read of each stream that had a message about its destination. A stream
// that is absent has none anymore. Its zero value has no read. It is safe for concurrent use: in an
// Each method, check and explain run in different goroutines.
type unhealthy struct {
	streams sync.Map // *Stream by Ref
}

// check does what checkDestination does, and records the read.
func (u *unhealthy) check(s *Stream) error {
	if s.Status == DestinationUnhealthy && s.Message != "" {
		u.streams.Store(Ref{s.DomainName, s.EventStreamName}, s)
	}
	return checkDestination(s)
}

// explain returns err, the error of a WaitHealthy, with what is known about the stream s, or nil,
// that was read last.
func (u *unhealthy) explain(ref Ref, s *Stream, err error) error {
	e, ok := errors.AsType[*statemachine.WaitError](err)
	if !ok || s == nil {
		return err
	}
	addPlan(e, s)
	last, _ := u.streams.Load(ref)
	if last, ok := last.(*Stream); ok && s.State == StateAbsent {
		s = last
	}
	addMessage(e, s)
	return err
}

// addPlan adds to an error of WaitHealthy what only the stream's machine knows: the operations
// that lead to a running stream, and the state of a stream that does not run.
func addPlan(e *statemachine.WaitError, s *Stream) {
	switch {
	case e.Reason != statemachine.Unreachable && e.Reason != statemachine.Lapsed && e.Reason != statemachine.TimedOut:
	case checkDestination(s) != nil:
		remove, _ := machine.Plan(s.State, StateAbsent)
		create, _ := machine.Plan(StateAbsent, StateRunning)
		e.Plan = slices.Concat(remove, create)
	case s.State != StateRunning && machine.Known(s.State):
		plan, _ := machine.Plan(s.State, StateRunning)
		e.Plan, e.Err = slices.Clone(plan), errors.Join(fmt.Errorf("the event stream is %s", s.State), e.Err)
		if s.State == StateAbsent && e.Reason != statemachine.TimedOut {
			e.Reason = statemachine.Gone
		}
	}
}

// addMessage adds to an error of WaitHealthy what the service says about the destination, whatever
// ended the wait.
func addMessage(e *statemachine.WaitError, s *Stream) {
	switch {
	case s.Status != DestinationUnhealthy || s.Message == "" || s.MustRecreate(): // checkDestination has it
	case e.Err == nil:
		e.Err = fmt.Errorf("destination %s is %s: %q", s.Uri, s.Status, s.Message)
	default:
		e.Err = fmt.Errorf("%w; destination %s was %s: %q", e.Err, s.Uri, s.Status, s.Message)
	}
}

// Watch yields the stream and then each read that differs. It reads every 30 s (WatchDelay) until
// the caller stops ranging. An absent stream is yielded with [StateAbsent], and the watch
// continues.
//
// Read failures that a wait retries are passed only to OnProgress, OnRead and Logger of
// Options.Wait. Any other failure and the end of ctx are yielded once, as a
// [*statemachine.WaitError] with the last value, and end the sequence. Invalid names and options
// are yielded as a [*statemachine.InputError]. The loop body must not modify a Stream: Watch
// compares it with the next one. Ranging again starts over.
func (c *Client) Watch(ctx context.Context, ref Ref, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		if err := ref.validate(""); err != nil {
			yield(nil, err)
			return
		}
		waiter(c.ready().NewNoRetry(optFns), ref, machine, (*Stream).state).Watch(ctx)(yield)
	}
}

// waiter returns the waiter of one call. Package statemachine paces its reads.
func waiter[S ~string](c *call, ref Ref, m *statemachine.Machine[S], state func(*Stream) S) *statemachine.Waiter[*Stream, S] {
	return sdkcall.Waiter(newFleet(c, func(string) Ref { return ref }, m, state, c.read), ref.String())
}
