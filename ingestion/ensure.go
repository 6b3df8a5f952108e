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
	call := c.ready().NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusEnabled, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	e := call.ensurer(call.startGoal(in), StartEventDataStoreIngestion)
	return sdkcall.Ensure(ctx, call.Tracer, "ingestion.EnsureStarted", e, StatusEnabled, maxWait, newEnsureOutput)
}

// EnsureStopped stops ingestion into the store if necessary and waits until the store is stopped,
// for at most maxWait. The rules are those of [Client.EnsureStarted], with the two operations
// exchanged.
func (c *Client) EnsureStopped(ctx context.Context, in *StopInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusStoppedIngestion, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	e := call.ensurer(call.stopGoal(in), StopEventDataStoreIngestion)
	return sdkcall.Ensure(ctx, call.Tracer, "ingestion.EnsureStopped", e, StatusStoppedIngestion, maxWait, newEnsureOutput)
}

// ensurer returns the ensurer of one store, which may call op.
func (c *call) ensurer(g statemachine.Goal[*EventDataStore, Status], op statemachine.Operation) *statemachine.Ensurer[*EventDataStore, Status] {
	return sdkcall.Ensurer(c.waiter(g.Resource), g, c.ensureOptions(op))
}

// startGoal returns what EnsureStarted does for one store.
func (c *call) startGoal(in *StartInput) statemachine.Goal[*EventDataStore, Status] {
	return goal(in.EventDataStore, StatusEnabled, func(ctx context.Context) error {
		_, err := c.start(ctx, in)
		return err
	})
}

// stopGoal returns what EnsureStopped does for one store.
func (c *call) stopGoal(in *StopInput) statemachine.Goal[*EventDataStore, Status] {
	return goal(in.EventDataStore, StatusStoppedIngestion, func(ctx context.Context) error {
		_, err := c.stop(ctx, in)
		return err
	})
}

// goal returns the goal of an Ensure method, whose command is run.
func goal(eventDataStore string, target Status, run func(context.Context) error) statemachine.Goal[*EventDataStore, Status] {
	return statemachine.Goal[*EventDataStore, Status]{
		Resource: eventDataStore,
		Target:   target,
		Command:  func(ctx context.Context, _ statemachine.Operation) error { return run(ctx) },
		Preflight: func(_ context.Context, s *EventDataStore, op statemachine.Operation) error {
			return s.checkControllable(op, eventDataStore)
		},
	}
}

// ensureOptions returns the settings of an Ensure method that may call op.
func (c *call) ensureOptions(op statemachine.Operation) statemachine.EnsureOptions[*EventDataStore] {
	return statemachine.EnsureOptions[*EventDataStore]{
		Operations: []statemachine.Operation{op}, DryRun: c.options.DryRun, Pacer: c.options.CommandPacer,
	}
}

// checkControllable returns a Fault if CloudTrail does not support op for the store's categories.
func (s *EventDataStore) checkControllable(op statemachine.Operation, requested string) error {
	if s.Controllable() {
		return nil
	}
	return &statemachine.Fault{
		Kind: statemachine.Unsupported, Operation: op, Resource: requested,
		Message: fmt.Sprintf("CloudTrail cannot start or stop ingestion of the event categories %v", s.Categories),
	}
}
