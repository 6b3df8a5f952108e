package sdkcall

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Input is one input of a method for many resources. R describes a resource to the service's
// package.
type Input[R any] struct {
	ID       string // equal for all inputs that name this resource
	Name     string // for the fleet and for messages, which use that of the first input
	Resource R
	Err      error // why the input is invalid, or nil
}

// Inputs groups the inputs of a method for many resources by the resource that they name, so that
// each resource is read and commanded once. K is the type of the keys of the results.
type Inputs[K, R any] struct {
	keys    []K           // of each input
	invalid map[int]error // by input
	valid   []group[R]
	byName  map[string]R
}

// group has the inputs of one resource.
type group[R any] struct {
	name     string
	resource R
	inputs   []int
}

// NewInputs groups one input for each key. input validates an input. equal reports whether two
// inputs for the same resource agree; nil means that they do. If some do not agree, all of them are
// invalid, with an error about field.
func NewInputs[K, R any](keys []K, input func(i int) Input[R], equal func(i, j int) bool, field string) *Inputs[K, R] {
	set := &Inputs[K, R]{keys: keys, invalid: map[int]error{}, byName: make(map[string]R, len(keys))}
	var groups []group[R]
	position := make(map[string]int, len(keys)) // in groups, by ID
	for i := range keys {
		in := input(i)
		if in.Err != nil {
			set.invalid[i] = in.Err
			continue
		}
		n, ok := position[in.ID]
		if !ok {
			n = len(groups)
			position[in.ID] = n
			groups = append(groups, group[R]{name: in.Name, resource: in.Resource})
		}
		groups[n].inputs = append(groups[n].inputs, i)
	}
	for _, g := range groups {
		if equal != nil && slices.ContainsFunc(g.inputs, func(i int) bool { return !equal(g.inputs[0], i) }) {
			for _, i := range g.inputs {
				set.invalid[i] = validate.FieldError(field, fmt.Sprint("has conflicting inputs for the same resource: ", keys[i]))
			}
			continue
		}
		set.valid = append(set.valid, g)
		set.byName[g.name] = g.resource
	}
	return set
}

// Names returns the resources of the valid inputs, as the fleet refers to them.
func (set *Inputs[K, R]) Names() []string {
	names := make([]string, len(set.valid))
	for n, g := range set.valid {
		names[n] = g.name
	}
	return names
}

// Resources returns the resources of the valid inputs.
func (set *Inputs[K, R]) Resources() []R {
	resources := make([]R, len(set.valid))
	for n, g := range set.valid {
		resources[n] = g.resource
	}
	return resources
}

// Resource returns the resource with this name.
func (set *Inputs[K, R]) Resource(name string) R { return set.byName[name] }

// inputsOf returns the inputs of the resource n. For -1, which is an error about the call as a
// whole, it returns all valid inputs.
func (set *Inputs[K, R]) inputsOf(n int) []int {
	if n >= 0 {
		return set.valid[n].inputs
	}
	var all []int
	for _, g := range set.valid {
		all = append(all, g.inputs...)
	}
	return all
}

// Each runs f.Each in a span for the resources of a set, each with the target state. goal returns
// the rest of the goal of a resource, which the first of its inputs has named; nil means to wait.
// If target, maxWait or the options of f are invalid, so are all inputs.
func Each[K, R, V any, S ~string](ctx context.Context, provider tracing.TracerProvider, name string, f *statemachine.Fleet[V, S],
	set *Inputs[K, R], target S, maxWait time.Duration, goal func(input int, resource R) statemachine.Goal[V, S],
) iter.Seq2[int, statemachine.Result[statemachine.Ensured[V]]] {
	if err := validate.WaitArgs(f.Machine, target, maxWait, &f.Options, nil); err != nil {
		for i := range set.keys {
			set.invalid[i] = validate.JoinInputErrors(set.invalid[i], err)
		}
		set.valid = nil
	}
	goals := make([]statemachine.Goal[V, S], len(set.valid))
	for n, g := range set.valid {
		if goal != nil {
			goals[n] = goal(g.inputs[0], g.resource)
		}
		goals[n].Resource, goals[n].Target = g.name, target
	}
	return eachInSpan(ctx, provider, name, f, goals, maxWait)
}

// Results yields what [ByInput] does for a method that gets the options optFns. run gets a call of
// its own. It validates the inputs and returns the results by resource.
func Results[O, C, K, R, A, B any](calls *Calls[O, C], optFns []func(*O),
	run func(*C) (*Inputs[K, R], iter.Seq2[int, statemachine.Result[A]]), convert func(*A) B,
) iter.Seq2[K, statemachine.Result[B]] {
	return func(yield func(K, statemachine.Result[B]) bool) {
		call := *calls.NewNoRetry(optFns)
		set, results := run(&call)
		ByInput(set, results, convert)(yield)
	}
}

// ByInput yields a result for each input. results are by resource. convert converts a value to the
// type of the method's results. The result of an invalid input has the value that convert returns
// for the zero value.
func ByInput[K, R, A, B any](set *Inputs[K, R], results iter.Seq2[int, statemachine.Result[A]], convert func(*A) B) iter.Seq2[K, statemachine.Result[B]] {
	return func(yield func(K, statemachine.Result[B]) bool) {
		for i, key := range set.keys {
			var none A
			if err := set.invalid[i]; err != nil && !yield(key, statemachine.Result[B]{Index: i, Value: convert(&none), Err: err}) {
				return
			}
		}
		for n, r := range results {
			v := convert(&r.Value)
			for _, i := range set.inputsOf(n) {
				if !yield(set.keys[i], statemachine.Result[B]{Index: i, Value: v, Err: r.Err}) {
					return
				}
			}
		}
	}
}

// WithErrors yields results with other errors: those that explain returns for a resource, the value
// that was read last and the error.
func WithErrors[K, R, V any](set *Inputs[K, R], results iter.Seq2[int, statemachine.Result[statemachine.Ensured[V]]],
	explain func(R, V, error) error,
) iter.Seq2[int, statemachine.Result[statemachine.Ensured[V]]] {
	return func(yield func(int, statemachine.Result[statemachine.Ensured[V]]) bool) {
		for n, r := range results {
			if r.Err != nil && n >= 0 {
				r.Err = explain(set.valid[n].resource, r.Value.Value, r.Err)
			}
			if !yield(n, r) {
				return
			}
		}
	}
}

// Value returns the value that a wait read last.
func Value[R any](e *statemachine.Ensured[R]) R { return e.Value }

// Same returns *v, for methods whose results have the fleet's own values.
func Same[R any](v *R) R { return *v }
