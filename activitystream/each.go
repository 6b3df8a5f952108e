package activitystream

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// GetEach reads the streams of many clusters and instances, up to 100 in one call, and yields one result for
// each ARN, keyed by the text that was given, in the order in which they become ready. A read that is throttled,
// or fails in another way that may heal, is made again, ten times at most. What [Client.WaitEach] says of ARNs
// and of stopping holds here, too.
func (c *Client) GetEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return c.each(resourceArns, optFns, nil, func(call *call, arns []string) iter.Seq2[int, statemachine.Result[*Stream]] {
		f := call.fleet()
		return f.Get(ctx, arns)
	})
}

// WaitEach waits, by the rules of [Client.Wait], until each of many streams is in the status target, for at
// most maxWait, and yields one result for each ARN, keyed by the text that was given, in the order in which
// they become ready: with an error of its own, where its wait failed.
//
// Ten thousand waits share one quota: up to 100 streams are read in one call, for only what is still pending.
// Whatever would end a wait badly comes from a read of that resource alone. There is one goroutine for the time
// of the range loop, and one for each call under way, none for a resource; a slow loop body delays nobody.
// Breaking out of the loop stops everything before the range statement ends.
//
// An ARN that is given twice gets its result twice and is read once. An ARN that is not valid has a
// [*statemachine.InputError] as its result, and so has each if target or maxWait is.
func (c *Client) WaitEach(ctx context.Context, resourceArns []string, target Status, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	check := func(call *call) error { return call.checkWait(target, maxWait) }
	return c.each(resourceArns, optFns, check, func(call *call, arns []string) iter.Seq2[int, statemachine.Result[*Stream]] {
		goals := make([]statemachine.Goal[*Stream, Status], len(arns))
		for i, arn := range arns {
			goals[i] = statemachine.Goal[*Stream, Status]{Resource: arn, Target: target}
		}
		f := call.fleet()
		return mapValues(sdkcall.Each(ctx, call.Tracer, "activitystream.WaitEach", f, goals, maxWait), func(e statemachine.Ensured[*Stream]) *Stream { return e.Value })
	})
}

// WatchEach yields each of many streams as it is, then each read that differs, by the rules of [Client.Watch],
// keyed by the ARN as it was given, until the caller stops ranging. A database being gone, or another failure
// that a wait does not tolerate, is yielded once and ends that resource's watch; the loop ends when none is
// left. A loop body that is slower than the changes sees the latest of each stream only, and must not change a Stream.
// What [Client.WaitEach] says of ARNs and of stopping holds here, too.
func (c *Client) WatchEach(ctx context.Context, resourceArns []string, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*Stream]] {
	return c.each(resourceArns, optFns, nil, func(call *call, arns []string) iter.Seq2[int, statemachine.Result[*Stream]] {
		f := call.fleet()
		return f.Watch(ctx, arns)
	})
}

// EnsureStartedEach makes sure that each of many streams is started, as its input says, by the rules of
// [Client.EnsureStarted], and yields one result for each input, keyed by its ResourceArn as it was given. Reads
// and commands share the quota; commands that are throttled slow all down together. The question whether a
// stream can be started is asked once for each engine, version and class.
//
// Two inputs for one resource that differ are both a [*statemachine.InputError]. What [Client.WaitEach] says of
// ARNs and of stopping holds here, too.
func (c *Client) EnsureStartedEach(ctx context.Context, ins []*StartInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return ensureEach(ctx, c, "activitystream.EnsureStartedEach", ins, maxWait, optFns, StatusStarted, func(in *StartInput) *string { return &in.ResourceArn },
		(*call).checkStart, func(call *call, ins []*StartInput) func(*StartInput) statemachine.Goal[*Stream, Status] {
			pre := newPreflight(call, ins)
			return func(in *StartInput) statemachine.Goal[*Stream, Status] { return call.startGoal(in, maxWait, pre) }
		})
}

// EnsureStoppedEach makes sure that each of many streams is stopped, as its input says, by the rules of
// [Client.EnsureStopped], and yields one result for each input. What [Client.EnsureStartedEach] says holds
// here, too.
func (c *Client) EnsureStoppedEach(ctx context.Context, ins []*StopInput, maxWait time.Duration, optFns ...func(*Options)) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	return ensureEach(ctx, c, "activitystream.EnsureStoppedEach", ins, maxWait, optFns, StatusStopped, func(in *StopInput) *string { return &in.ResourceArn },
		func(c *call, in *StopInput) error { return in.validate(c.Region) },
		func(call *call, _ []*StopInput) func(*StopInput) statemachine.Goal[*Stream, Status] {
			return func(in *StopInput) statemachine.Goal[*Stream, Status] { return call.stopGoal(in, maxWait) }
		})
}

// checkWait is what is wrong with the arguments of a wait that all resources share.
func (c *call) checkWait(target Status, maxWait time.Duration) error {
	_, err := machine.NewTrack(target, time.Time{}, maxWait, c.options.Wait)
	return err
}

// fleet is the engine of one call, a patient one.
func (c *call) fleet() *statemachine.Fleet[*Stream, Status] {
	return &statemachine.Fleet[*Stream, Status]{
		Machine: machine,
		Read: func(ctx context.Context, arn string) (*Stream, error) {
			res, _ := parseARN(arn, "")
			return c.describe(ctx, &res)
		},
		ReadMany: c.describeBatch,
		Batch:    pageSize,
		Group: func(arn string) string {
			res, _ := parseARN(arn, "")
			return string(res.sort)
		},
		State:       (*Stream).status,
		Same:        sameStream,
		Concurrency: c.options.Concurrency,
		Pacer:       c.options.Pacer,
		Options:     c.options.Wait,
	}
}

