package eventstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the stream is in the state target, for at most maxWait, and returns the last value it read,
// even alongside an error: for [StateAbsent] a Stream that has this State and the names. It does nothing to the
// stream. The rules are those of [statemachine.Waiter.Wait], on [Machine]: among them, that a state that cannot
// become the target by itself fails the wait, after the Grace of a minute in which it may be an old read.
//
// A stream is absent if GetEventStream does not find it and ListEventStreams of the domain lacks it. If the
// list names it, one of the two is taken for an old read, and the wait goes on; if the list is not found
// either, because there is no such domain or access is denied, the wait ends as ReadFailed, with a Fault of
// kind NotFound in it.
//
// A wait that ends without the target is a [*statemachine.WaitError]; arguments that are not valid, all at once, are a
// [*statemachine.InputError] before anything is sent.
func (c *Client) Wait(ctx context.Context, ref Ref, target State, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.NewNoRetry(optFns)
	w, err := newWait(call, ref, machine, (*Stream).state, target, maxWait)
	if err != nil {
		return nil, err
	}
	return sdkcall.Wait(ctx, call.Tracer, "eventstream.Wait", w, target, maxWait)
}

// WaitHealthy waits until the stream is running and its destination healthy, for at most maxWait, by the rules
// of [Client.Wait] on [DestinationMachine]. A stream that is stopped, or not there, has no destination that
// could become healthy: it may be an old read for the Grace of a minute, and ends the wait after that, as
// Unreachable or, if it is not there, as Gone.
//
// A destination whose message says that the stream has to be made anew, as [Destination.NeedsNewStream] tells,
// ends the wait at once as Unreachable, of kind MissingDependency. Other messages, on throttling or on the key
// of the Kinesis data stream, are waited out. Right after a restart the message may be an old read's, of the
// stream before.
func (c *Client) WaitHealthy(ctx context.Context, ref Ref, maxWait time.Duration, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.NewNoRetry(optFns)
	w, err := newWait(call, ref, destinationMachine, (*Stream).destination, DestinationHealthy, maxWait)
	if err != nil {
		return nil, err
	}
	w.Check = checkDestination
	ctx, end := sdkcall.Span(ctx, call.Tracer, "eventstream.WaitHealthy", w.Resource, string(DestinationHealthy), &w.Options)
	s, err := w.Wait(ctx, DestinationHealthy, maxWait)
	if e, ok := errors.AsType[*statemachine.WaitError](err); ok && s != nil {
		addPlan(e, s)
	}
	end(nil, err)
	return s, err
}

// checkDestination tells why a destination cannot become healthy.
func checkDestination(s *Stream) error {
	if !s.MustRecreate() {
		return nil
	}
	return fmt.Errorf("%w: %q: see that the destination %s is active, then make the stream anew", statemachine.MissingDependency, s.Message, s.Uri)
}

// addPlan adds to the error of a WaitHealthy what only the stream's own machine knows: the operations that would lead to a
// destination that can be healthy, and that a destination ended it whose stream does not run.
func addPlan(e *statemachine.WaitError, s *Stream) {
	switch {
	case e.Reason != statemachine.Unreachable && e.Reason != statemachine.Lapsed:
	case e.Err != nil: // of checkDestination
		remove, _ := machine.Plan(s.State, StateAbsent)
		create, _ := machine.Plan(StateAbsent, StateRunning)
		e.Plan = slices.Concat(remove, create)
	case s.State != StateRunning:
		plan, _ := machine.Plan(s.State, StateRunning)
		e.Plan, e.Err = slices.Clone(plan), fmt.Errorf("the stream is %s", s.State)
		if s.State == StateAbsent {
			e.Reason = statemachine.Gone
		}
	}
}

// Watch yields the stream as it is, then each read that differs in anything, reading every 30 s (WatchDelay),
// until the caller stops ranging. A stream that is not there is yielded as one in [StateAbsent], and the watch
// goes on. Failures that a wait tolerates go to Options.Wait.OnRead. Any other failure and the context's end
// are yielded once, as a [*statemachine.WaitError] beside the last value, and end it; names or options that are not valid
// as a [*statemachine.InputError]. The loop's body must not change a Stream: it is compared with the next one. Ranging
// again starts over.
func (c *Client) Watch(ctx context.Context, ref Ref, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		if err := ref.validate(""); err != nil {
			yield(nil, err)
			return
		}
		waiter(c.calls.NewNoRetry(optFns), ref, machine, (*Stream).state).Watch(ctx)(yield)
	}
}

// newWait checks the arguments of a wait and makes its waiter: apart, so that none of that is on the stack while the wait
// sleeps, which is twice as large otherwise.
func newWait[S ~string](c *call, ref Ref, m *statemachine.Machine[S], state func(*Stream) S, target S, maxWait time.Duration,
) (*statemachine.Waiter[*Stream, S], error) {
	if err := validate.WaitArgs(m, target, maxWait, &c.options.Wait, ref.validate("")); err != nil {
		return nil, err
	}
	return waiter(c, ref, m, state), nil
}

// waiter makes the waiter of one call.
func waiter[S ~string](c *call, ref Ref, m *statemachine.Machine[S], state func(*Stream) S) *statemachine.Waiter[*Stream, S] {
	return &statemachine.Waiter[*Stream, S]{
		Machine:  m,
		Resource: ref.String(),
		Read:     func(ctx context.Context) (*Stream, error) { return c.read(ctx, ref) },
		State:    state,
		Kind:     readKind,
		Same:     sameStream,
		Pacer:    c.options.ReadPacer,
		Options:  c.options.Wait,
	}
}
