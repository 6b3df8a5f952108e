package ingestion

import (
	"context"
	"iter"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the event data store, given by its ARN or its ID, is in the status target, for at most
// maxWait, and returns the last value it read, even alongside an error. It does nothing to the store. The rules are
// those of [statemachine.Waiter.Wait], on [Machine]: among them, that a status that cannot become the target by
// itself fails the wait, after the Grace of a minute in which it may be an old read. The error then says which
// operations would lead there: from PENDING_DELETION to ENABLED, RestoreEventDataStore.
//
// A wait that ends without the target is a [*statemachine.WaitError]; its Reason is Gone once the store is
// removed for good. Arguments that are not valid, all at once, are a [*statemachine.InputError] before anything is
// sent.
func (c *Client) Wait(ctx context.Context, eventDataStore string, target Status, maxWait time.Duration, optFns ...func(*Options)) (*EventDataStore, error) {
	call := c.calls.NewNoRetry(optFns)
	w, err := call.toWait(eventDataStore, target, maxWait)
	if err != nil {
		return nil, err
	}
	return sdkcall.Wait(ctx, call.Tracer, "ingestion.Wait", w, target, maxWait)
}

// Watch yields the event data store, given by its ARN or its ID, as it is, then each read that differs in
// anything but UpdatedTimestamp, reading every 30 s (WatchDelay), until the caller stops ranging. Failures that
// a wait tolerates go to Options.Wait.OnRead. The store being removed for good, any other failure and the
// context's end are yielded once, as a [*statemachine.WaitError] beside the last value, and end it. An ARN or
// ID that is not valid is yielded as a [*statemachine.InputError]. The loop's body must not change an EventDataStore:
// it is compared with the next one. Ranging again starts over.
func (c *Client) Watch(ctx context.Context, eventDataStore string, optFns ...func(*Options)) iter.Seq2[*EventDataStore, error] {
	return func(yield func(*EventDataStore, error) bool) {
		call := c.calls.NewNoRetry(optFns)
		if err := validateStore("", eventDataStore, call.Region); err != nil {
			yield(nil, err)
			return
		}
		call.waiter(eventDataStore).Watch(ctx)(yield)
	}
}

// toWait checks the arguments of a Wait and makes its waiter: apart, so that none of that is on the stack while the wait
// sleeps, which is twice as large otherwise.
func (c *call) toWait(eventDataStore string, target Status, maxWait time.Duration) (*statemachine.Waiter[*EventDataStore, Status], error) {
	if err := validate.WaitArgs(machine, target, maxWait, &c.options.Wait, validateStore("", eventDataStore, c.Region)); err != nil {
		return nil, err
	}
	return c.waiter(eventDataStore), nil
}

// waiter makes the waiter of one call, a patient one.
func (c *call) waiter(eventDataStore string) *statemachine.Waiter[*EventDataStore, Status] {
	return &statemachine.Waiter[*EventDataStore, Status]{
		Machine:  machine,
		Resource: eventDataStore,
		Read:     func(ctx context.Context) (*EventDataStore, error) { return c.get(ctx, eventDataStore) },
		State:    (*EventDataStore).status,
		Same:     sameStore,
		Pacer:    c.options.ReadPacer,
		Options:  c.options.Wait,
	}
}
