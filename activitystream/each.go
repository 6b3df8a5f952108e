package activitystream

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// GetEach reads the streams of many clusters and instances, up to 100 with one request. It yields
// one result for each ARN, keyed by the text passed in, in the order in which they become ready. It
// repeats a read that was throttled or failed with another retryable error, at most ten times.
// [Client.WaitEach] documents duplicate and invalid ARNs, and breaking out of the loop.
func (c *Client) GetEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return each(c, optFns, func(call *call) (*inputSet, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(resourceArns, call.Region, nil)
		return set, call.fleet(set).Get(ctx, set.keys())
	}, unchanged)
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
	return each(c, optFns, func(call *call) (*inputSet, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newReadSet(resourceArns, call.Region, call.checkWait(target, maxWait))
		goals := make([]statemachine.Goal[*Stream, Status], len(set.unique))
		for n, res := range set.unique {
			goals[n] = statemachine.Goal[*Stream, Status]{Resource: res.given, Target: target}
		}
		f := call.fleet(set)
		f.Check = checkStream
		return set, call.explainEach(ctx, set, sdkcall.Each(ctx, call.Tracer, "activitystream.WaitEach", f, goals, maxWait))
	}, func(e statemachine.Ensured[*Stream]) *Stream { return e.Value })
}

// WatchEach yields the current value of each of many streams, then each read that differs from the
// one before, by the rules of [Client.Watch] and keyed by the ARN as passed in, until the caller
// stops ranging. A deleted database, or another failure that a wait does not tolerate, is yielded
// once and ends the watch of that resource. The loop ends when no watch is left. A loop body that
// is slower than the changes sees only the latest value of each stream. It must not modify a
// Stream. [Client.WaitEach] documents duplicate and invalid ARNs, and breaking out of the loop.
func (c *Client) WatchEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return each(c, optFns, func(call *call) (*inputSet, iter.Seq2[int, statemachine.Result[*Stream]]) {
		set := newReadSet(resourceArns, call.Region, nil)
		return set, call.fleet(set).Watch(ctx, set.keys())
	}, unchanged)
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
		notCompared := make([]string, len(ins)) // the reasons, by input
		results := each(c, optFns, func(call *call) (*inputSet, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
			set := newEnsureSet(call, ins, call.checkWait(StatusStarted, maxWait))
			keys := newKeyResolver(call)
			pre := newPreflight(call, set.unique...)
			goals := make([]statemachine.Goal[*Stream, Status], len(set.unique))
			for n, res := range set.unique {
				in := ins[set.inputs[n][0]]
				drift, reason := keys.drift(ctx, in)
				for _, i := range set.inputs[n] {
					notCompared[i] = reason
				}
				goals[n] = statemachine.Goal[*Stream, Status]{
					Resource: res.given, Target: StatusStarted,
					Command: call.startCommand(in, res), Preflight: pre.before(in, res), Drift: drift,
				}
				call.setGrace(&goals[n].Grace, in.ApplyImmediately, maxWait)
			}
			f := call.fleet(set)
			f.Commands = call.ensureOptions(call.startOperations()...)
			return set, call.explainEach(ctx, set, sdkcall.Each(ctx, call.Tracer, "activitystream.EnsureStartedEach", f, goals, maxWait))
		}, newEnsureOutput)
		for arn, r := range results {
			if r.Index >= 0 {
				r.Value.noteKey(notCompared[r.Index])
			}
			if !yield(arn, r) {
				return
			}
		}
	}
}

// EnsureStoppedEach does for each of many inputs what [Client.EnsureStopped] does for one. It
// yields one result for each input. [Client.EnsureStartedEach] documents the rest.
func (c *Client) EnsureStoppedEach(ctx context.Context, ins []*StopInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return each(c, optFns, func(call *call) (*inputSet, iter.Seq2[int, statemachine.Result[statemachine.Ensured[*Stream]]]) {
		set := newEnsureSet(call, ins, call.checkWait(StatusStopped, maxWait))
		goals := make([]statemachine.Goal[*Stream, Status], len(set.unique))
		for n, res := range set.unique {
			in := ins[set.inputs[n][0]]
			goals[n] = statemachine.Goal[*Stream, Status]{Resource: res.given, Target: StatusStopped,
				Command: call.stopCommand(in, res), Preflight: in.preflight, Drift: in.drift}
			call.setGrace(&goals[n].Grace, in.ApplyImmediately, maxWait)
		}
		f := call.fleet(set)
		f.Commands = call.ensureOptions(StopActivityStream)
		return set, call.explainEach(ctx, set, sdkcall.Each(ctx, call.Tracer, "activitystream.EnsureStoppedEach", f, goals, maxWait))
	}, newEnsureOutput)
}

// checkWait validates the arguments of a wait that all resources share.
func (c *call) checkWait(target Status, maxWait time.Duration) error {
	return validate.WaitArgs(machine, target, maxWait, &c.options.Wait)
}

