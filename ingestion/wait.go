package ingestion

import (
	"context"
	"iter"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Wait waits until the event data store, identified by its ARN or ID, has the status target, for
// at most maxWait. It returns the last value read, even with an error. It sends no commands.
//
// The rules are those of [statemachine.Waiter.Wait] on [Machine]. A status that cannot settle into
// the target may be a stale read for the grace period of 1 minute; after that the wait fails. The
// error names the operations that would lead to the target, such as RestoreEventDataStore.
//
// If the wait fails, the error is a [*statemachine.WaitError], with the Reason Gone if the store
// does not exist. Invalid arguments are one [*statemachine.InputError], and nothing is sent.
func (c *Client) Wait(ctx context.Context, eventDataStore string, target Status, maxWait time.Duration, optFns ...func(*Options)) (*EventDataStore, error) {
	call := c.ready().NewNoRetry(optFns)
	w, invalid := call.newWait(eventDataStore)
	return sdkcall.Wait(ctx, call.Tracer, "ingestion.Wait", w, target, maxWait, invalid)
}

// Watch yields the event data store, identified by its ARN or ID, and then each read that differs
// in anything but UpdatedTimestamp. It reads every 30 s (WatchDelay) until the caller stops
// ranging.
//
// Read failures that a wait retries are passed only to OnProgress, OnRead and Logger of
// Options.Wait. Any other failure, a store that no longer exists and the end of ctx are yielded
// once, as a [*statemachine.WaitError] with the last value, and end the sequence. An invalid ARN or
// ID is yielded as a [*statemachine.InputError]. The loop body must not modify an EventDataStore:
// Watch compares it with the next one. Ranging again starts over.
func (c *Client) Watch(ctx context.Context, eventDataStore string, optFns ...func(*Options)) iter.Seq2[*EventDataStore, error] {
	return func(yield func(*EventDataStore, error) bool) {
		call := c.ready().NewNoRetry(optFns)
		if err := validateStore("", eventDataStore, call.Region); err != nil {
			yield(nil, err)
			return
		}
		sdkcall.Waiter(call.fleet(), eventDataStore).Watch(ctx)(yield)
	}
}

// newWait returns the waiter of a wait, and the error of an invalid store. It is a function of its
// own to keep these values off the stack while the wait sleeps, which halves the stack.
func (c *call) newWait(eventDataStore string) (w *statemachine.Waiter[*EventDataStore, Status], invalid error) {
	return sdkcall.Waiter(c.fleet(), eventDataStore), validateStore("", eventDataStore, c.Region)
}
