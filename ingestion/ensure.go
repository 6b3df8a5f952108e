package ingestion

import (
	"context"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// EnsureOutput is what an ensure did.
type EnsureOutput struct {
	EventDataStore *EventDataStore          // read last; nil if no read succeeded
	Operations     []statemachine.Operation // accepted, in order; empty: nothing had to be run
	Planned        []statemachine.Operation // of a dry run: what would have been run
}

// EnsureStarted makes sure that live events are ingested within maxWait, whatever the store's status was
// before. It can be called again and again: from a cron job, after a crash, alongside another actor. It returns
// what it did, even alongside an error.
//
// The rules are those of [statemachine.Ensurer.Ensure], on [Machine]. In short: it reads first; a store that is
// enabled is left alone, one that is starting or was just created is waited for, one that is stopping is waited
// out; else it runs StartEventDataStoreIngestion, which is accepted at most once a call. Somebody who stops the
// store again is reported (Lapsed), not fought.
//
//   - A store whose categories cannot be started (see [EventDataStore.Controllable]) is a [*statemachine.Fault]
//     of kind Unsupported, before any command is sent, and in a dry run too.
//   - A store that is PENDING_DELETION is Unreachable at once. The error names RestoreEventDataStore, which
//     would bring it back: that is for somebody to decide, so that it is not run.
//
// Errors are a [*statemachine.WaitError], a [*statemachine.Fault] or, before anything is sent, a
// [*statemachine.InputError].
func (c *Client) EnsureStarted(ctx context.Context, in *StartInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusEnabled, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	return call.ensure(ctx, "ingestion.EnsureStarted", in.EventDataStore, StatusEnabled, maxWait, StartEventDataStoreIngestion, func(ctx context.Context) error {
		_, err := call.start(ctx, in)
		return err
	})
}

// EnsureStopped makes sure that no live events are ingested within maxWait, whatever the store's status was
// before. The rules are those of [Client.EnsureStarted], in reverse.
func (c *Client) EnsureStopped(ctx context.Context, in *StopInput, maxWait time.Duration, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.calls.NewNoRetry(optFns)
	if err := validate.WaitArgs(machine, StatusStoppedIngestion, maxWait, &call.options.Wait, in.validate(call.Region)); err != nil {
		return &EnsureOutput{}, err
	}
	return call.ensure(ctx, "ingestion.EnsureStopped", in.EventDataStore, StatusStoppedIngestion, maxWait, StopEventDataStoreIngestion, func(ctx context.Context) error {
		_, err := call.stop(ctx, in)
		return err
	})
}

// ensure brings a store to the target by the one operation that this ensure runs.
func (c *call) ensure(ctx context.Context, name, eventDataStore string, target Status, maxWait time.Duration,
	op statemachine.Operation, run func(context.Context) error,
) (*EnsureOutput, error) {
	e := statemachine.Ensurer[*EventDataStore, Status]{
		Waiter:  *c.waiter(eventDataStore),
		Command: func(ctx context.Context, _ statemachine.Operation) error { return run(ctx) },
		Preflight: func(_ context.Context, s *EventDataStore, op statemachine.Operation) error {
			return s.checkControllable(op, eventDataStore)
		},
		Commands: statemachine.EnsureOptions[*EventDataStore]{
			Operations: []statemachine.Operation{op},
			DryRun:     c.options.DryRun,
			Pacer:      c.options.CommandPacer,
		},
	}
	done, err := sdkcall.Ensure(ctx, c.Tracer, name, &e, target, maxWait)
	return &EnsureOutput{EventDataStore: done.Value, Operations: done.Operations, Planned: done.Planned}, err
}

// checkControllable refuses an operation that CloudTrail does not have for the store's categories.
func (s *EventDataStore) checkControllable(op statemachine.Operation, asked string) error {
	if s.Controllable() {
		return nil
	}
	return &statemachine.Fault{
		Kind: statemachine.Unsupported, Operation: op, Resource: asked,
		Message: fmt.Sprintf("ingestion of the event categories %v cannot be started or stopped", s.Categories),
	}
}