// ensureEach is what the ensures of many have in common. In is the operation's input.
func ensureEach[In comparable](ctx context.Context, c *Client, name string, ins []*In, maxWait time.Duration, optFns []func(*Options), target Status,
	arn func(*In) *string, check func(*call, *In) error,
	goals func(*call, []*In) func(*In) statemachine.Goal[*Stream, Status],
) iter.Seq2[string, statemachine.Result[*EnsureOutput]] {
	texts := make([]string, len(ins))
	for i, in := range ins {
		if in != nil {
			texts[i] = *arn(in)
		}
	}
	return func(yield func(string, statemachine.Result[*EnsureOutput]) bool) {
		call := c.calls.NewNoRetry(optFns)
		whole := call.checkWait(target, maxWait)
		m := newMerge(texts, func(i int) error { return validate.JoinInputErrors(check(call, ins[i]), whole) }, func(i, j int) bool {
			a, b := *ins[i], *ins[j]
			*arn(&a), *arn(&b) = "", ""
			return a == b
		})
		unique := make([]*In, len(m.unique))
		for n, i := range m.unique {
			unique[n] = ins[i]
		}
		goal := goals(call, unique)
		all := make([]statemachine.Goal[*Stream, Status], len(unique))
		for n, in := range unique {
			all[n] = goal(in)
		}
		f := call.fleet()
		f.Commands = call.ensureOptions(call.allowedOperations(target)...)
		fanOut(m, func() iter.Seq2[int, statemachine.Result[*EnsureOutput]] {
			return mapValues(sdkcall.Each(ctx, call.Tracer, name, f, all, maxWait), newEnsureOutput)
		}, func() *EnsureOutput { return &EnsureOutput{} })(yield)
	}
}

// each is what the reads of many have in common.
func (c *Client) each(texts []string, optFns []func(*Options), check func(*call) error,
	run func(*call, []string) iter.Seq2[int, statemachine.Result[*Stream]],
) iter.Seq2[string, statemachine.Result[*Stream]] {
	return func(yield func(string, statemachine.Result[*Stream]) bool) {
		call := c.calls.NewNoRetry(optFns)
		var commonErr error
		if check != nil {
			commonErr = check(call)
		}
		m := newMerge(texts, func(i int) error {
			_, reason := parseARN(texts[i], call.Region)
			return validate.JoinInputErrors(validate.FieldError("ResourceArn", reason), commonErr)
		}, func(int, int) bool { return true })
		arns := make([]string, len(m.unique))
		for n, i := range m.unique {
			arns[n] = texts[i]
		}
		fanOut(m, func() iter.Seq2[int, statemachine.Result[*Stream]] { return run(call, arns) }, func() *Stream { return nil })(yield)
	}
}

// inputSet is which of many inputs are about one resource, so that it is read and commanded once.
type inputSet struct {
	arns       []string      // the ARN of each input, as it was given
	unique     []int         // the first input of each resource
	duplicates map[int][]int // by the first input of a resource: the others
	invalid    map[int]error
}

func newMerge(texts []string, check func(int) error, equal func(i, j int) bool) *inputSet {
	m := &inputSet{arns: texts, duplicates: map[int][]int{}, invalid: map[int]error{}}
	firstByKey := make(map[string]int, len(texts))
	for i, text := range texts {
		if err := check(i); err != nil {
			m.invalid[i] = err
			continue
		}
		key := strings.ToLower(text)
		if first, ok := firstByKey[key]; ok {
			m.duplicates[first] = append(m.duplicates[first], i)
			continue
		}
		firstByKey[key] = i
		m.unique = append(m.unique, i)
	}
	m.unique = slices.DeleteFunc(m.unique, func(first int) bool { return m.rejectConflicting(first, equal) })
	return m
}

// rejectConflicting refuses the inputs of a resource if they do not all want the same of it, and reports whether it did.
func (m *inputSet) rejectConflicting(first int, equal func(i, j int) bool) bool {
	twins := m.duplicates[first]
	if !slices.ContainsFunc(twins, func(i int) bool { return !equal(first, i) }) {
		return false
	}
	for _, i := range append([]int{first}, twins...) {
		m.invalid[i] = validate.FieldError("ResourceArn", "stands in two inputs that want different things of it: "+m.arns[i])
	}
	return true
}

// fanOut yields the results of run, which are by unique, for each of the inputs, and before them the inputs that
// are wrong.
func fanOut[R any](m *inputSet, run func() iter.Seq2[int, statemachine.Result[R]], none func() R) iter.Seq2[string, statemachine.Result[R]] {
	return func(yield func(string, statemachine.Result[R]) bool) {
		yieldFor := func(i int, v R, err error) bool {
			return yield(m.arns[i], statemachine.Result[R]{Index: i, Value: v, Err: err})
		}
		for i := range m.arns {
			if err := m.invalid[i]; err != nil && !yieldFor(i, none(), err) {
				return
			}
		}
		for n, r := range run() {
			inputs := m.unique // all that are left, if it is wrong as a whole in a way that the client did not find
			if n >= 0 {
				inputs = m.unique[n : n+1]
			}
			for _, first := range inputs {
				for _, i := range append([]int{first}, m.duplicates[first]...) {
					if !yieldFor(i, r.Value, r.Err) {
						return
					}
				}
			}
		}
	}
}

// mapValues yields seq with other values.
func mapValues[A, B any](seq iter.Seq2[int, statemachine.Result[A]], fn func(A) B) iter.Seq2[int, statemachine.Result[B]] {
	return func(yield func(int, statemachine.Result[B]) bool) {
		for i, r := range seq {
			if !yield(i, statemachine.Result[B]{Index: r.Index, Value: fn(r.Value), Err: r.Err}) {
				return
			}
		}
	}
}
