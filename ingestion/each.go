package ingestion

import (
	"cmp"
	"context"
	"iter"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// GetEach reads many event data stores. It yields one result for each ARN or ID, keyed by the text
// passed in, in the order in which they become ready. A read that is throttled or fails with
// another retryable error is made up to ten times. [Client.WaitEach] documents duplicate and
// invalid inputs, and breaking out of the loop.
func (c *Client) GetEach(ctx context.Context, eventDataStores []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EventDataStore]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*EventDataStore]]) {
		set := newReadSet(eventDataStores, call.Region)
		return set, call.fleet().Get(ctx, set.Names())
	}, sdkcall.Same)
}

// WaitEach waits until each of many event data stores has the status target, for at most maxWait
// and by the rules of [Client.Wait]. It yields one result for each ARN or ID, keyed by the text
// passed in, in the order in which they become ready. The failure of one wait is the error of its
// own result.
//
// CloudTrail reads one store with one request, so a call for n stores reads each of them every n/8
// seconds at best ([Options]). During the range loop there is one goroutine, plus one for each
// request in flight. There is none for each store. A slow loop body delays no wait. Breaking out of
// the loop stops everything before the range statement ends.
//
// Inputs that name the same store, also one by its ARN and one by its ID, get the same result, and
// the store is read once. The result of an invalid input is a [*statemachine.InputError], and so is
// every result if target or maxWait is invalid.
func (c *Client) WaitEach(ctx context.Context, eventDataStores []string, target Status, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EventDataStore]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*EventDataStore]]]) {
		set := newReadSet(eventDataStores, call.Region)
		return set, sdkcall.Each(ctx, call.Tracer, "ingestion.WaitEach", call.fleet(), set, target, maxWait, nil)
	}, sdkcall.Value)
}

// WatchEach yields the current value of each of many event data stores, then each read that differs
// from the one before, until the caller stops ranging. It follows the rules of [Client.Watch]. The
// key is the text passed in. A store that no longer exists, or another failure that a wait does not
// tolerate, is yielded once and ends the watch of that store. The loop ends when no watch is left.
// A loop body that is slower than the changes sees only the latest value of each store. It must not
// modify an EventDataStore. [Client.WaitEach] documents duplicate and invalid inputs, and breaking
// out of the loop.
func (c *Client) WatchEach(ctx context.Context, eventDataStores []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EventDataStore]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*EventDataStore]]) {
		set := newReadSet(eventDataStores, call.Region)
		return set, call.fleet().Watch(ctx, set.Names())
	}, sdkcall.Same)
}

// EnsureStartedEach does for each of many inputs what [Client.EnsureStarted] does for one, with the
// same checks. It yields one result for each input, keyed by its EventDataStore as passed in.
// Commands are sent at most once a second ([Options]), and slow down together when throttled.
// [Client.WaitEach] documents duplicate and invalid inputs, and breaking out of the loop.
func (c *Client) EnsureStartedEach(ctx context.Context, ins []*StartInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return c.ensureEach(ctx, "ingestion.EnsureStartedEach", len(ins), func(i int) *input { return (*input)(ins[i]) }, StatusEnabled, maxWait, optFns)
}

// EnsureStoppedEach does for each of many inputs what [Client.EnsureStopped] does for one. It
// yields one result for each input. [Client.EnsureStartedEach] documents the rest.
func (c *Client) EnsureStoppedEach(ctx context.Context, ins []*StopInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return c.ensureEach(ctx, "ingestion.EnsureStoppedEach", len(ins), func(i int) *input { return (*input)(ins[i]) }, StatusStoppedIngestion, maxWait, optFns)
}

// ensureEach does what ensure does for each of n inputs.
func (c *Client) ensureEach(ctx context.Context, span string, n int, in func(i int) *input,
	target Status, maxWait time.Duration, optFns []func(*Options),
) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*EventDataStore]]]) {
		op := commandTo(target)
		stores := make([]string, n)
		for i := range stores {
			if in := in(i); in != nil {
				stores[i] = in.EventDataStore
			}
		}
		set := newInputs(stores, func(i int) error { return in(i).validate(op, call.Region) })
		goal := func(_ int, store string) statemachine.Goal[*EventDataStore, Status] { return call.goal(store) }
		return set, sdkcall.Each(ctx, call.Tracer, span, call.fleet(op), set, target, maxWait, goal)
	}, newEnsureOutput)
}

// fleet returns the engine of one call, which refers to a store by its ARN or ID and may call these
// operations.
func (c *call) fleet(operations ...statemachine.Operation) *statemachine.Fleet[*EventDataStore, Status] {
	return &statemachine.Fleet[*EventDataStore, Status]{
		Machine:     machine,
		Read:        c.get,
		State:       (*EventDataStore).status,
		Same:        sameStore,
		Concurrency: c.options.Concurrency,
		Pacer:       c.options.ReadPacer,
		Commands: statemachine.EnsureOptions[*EventDataStore]{
			Operations: operations, DryRun: c.options.DryRun, Pacer: c.options.CommandPacer,
		},
		Options: c.options.Wait,
	}
}

// inputs are the inputs of an Each method, by ARN or ID.
type inputs = sdkcall.Inputs[string, string]

// newInputs groups inputs by the store that they name. check validates an input. All inputs for the
// same store are equal, because the store is all that they have.
func newInputs(stores []string, check func(i int) error) *inputs {
	errs := make([]error, len(stores))
	for i := range stores {
		errs[i] = check(i)
	}
	ids := identities(stores, errs)
	return sdkcall.NewInputs(stores, func(i int) sdkcall.Input[string] {
		return sdkcall.Input[string]{ID: ids[i], Name: stores[i], Resource: stores[i], Err: errs[i]}
	}, nil, "")
}

// newReadSet groups the stores of a call that only reads.
func newReadSet(stores []string, region string) *inputs {
	return newInputs(stores, func(i int) error { return validateStore("", stores[i], region) })
}

// identities returns a text for each of stores that is the same for all that name the same store:
// the ARN in lower case, or the ID if none of the ARNs, or more than one, ends with it. Stores with
// an error do not count.
func identities(stores []string, errs []error) []string {
	ids := make([]string, len(stores))
	arns := map[string]string{} // by ID; empty for an ID of several ARNs
	for i, s := range stores {
		ids[i] = strings.ToLower(s)
		if !isARN(s) || errs[i] != nil {
			continue
		}
		id := lastPart(ids[i])
		if arn, ok := arns[id]; ok && arn != ids[i] {
			arns[id] = ""
		} else {
			arns[id] = ids[i]
		}
	}
	for i, s := range stores {
		if !isARN(s) {
			ids[i] = lastPart(ids[i])
			ids[i] = cmp.Or(arns[ids[i]], ids[i])
		}
	}
	return ids
}

// lastPart returns the part of an ARN or ID after its last separator.
func lastPart(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }
