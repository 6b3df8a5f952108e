package statemachine

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Result is the outcome for one of many inputs.
type Result[R any] struct {
	Index int   // which of the inputs; -1: the input is wrong as a whole
	Value R     // beside an error too, as far as there is one
	Err   error // what ended this one badly; nil: it is as wanted
}

// Fleet waits for, ensures and watches many resources at once, in few reads and under one quota. Machine, Read
// and State are required. A Fleet is safe for concurrent use as long as its fields do not change.
//
// Each call runs one goroutine for the time of the range loop, and one for each call under way, none for a resource. A
// slow loop body delays nobody. One resource's failure is its own. Breaking out of the loop stops everything before
// the range statement ends.
type Fleet[R any, S ~string] struct {
	Machine *Machine[S] // the lifecycle of all of them

	// Read reads one resource. It must honour its context, and is called from several goroutines.
	Read func(ctx context.Context, resource string) (R, error)

	// ReadMany reads up to Batch resources of one Group in one call. A resource for which it has no Result, or
	// one with an error, is read again by Read, and so are all if it fails in a way that does not heal:
	// whatever would end a resource badly comes from a read of that resource alone. Nil: all are read by Read.
	ReadMany func(ctx context.Context, resources []string) ([]Result[R], error)

	// Batch is how many resources ReadMany takes. Zero: 100. Negative: an InputError.
	Batch int

	// Group tells which resources ReadMany can read together: those with the same answer. Nil: all.
	Group func(resource string) string

	State func(R) S         // as in a Waiter
	Kind  func(error) Kind  // as in a Waiter
	Check func(R) error     // as in a Waiter
	Same  func(a, b R) bool // as in a Waiter

	Concurrency int              // how many calls are under way at once, commands included; zero: 8; negative: an InputError
	Pacer       *Pacer           // as in a Waiter
	Commands    EnsureOptions[R] // the settings of the goals that have a Command
	Options     WaitOptions      // defaults of each call's
}

// Goal is what is wanted of one resource. Of those with a Command a resource has one in a call.
type Goal[R any, S ~string] struct {
	Resource string // an ARN, a name: what Read is given
	Target   S      // the state wanted, one of the Machine's

	// Command runs one operation, as in an [Ensurer]. Nil: the resource is only waited for.
	Command func(context.Context, Operation) error

	// Drift tells what differs from the settings wanted of a resource in the target. It needs a Command. May be nil.
	Drift func(R) error

	// Preflight is asked before each command with what was read last, and in a dry run too; an error is taken for the
	// command's own, except that nothing was sent. It may do I/O. May be nil.
	Preflight func(ctx context.Context, last R, op Operation) error

	// Grace is the options' Grace after this goal's commands, where it differs: one that takes effect in a
	// maintenance window shows nothing before. Zero: the options'.
	Grace time.Duration
}

// Each brings every resource to its goal, or waits for it, by the rules of [Ensurer.Ensure] and [Waiter.Wait],
// and yields one result for each goal, with the goal's index, in the order in which they become ready. An input
// that is wrong as a whole is yielded once, with index -1.
//
// Resources are read together as far as ReadMany can. A read is filled up with what is due next, so that the single
// delays and their jitter do not undo the batching; reads and commands that are due at once take turns.
func (f *Fleet[R, S]) Each(ctx context.Context, goals []Goal[R, S], maxWait time.Duration, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[Ensured[R]]] {
	return f.run(ctx, modeWait, goals, maxWait, optFns)
}

// Watch yields each resource as it is, then each read that differs, as [Waiter.Watch] does for one. A
// failure that ends a resource's watch is yielded once. The loop ends when no resource is left. A body that is
// slower than the changes sees the latest of each resource only, and must not change what it is given. An input that
// is wrong as a whole is yielded once, with index -1.
func (f *Fleet[R, S]) Watch(ctx context.Context, resources []string, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[R]] {
	return withoutEnsured(f.run(ctx, modeWatch, goalsOf[R, S](resources), 0, optFns))
}

// Get reads every resource once and yields one result for each, in the order in which they become ready. A read
// that is throttled, or fails in another way that may heal, is made again, ten times at most. An input that is
// wrong as a whole is yielded once, with index -1.
func (f *Fleet[R, S]) Get(ctx context.Context, resources []string, optFns ...func(*WaitOptions)) iter.Seq2[int, Result[R]] {
	return withoutEnsured(f.run(ctx, modeGet, goalsOf[R, S](resources), 0, optFns))
}

func goalsOf[R any, S ~string](resources []string) []Goal[R, S] {
	goals := make([]Goal[R, S], len(resources))
	for i, r := range resources {
		goals[i].Resource = r
	}
	return goals
}

// withoutEnsured leaves of each result the value.
func withoutEnsured[R any](seq iter.Seq2[int, Result[Ensured[R]]]) iter.Seq2[int, Result[R]] {
	return func(yield func(int, Result[R]) bool) {
		for i, r := range seq {
			if !yield(i, Result[R]{Index: i, Value: r.Value.Value, Err: r.Err}) {
				return
			}
		}
	}
}

// defaults of a Fleet.
const (
	defaultBatch       = 100
	defaultConcurrency = 8
)

func (f *Fleet[R, S]) run(ctx context.Context, aim mode, goals []Goal[R, S], maxWait time.Duration, optFns []func(*WaitOptions)) iter.Seq2[int, Result[Ensured[R]]] {
	return func(yield func(int, Result[Ensured[R]]) bool) {
		e, err := f.newEngine(aim, goals, maxWait, optFns)
		if err != nil {
			yield(-1, Result[Ensured[R]]{Index: -1, Err: err})
			return
		}
		if len(goals) == 0 {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.run(ctx, maxWait)
		}()
		defer func() {
			cancel()
			<-done
		}()
		for r := range e.out.all() {
			if !yield(r.Index, r) {
				return
			}
		}
	}
}

// newEngine prepares one call.
func (f *Fleet[R, S]) newEngine(aim mode, goals []Goal[R, S], maxWait time.Duration, optFns []func(*WaitOptions)) (*engine[R, S], error) {
	e := &engine[R, S]{
		fleet: f,
		rules: config[R, S]{machine: f.Machine, state: f.State, kind: f.Kind, check: f.Check, same: f.Same, readPacer: f.Pacer, aim: aim, opts: f.Options},
		goals: goals,
	}
	e.out.cond.L = &e.out.mu
	for _, fn := range optFns {
		fn(&e.rules.opts)
	}
	e.rules.commands(f.Commands)
	var wrong InputError
	if f.Read == nil {
		wrong.Add("Read", "is nil")
	}
	if f.Batch < 0 {
		wrong.Add("Batch", fmt.Sprintf("is negative: %d", f.Batch))
	}
	if f.Concurrency < 0 {
		wrong.Add("Concurrency", fmt.Sprintf("is negative: %d", f.Concurrency))
	}
	var target S
	if aim == modeWait && len(goals) > 0 {
		target = goals[0].Target
		for i, g := range goals[1:] {
			if f.Machine != nil && g.Target != target && !f.Machine.Known(g.Target) {
				wrong.Add(fmt.Sprintf("goals[%d].Target", i+1), fmt.Sprintf("%q is no state of a %s", string(g.Target), f.Machine.Name()))
			}
		}
	} else if f.Machine != nil && len(f.Machine.states) > 0 && aim == modeWait {
		target = f.Machine.states[0] // no goals: maxWait and the options are checked all the same
	}
	if aim == modeWait {
		checkGoals(goals, &wrong)
	}
	if err := e.rules.applyDefaultsAndValidate(target, maxWait, &wrong); err != nil {
		return nil, err
	}
	e.batch, e.concurrency = defaultBatch, defaultConcurrency
	if f.Batch > 0 {
		e.batch = f.Batch
	}
	if f.Concurrency > 0 {
		e.concurrency = f.Concurrency
	}
	return e, nil
}

// checkGoals refuses goals that would fight each other, and what only a goal with a command can have.
func checkGoals[R any, S ~string](goals []Goal[R, S], wrong *InputError) {
	commanded := map[string]int{}
	for i, g := range goals {
		if g.Command == nil {
			if g.Drift != nil || g.Preflight != nil || g.Grace != 0 {
				wrong.Add(fmt.Sprintf("goals[%d].Command", i), "is nil, and there is a Drift, Before or Grace")
			}
			continue
		}
		if first, ok := commanded[g.Resource]; ok {
			wrong.Add(fmt.Sprintf("goals[%d].Resource", i), fmt.Sprintf("is that of goals[%d]: a resource has one goal", first))
		} else {
			commanded[g.Resource] = i
		}
	}
}
