package activitystream

import (
	"context"
	"iter"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// GetEach reads the streams of many clusters and instances, up to 100 with one request. It yields
// one result for each ARN, keyed by the text passed in, in the order in which they become ready. A
// read that is throttled or fails with another retryable error is made up to ten times.
// [Client.WaitEach] documents duplicate and invalid ARNs, and breaking out of the loop.
func (c *Client) GetEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(resourceArns, call.Region)
		return set, call.fleet(set).Get(ctx, set.Names())
	}, sdkcall.Same)
}

// WaitEach waits until each of many streams is in the status target, for at most maxWait and by the
// rules of [Client.Wait]. It yields one result for each ARN, keyed by the text passed in, in the
// order in which they become ready. The failure of one wait is the error of its own result.
//
// Ten thousand waits share one quota: one request reads up to 100 streams, and only those that are
// still pending. An error that ends a wait always comes from a read of that resource alone. During
// the range loop there is one goroutine, plus one for each request in flight. There is none for
// each resource. A slow loop body delays no wait. Breaking out of the loop stops everything before
// the range statement ends.
//
// A duplicate ARN gets the same result again and is read once. The result of an invalid ARN is a
// [*statemachine.InputError], and so is every result if target or maxWait is invalid.
func (c *Client) WaitEach(ctx context.Context, resourceArns []string, target Status, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newReadSet(resourceArns, call.Region)
		f := call.fleet(set)
		f.State, f.Check = (*Stream).ownStatus, checkStream
		return set, call.explainEach(ctx, set, sdkcall.Each(ctx, call.Tracer, "activitystream.WaitEach", f, set, target, maxWait, nil))
	}, sdkcall.Value)
}

// WatchEach yields the current value of each of many streams, then each read that differs from the
// one before, until the caller stops ranging. It follows the rules of [Client.Watch]. The key is
// the ARN as passed in. A deleted database, or another failure that a wait does not tolerate, is
// yielded once and ends the watch of that resource. The loop ends when no watch is left. A loop
// body that is slower than the changes sees only the latest value of each stream. It must not
// modify a Stream. [Client.WaitEach] documents duplicate and invalid ARNs, and breaking out of the
// loop.
func (c *Client) WatchEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(resourceArns, call.Region)
		return set, call.fleet(set).Watch(ctx, set.Names())
	}, sdkcall.Same)
}

// EnsureStartedEach does for each of many inputs what [Client.EnsureStarted] does for one. It
// yields one result for each input, keyed by its ResourceArn as passed in. Reads and commands share
// the quota, and throttled commands slow down together. Whether a stream can be started is asked
// once for each engine, version and class.
//
// Different inputs for the same resource are each rejected with a [*statemachine.InputError].
// [Client.WaitEach] documents duplicate and invalid ARNs, and breaking out of the loop.
func (c *Client) EnsureStartedEach(ctx context.Context, ins []*StartInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return func(yield func(string, statemachine.Result[*EnsureOutput]) bool) {
		call := c.ready().NewNoRetry(optFns)
		set := newEnsureSet(call, ins)
		x := newStarter(call, maxWait, set.Resources()...)
		defer x.preflight.end()
		f := call.fleet(set)
		f.Commands = call.startOptions()
		goal := func(i int, res *resource) statemachine.Goal[*Stream, Status] { return x.goal(ctx, ins[i], res) }
		results := sdkcall.Each(ctx, call.Tracer, "activitystream.EnsureStartedEach", f, set, StatusStarted, maxWait, goal)
		for arn, r := range sdkcall.ByInput(set, call.explainEach(ctx, set, results), newEnsureOutput) {
			x.keys.note(r.Value, ins[r.Index])
			if !yield(arn, r) {
				return
			}
		}
	}
}

// EnsureStoppedEach does for each of many inputs what [Client.EnsureStopped] does for one. It
// yields one result for each input. [Client.EnsureStartedEach] documents the rest.
func (c *Client) EnsureStoppedEach(ctx context.Context, ins []*StopInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return sdkcall.Results(c.ready(), optFns, func(call *call) (*inputs, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newEnsureSet(call, ins)
		goal := func(i int, res *resource) statemachine.Goal[*Stream, Status] {
			return call.stopGoal(ins[i], res, maxWait)
		}
		f := call.fleet(set)
		f.Commands = call.ensureOptions(StopActivityStream)
		return set, call.explainEach(ctx, set, sdkcall.Each(ctx, call.Tracer, "activitystream.EnsureStoppedEach", f, set, StatusStopped, maxWait, goal))
	}, newEnsureOutput)
}

// newFleet returns an engine of one call that lacks the functions that read.
func newFleet[S ~string](c *call, m *statemachine.Machine[S], state func(*Stream) S) statemachine.Fleet[*Stream, S] {
	return statemachine.Fleet[*Stream, S]{
		Machine:     m,
		State:       state,
		Same:        sameStream,
		Identity:    (*Stream).identity,
		Concurrency: c.options.Concurrency,
		Pacer:       c.options.Pacer,
		Options:     c.options.Wait,
	}
}

// fleet returns the engine of one call, for the resources of a set.
func (c *call) fleet(set *inputs) *statemachine.Fleet[*Stream, Status] {
	f := newFleet(c, machine, (*Stream).status)
	f.Read = func(ctx context.Context, name string) (*Stream, error) { return c.describe(ctx, set.Resource(name)) }
	f.ReadMany = func(ctx context.Context, names []string) ([]statemachine.Result[*Stream], error) {
		return c.describeBatch(ctx, names, set.Resource)
	}
	f.Batch = pageSize
	f.Group = func(name string) string { return string(set.Resource(name).resourceType) }
	return &f
}

// inputs are the inputs of an Each method, by ARN.
type inputs = sdkcall.Inputs[string, *resource]

// newInputs validates inputs and groups them by the lowercase ARN. check parses an input, and equal
// reports whether two inputs for the same resource agree.
func newInputs(arns []string, check func(i int) (*resource, error), equal func(i, j int) bool) *inputs {
	return sdkcall.NewInputs(arns, func(i int) sdkcall.Input[*resource] {
		res, err := check(i)
		if err != nil {
			return sdkcall.Input[*resource]{Err: err}
		}
		return sdkcall.Input[*resource]{ID: res.arn, Name: res.given, Resource: res}
	}, equal, "ResourceArn")
}

// newReadSet groups the ARNs of a call that only reads.
func newReadSet(arns []string, region string) *inputs {
	return newInputs(arns, func(i int) (*resource, error) {
		res, reason := parseARN(arns[i], region)
		return &res, validate.FieldError("ResourceArn", reason)
	}, nil)
}

// ensureInput is the input of an Ensure method. In is its own type.
type ensureInput[In any] interface {
	check(c *call) (*resource, error)
	equal(other In) bool // except for the ARN
}

// newEnsureSet groups the inputs of an Ensure method.
func newEnsureSet[In ensureInput[In]](c *call, ins []In) *inputs {
	arns, resources, errs := make([]string, len(ins)), make([]*resource, len(ins)), make([]error, len(ins))
	for i, in := range ins {
		if resources[i], errs[i] = in.check(c); resources[i] != nil {
			arns[i] = resources[i].given
		}
	}
	return newInputs(arns, func(i int) (*resource, error) {
		return resources[i], errs[i]
	}, func(i, j int) bool { return ins[i].equal(ins[j]) })
}

func (in *StartInput) equal(other *StartInput) bool {
	o := *other
	o.ResourceArn = in.ResourceArn
	return *in == o
}

func (in *StopInput) equal(other *StopInput) bool {
	return in.ApplyImmediately == other.ApplyImmediately
}
