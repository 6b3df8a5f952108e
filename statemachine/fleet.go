package statemachine

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"
)

// Fleet waits for, ensures and watches many resources at once, with few reads and under one rate
// limit. A Fleet is safe for concurrent use as long as its fields do not change.
//
// Each range loop has one goroutine of its own, and one for each read or command in flight, but
// none per resource. A slow loop body does not delay them. One resource's failure does not affect
// the others. Breaking out of the loop stops everything before the range statement ends. A panic in
// a function of the caller, such as Read, reaches the range loop. [WaitOptions.OnProgress] is
// called there.
type Fleet[R any, S ~string] struct {
	// Machine is the lifecycle of all resources. Required.
	Machine *Machine[S]

	// Read reads one resource. It must return soon after its context ends, and is called from
	// several goroutines. Required.
	Read func(ctx context.Context, resource string) (R, error)

	// ReadMany reads up to Batch resources of one Group in one call. Its results are indexed like
	// resources. Whatever would end a resource badly must come from a read of that resource
	// alone, so Read reads a resource again that has an error or no Result. Nil means that Read
	// reads every resource.
	ReadMany func(ctx context.Context, resources []string) ([]Result[R], error)

	// Batch is the maximum number of resources in a call of ReadMany. Zero means 100. Negative
	// values are rejected with an InputError.
	Batch int

	// Group returns a batch key: ReadMany is only given resources with equal keys. Nil means that
	// any resources may be batched.
	Group func(resource string) string

	// State, Kind, Check, Same and Identity are as in a [Waiter].
	State    func(R) S
	Kind     func(error) Kind
	Check    func(R) error
	Same     func(a, b R) bool
	Identity func(R) string

	// Concurrency is the maximum number of calls in flight, including commands. Zero means 8.
	// Negative values are rejected with an InputError.
	Concurrency int

	// Pacer limits the rate of the reads. Nil means no limit.
	Pacer *Pacer

	// Commands configures the commands of the goals that have a Command.
	Commands EnsureOptions[R]

	// Options are the defaults for the options of each call.
	Options WaitOptions
}

// Each brings every resource to its goal, or waits for it, by the rules of [Ensurer.Ensure] and
// [Waiter.Wait]. It yields one result for each goal, with the goal's index, as they become ready.
// If the call as a whole is invalid, it yields one result with the index -1.
//
// ReadMany combines reads. Each batch is filled with what is due next, so that individual delays
// and jitter do not undo the batching. Reads and commands that are due at the same time take
// turns.
func (f *Fleet[R, S]) Each(ctx context.Context, goals []Goal[R, S], maxWait time.Duration, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[Ensured[R]]] {
	return f.run(ctx, modeWait, goals, maxWait, optFns)
}

// Watch yields the current value of each resource, then each read that differs, like
// [Waiter.Watch]. A failure that ends the watch of a resource is yielded once. The loop ends when
// no resource is left. If the body is slower than the changes, it receives only the latest value
// of each resource. It must not modify a value. If the call as a whole is invalid, Watch yields
// one result with the index -1.
func (f *Fleet[R, S]) Watch(ctx context.Context, resources []string, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[R]] {
	return f.values(ctx, modeWatch, resources, optFns)
}

// Get reads every resource once and yields one result for each as they become ready. A read that
// fails with a retryable error is made up to ten times. If the call as a whole is invalid, Get
// yields one result with the index -1.
func (f *Fleet[R, S]) Get(ctx context.Context, resources []string, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[R]] {
	return f.values(ctx, modeGet, resources, optFns)
}

// values runs a call that sends no commands, and reduces each result to the value that was read.
func (f *Fleet[R, S]) values(ctx context.Context, mode mode, resources []string, optFns []func(*WaitOptions)) iter.Seq2[int, Result[R]] {
	goals := make([]Goal[R, S], len(resources))
	for i, r := range resources {
		goals[i].Resource = r
	}
	return func(yield func(int, Result[R]) bool) {
		for i, r := range f.run(ctx, mode, goals, 0, optFns) {
			if !yield(i, Result[R]{Index: i, Value: r.Value.Value, Err: r.Err}) {
				return
			}
		}
	}
}

// defaultConcurrency is the Concurrency of a Fleet.
const defaultConcurrency = 8

// run returns the results of one call, each with the index of its goal. An invalid call has one
// result, with the index -1. The engine runs in a goroutine of its own during the range loop, and
// OnProgress runs in that of the loop.
func (f *Fleet[R, S]) run(ctx context.Context, mode mode, goals []Goal[R, S], maxWait time.Duration, optFns []func(*WaitOptions)) iter.Seq2[int, Result[Ensured[R]]] {
	return func(yield func(int, Result[Ensured[R]]) bool) {
		e, err := f.newEngine(mode, goals, maxWait, optFns)
		if err != nil {
			yield(-1, Result[Ensured[R]]{Index: -1, Err: err})
			return
		}
		if len(goals) == 0 {
			return
		}
		onProgress := e.config.onProgress // in this goroutine, not in the engine's
		if onProgress != nil {
			e.config.onProgress = e.out.pushProgress
		}
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.run(ctx, cancel, maxWait)
		}()
		defer func() {
			cancel()
			<-done
			for m := e.out.next(); m != nil; m = e.out.next() { // what the loop was left before
				m.report(onProgress)
			}
			e.aborted.repeat()
		}()
		for m := e.out.next(); m != nil; m = e.out.next() {
			if !m.report(onProgress) && !yield(m.Index, m.Result) {
				return
			}
		}
	}
}

// newEngine returns the engine of one call.
func (f *Fleet[R, S]) newEngine(
	mode mode, goals []Goal[R, S], maxWait time.Duration, optFns []func(*WaitOptions),
) (*engine[R, S], error) {
	e := &engine[R, S]{
		config: config[R, S]{
			machine: f.Machine, state: f.State, kind: f.Kind, check: f.Check, same: f.Same, identity: f.Identity,
			opts: f.Options, mode: mode, commands: f.Commands.commands(),
		},
		goals: goals, read: f.Read, readMany: f.ReadMany, group: f.Group,
		batch: cmp.Or(f.Batch, defaultBatch), concurrency: cmp.Or(f.Concurrency, defaultConcurrency),
		readLane: ticket{pacer: f.Pacer}, commandLane: ticket{pacer: cmp.Or(f.Commands.Pacer, f.Pacer)},
	}
	e.out.cond.L = &e.out.mu
	var errs InputError
	if f.Read == nil {
		errs.Add("Read", "is nil")
	}
	rejectNegative(&errs, "Batch", f.Batch)
	rejectNegative(&errs, "Concurrency", f.Concurrency)
	var target S
	if mode == modeWait {
		target = f.validateGoals(goals, &errs)
	}
	if err := e.config.complete(target, maxWait, optFns, &errs); err != nil {
		return nil, err
	}
	return e, nil
}

// validateGoals rejects unknown targets, conflicting goals, and what requires a command without
// one. It returns the first target, which is validated with the other arguments. Without goals
// that is any state, so that maxWait and the options are validated all the same.
func (f *Fleet[R, S]) validateGoals(goals []Goal[R, S], errs *InputError) (target S) {
	if len(goals) > 0 {
		target = goals[0].Target
	} else if f.Machine != nil && len(f.Machine.states) > 0 {
		target = f.Machine.states[0]
	}
	commanded := map[string]int{}
	for i, g := range goals {
		if f.Machine != nil && g.Target != target && !f.Machine.Known(g.Target) {
			errs.Add(fmt.Sprintf("goals[%d].Target", i),
				fmt.Sprintf("%q is not a state of %s", string(g.Target), f.Machine.Name()))
		}
		first, duplicate := commanded[g.Resource]
		switch {
		case g.Command == nil:
			if g.Drift != nil || g.Preflight != nil || g.Restore != nil || g.AcceptedGrace != 0 || g.Leave || !g.NotBefore.IsZero() {
				errs.Add(fmt.Sprintf("goals[%d].Command", i), "is nil, but Drift, Preflight, Restore, AcceptedGrace, Leave or NotBefore is set")
			}
		case duplicate:
			errs.Add(fmt.Sprintf("goals[%d].Resource", i), fmt.Sprintf("duplicates goals[%d].Resource", first))
		default:
			commanded[g.Resource] = i
		}
	}
	return target
}