// fleet returns the engine of one call, for the resources of a set.
func (c *call) fleet(set *inputSet) *statemachine.Fleet[*Stream, Status] {
	return &statemachine.Fleet[*Stream, Status]{
		Machine: machine,
		Read:    func(ctx context.Context, key string) (*Stream, error) { return c.describe(ctx, set.byKey[key]) },
		ReadMany: func(ctx context.Context, keys []string) ([]statemachine.Result[*Stream], error) {
			batch := make([]*resource, len(keys))
			for i, key := range keys {
				batch[i] = set.byKey[key]
			}
			return c.describeBatch(ctx, batch)
		},
		Batch:       pageSize,
		Group:       func(key string) string { return string(set.byKey[key].resourceType) },
		State:       (*Stream).status,
		Same:        sameStream,
		Concurrency: c.options.Concurrency,
		Pacer:       c.options.Pacer,
		Options:     c.options.Wait,
	}
}

// each yields the results of a fleet for every input. run validates the inputs and returns the
// results by unique resource, which convert turns into the method's type. The result of an invalid
// input has the value that convert returns for the zero value.
func each[A, B any](c *Client, optFns []func(*Options),
	run func(*call) (*inputSet, iter.Seq2[int, statemachine.Result[A]]), convert func(A) B,
) iter.Seq2[string, statemachine.Result[B]] {
	return func(yield func(string, statemachine.Result[B]) bool) {
		set, results := run(c.calls.NewNoRetry(optFns))
		for i := range set.given {
			var none A
			if err := set.invalid[i]; err != nil && !yield(set.given[i], statemachine.Result[B]{Index: i, Value: convert(none), Err: err}) {
				return
			}
		}
		for n, r := range results {
			v := convert(r.Value)
			for _, i := range set.inputsOf(n) {
				if !yield(set.given[i], statemachine.Result[B]{Index: i, Value: v, Err: r.Err}) {
					return
				}
			}
		}
	}
}

// unchanged returns s, for methods that yield the fleet's own values.
func unchanged(s *Stream) *Stream { return s }

// inputSet groups inputs by the resource that they name, so that each resource is read and
// commanded once.
type inputSet struct {
	given   []string             // the ARN of each input as passed in
	invalid map[int]error        // by input
	unique  []*resource          // the resources of the valid inputs
	inputs  [][]int              // the inputs of each unique resource
	byKey   map[string]*resource // by the ARN of its first input
}

// newInputSet validates inputs and groups them. check parses an input, and equal reports whether
// two inputs for the same resource agree.
func newInputSet(given []string, check func(i int) (*resource, error), equal func(i, j int) bool) *inputSet {
	set := &inputSet{given: given, invalid: map[int]error{}, byKey: make(map[string]*resource, len(given))}
	resources, inputs := []*resource{}, [][]int{}
	position := make(map[string]int, len(given)) // in resources, by ARN in lower case
	for i := range given {
		res, err := check(i)
		if err != nil {
			set.invalid[i] = err
			continue
		}
		n, ok := position[res.arn]
		if !ok {
			n = len(resources)
			position[res.arn] = n
			resources, inputs = append(resources, res), append(inputs, nil)
		}
		inputs[n] = append(inputs[n], i)
	}
	for n, res := range resources {
		same := inputs[n]
		if slices.ContainsFunc(same, func(i int) bool { return !equal(same[0], i) }) {
			for _, i := range same {
				set.invalid[i] = validate.FieldError("ResourceArn", "has conflicting inputs for the same resource: "+given[i])
			}
			continue
		}
		set.unique, set.inputs = append(set.unique, res), append(set.inputs, same)
		set.byKey[res.given] = res
	}
	return set
}

// newReadSet groups the ARNs of a call that only reads. common is an error that all inputs share.
func newReadSet(arns []string, region string, common error) *inputSet {
	return newInputSet(arns, func(i int) (*resource, error) {
		res, reason := parseARN(arns[i], region)
		return &res, validate.JoinInputErrors(validate.FieldError("ResourceArn", reason), common)
	}, func(int, int) bool { return true })
}

// ensureInput is the input of an Ensure method. In is its own type.
type ensureInput[In any] interface {
	arn() string // "" for nil
	check(c *call) (*resource, error)
	equal(other In) bool // except for the ARN
}

// newEnsureSet groups the inputs of an Ensure method. common is an error that all inputs share.
func newEnsureSet[In ensureInput[In]](c *call, ins []In, common error) *inputSet {
	arns := make([]string, len(ins))
	for i, in := range ins {
		arns[i] = in.arn()
	}
	return newInputSet(arns, func(i int) (*resource, error) {
		res, err := ins[i].check(c)
		return res, validate.JoinInputErrors(err, common)
	}, func(i, j int) bool { return ins[i].equal(ins[j]) })
}

func (in *StartInput) arn() string {
	if in == nil {
		return ""
	}
	return in.ResourceArn
}

func (in *StartInput) equal(other *StartInput) bool {
	o := *other
	o.ResourceArn = in.ResourceArn
	return *in == o
}

func (in *StopInput) arn() string {
	if in == nil {
		return ""
	}
	return in.ResourceArn
}

func (in *StopInput) equal(other *StopInput) bool {
	return in.ApplyImmediately == other.ApplyImmediately
}

// keys returns the resources as the fleet refers to them.
func (set *inputSet) keys() []string {
	keys := make([]string, len(set.unique))
	for n, res := range set.unique {
		keys[n] = res.given
	}
	return keys
}

// inputsOf returns the inputs of the unique resource n. For -1, which is an error about the call as
// a whole, it returns all valid inputs.
func (set *inputSet) inputsOf(n int) []int {
	if n < 0 {
		return slices.Concat(set.inputs...)
	}
	return set.inputs[n]
}
