package ingestion

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is the output of an Ensure method. It is never nil, even with an error.
type EnsureOutput struct {
	// EventDataStore is the last value that was read. It is nil if no read succeeded.
	EventDataStore *EventDataStore `json:"event_data_store,omitempty"`

	// Operations lists what CloudTrail accepted, in order. It is empty if nothing was needed.
	Operations []statemachine.Operation `json:"operations,omitempty"`

	// Planned lists the operations that a dry run would have called.
	Planned []statemachine.Operation `json:"planned,omitempty"`

	// Pending is the command that CloudTrail accepted and of which no read has shown an effect, if
	// the call failed.
	Pending statemachine.Operation `json:"pending,omitempty"`
}

// LogValue returns what was done and the last status, as a group. Its keys are stable.
func (o *EnsureOutput) LogValue() slog.Value {
	var attrs []slog.Attr
	if o.EventDataStore != nil {
		attrs = append(attrs, slog.String("status", string(o.EventDataStore.Status)))
	}
	done := statemachine.Ensured[*EventDataStore]{Operations: o.Operations, Planned: o.Planned, Pending: o.Pending}
	return slog.GroupValue(append(attrs, done.LogValue().Group()...)...)
}

// newEnsureOutput converts the result of statemachine.
func newEnsureOutput(e *statemachine.Ensured[*EventDataStore]) *EnsureOutput {
	return &EnsureOutput{EventDataStore: e.Value, Operations: e.Operations, Planned: e.Planned, Pending: e.Pending}
}

// EnsureStarted starts ingestion into the store if necessary and waits until the store is enabled,
// for at most maxWait. It is safe to repeat: from a cron job, after a crash, concurrently with
// another actor. It returns its output even with an error.
//
// The rules are those of [statemachine.Ensurer.Ensure] on [Machine]. EnsureStarted reads first. It
// waits for a store that is starting, was just created or is stopping. It calls
// StartEventDataStoreIngestion if the store is stopped, and this command is accepted at most once
// per call. If another actor stops the store again, the call ends as Lapsed instead of starting it
// again.
//
//   - If CloudTrail cannot start ingestion for the store's event categories (see
//     [EventDataStore.Controllable]), the error is a [*statemachine.Fault] of kind Unsupported. No
//     command is sent. A dry run returns this error, too.
//   - If the store is PENDING_DELETION, the call ends as Unreachable after the grace period of 1
//     minute, because a restored store can show that for a while. The error names
//     RestoreEventDataStore, which EnsureStarted never calls.
//
// Other errors are a [*statemachine.WaitError] or a [*statemachine.Fault]. Invalid input is a
// [*statemachine.InputError], and nothing is sent.
func (c *Client) EnsureStarted(ctx context.Context, in *StartInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	return c.ensure(ctx, "ingestion.EnsureStarted", (*input)(in), StatusEnabled, maxWait, optFns)
}

// EnsureStopped stops ingestion into the store if necessary and waits until the store is stopped,
// for at most maxWait. The rules are those of [Client.EnsureStarted], with the two operations
// exchanged.
func (c *Client) EnsureStopped(ctx context.Context, in *StopInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	return c.ensure(ctx, "ingestion.EnsureStopped", (*input)(in), StatusStoppedIngestion, maxWait, optFns)
}

// ensure brings a store to the status target.
func (c *Client) ensure(ctx context.Context, span string, in *input, target Status, maxWait time.Duration, optFns []func(*Options)) (*EnsureOutput, error) {
	call, op := c.ready().NewNoRetry(optFns), commandTo(target)
	if err := validate.WaitArgs(machine, target, maxWait, &call.options.Wait, in.validate(op, call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	f := call.fleet(op)
	e := sdkcall.Ensurer(sdkcall.Waiter(f, in.EventDataStore), call.goal(in.EventDataStore), f.Commands)
	return sdkcall.Ensure(ctx, call.Tracer, span, e, target, maxWait, newEnsureOutput)
}

// commandTo returns the operation that an Ensure method may call to reach the status target.
func commandTo(target Status) statemachine.Operation {
	if target == StatusEnabled {
		return StartEventDataStoreIngestion
	}
	return StopEventDataStoreIngestion
}

// goal returns what an Ensure method does for one store.
func (c *call) goal(store string) statemachine.Goal[*EventDataStore, Status] {
	return statemachine.Goal[*EventDataStore, Status]{
		Command: func(ctx context.Context, op statemachine.Operation) (err error) {
			if op == StartEventDataStoreIngestion {
				_, err = c.start(ctx, store)
			} else {
				_, err = c.stop(ctx, store)
			}
			return err
		},
		Preflight: func(_ context.Context, s *EventDataStore, op statemachine.Operation) error {
			if s.Controllable() {
				return nil
			}
			return &statemachine.Fault{
				Kind: statemachine.Unsupported, Operation: op, Resource: store, NotSent: true,
				Message: fmt.Sprintf("CloudTrail cannot start or stop ingestion of the event categories %v", s.Categories),
			}
		},
	}
}
