package statemachine

import (
	"fmt"
	"slices"
)

// Transition is one row of a [Definition]: how a resource gets from one state to the next.
//
// There are three kinds of transitions:
//
//   - commanded: By names the API operation that makes it;
//   - settling: By is empty, and the service completes what was commanded, as in starting →
//     started;
//   - lapse: Lapse is set, and the service moves against the caller's intent, as when it rolls a
//     start back.
type Transition[S ~string] struct {
	// From and To are two different states. Neither is empty.
	From, To S

	// By is the operation that commands the transition. It is empty if the service makes the
	// transition on its own.
	By Operation

	// Lapse marks a transition that the service makes against the caller's intent. By is empty
	// then.
	Lapse bool
}

// settling reports whether the service makes the transition to complete what was commanded.
func (t *Transition[S]) settling() bool { return t.By == "" && !t.Lapse }

// Definition declares a lifecycle. Everything else is derived from it: see [Machine].
type Definition[S ~string] struct {
	// Name names the kind of resource in messages, such as "database activity stream".
	Name string

	// Transitions is the table. Its order is the order of [Machine.States], and it decides between
	// plans of equal length.
	Transitions []Transition[S]

	// Absent is the state of a resource that does not exist, if that can be a target: a wait for it
	// ends when the resource is gone. If it is empty, a missing resource ends a wait as [Gone].
	Absent S

	// Hint is advice for the message of a wait that ended in a state that does not lead to the
	// target. It may be empty.
	Hint string

	// Deferral says when a command takes effect if [Goal].AcceptedGrace is set, such as "it takes
	// effect in the next maintenance window". It is for messages, and may be empty.
	Deferral string

	// Outage says what happens while a restart keeps a resource out of its target state, such as
	// "nothing is recorded". It is for messages, and may be empty.
	Outage string
}

// maxStates is the maximum number of states of a machine, which has a plan for each pair of them.
const maxStates = 64

// Machine is a lifecycle that [New] makes from a table of transitions. It has no current state,
// because only the service knows it. It is immutable and safe for concurrent use.
//
// New computes all plans in advance, and the predicates do not allocate. A state that is not in
// the table is unknown: every predicate is false for it.
type Machine[S ~string] struct {
	def    Definition[S]
	states []S    // in the order in which the table first names them
	plans  []plan // by from*len(states)+to
}

// plan is the shortest list of operations from one state to another.
type plan struct {
	ops []Operation
	ok  bool
}

// New returns the machine of a definition. It rejects an inconsistent table with an [*InputError]
// that lists every problem:
//
//   - an empty name or state, or more than 64 states;
//   - a transition from a state to itself, or a duplicate of another one;
//   - a lapse that an operation commands, or that is also a settling transition;
//   - an operation that leads from one state to two;
//   - an Absent state that is not in the table.
func New[S ~string](def Definition[S]) (*Machine[S], error) {
	def.Transitions = slices.Clone(def.Transitions)
	m := &Machine[S]{def: def}
	for _, t := range def.Transitions {
		for _, s := range [...]S{t.From, t.To} {
			if !slices.Contains(m.states, s) {
				m.states = append(m.states, s)
			}
		}
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	m.plans = make([]plan, len(m.states)*len(m.states))
	for from := range m.states {
		m.planFrom(from)
	}
	return m, nil
}

// MustNew calls [New] and panics on an error. It is for package-level variables.
func MustNew[S ~string](def Definition[S]) *Machine[S] {
	m, err := New(def)
	if err != nil {
		panic(err)
	}
	return m
}

// validate returns an error that lists every problem of the definition.
func (m *Machine[S]) validate() error {
	var errs InputError
	if m.def.Name == "" {
		errs.Add("Name", "is empty")
	}
	if len(m.def.Transitions) == 0 {
		errs.Add("Transitions", "is empty")
	}
	for i := range m.def.Transitions {
		m.validateTransition(i, &errs)
	}
	if n := len(m.states); n > maxStates {
		errs.Add("Transitions", fmt.Sprintf("has %d states, the maximum is %d", n, maxStates))
	}
	if m.def.Absent != "" && !m.Known(m.def.Absent) {
		errs.Add("Absent", fmt.Sprintf("must be a state of Transitions, got %q", string(m.def.Absent)))
	}
	return errs.Err()
}

// validateTransition adds every problem of one transition, also in relation to those before it.
func (m *Machine[S]) validateTransition(i int, errs *InputError) {
	field, t := fmt.Sprintf("Transitions[%d]", i), m.def.Transitions[i]
	if t.From == "" {
		errs.Add(field+".From", "is empty")
	}
	if t.To == "" {
		errs.Add(field+".To", "is empty")
	}
	if t.From == t.To && t.From != "" {
		errs.Add(field, fmt.Sprintf("leads from %s to itself", t.From))
	}
	if t.Lapse && t.By != "" {
		errs.Add(field, fmt.Sprintf("is a lapse: By must be empty, got %q", string(t.By)))
	}
	for j, u := range m.def.Transitions[:i] {
		switch {
		case u == t:
			errs.Add(field, fmt.Sprintf("duplicates Transitions[%d]", j))
		case t.From != u.From || t.By != u.By:
		case t.By == "" && t.To == u.To:
			errs.Add(field, fmt.Sprintf("conflicts with Transitions[%d]: only one of them is a lapse", j))
		case t.By != "" && t.To != u.To:
			errs.Add(field, fmt.Sprintf("leads from %s by %s to %s, but Transitions[%d] leads to %s: "+
				"an operation has one outcome; declare what follows it as a settling transition",
				t.From, t.By, t.To, j, u.To))
		}
	}
}

// planFrom computes the plans from one state to every other, breadth first by the number of
// operations. Settling needs no operation.
func (m *Machine[S]) planFrom(from int) {
	row := m.plans[from*len(m.states):][:len(m.states)]
	var frontier []S // the states reached with the number of operations of this round
	var reach func(to S, ops []Operation)
	reach = func(to S, ops []Operation) {
		i := m.index(to)
		if row[i].ok {
			return
		}
		row[i] = plan{ops: ops, ok: true}
		frontier = append(frontier, to)
		for _, t := range m.def.Transitions {
			if t.From == to && t.settling() {
				reach(t.To, ops)
			}
		}
	}
	reach(m.states[from], nil)
	for len(frontier) > 0 {
		last := frontier
		frontier = nil
		for _, t := range m.def.Transitions {
			if t.By != "" && slices.Contains(last, t.From) {
				reach(t.To, append(slices.Clip(row[m.index(t.From)].ops), t.By))
			}
		}
	}
}

// index returns the index of s in states, or -1.
func (m *Machine[S]) index(s S) int { return slices.Index(m.states, s) }

// Name returns the definition's Name.
func (m *Machine[S]) Name() string { return m.def.Name }

// Absent returns the state of a resource that does not exist. It is empty if that state cannot be a
// target.
func (m *Machine[S]) Absent() S { return m.def.Absent }

// States returns a copy of the states, in the order in which the table first names them.
func (m *Machine[S]) States() []S { return slices.Clone(m.states) }

// Transitions returns a copy of the table.
func (m *Machine[S]) Transitions() []Transition[S] { return slices.Clone(m.def.Transitions) }

// Known reports whether s is in the table.
func (m *Machine[S]) Known(s S) bool { return m.index(s) >= 0 }

// Transient reports whether the service leaves s on its own to complete what was commanded. A lapse
// does not make a state transient.
func (m *Machine[S]) Transient(s S) bool {
	return slices.ContainsFunc(m.def.Transitions, func(t Transition[S]) bool { return t.From == s && t.settling() })
}

// Permits reports whether the table has a transition from s that op commands.
func (m *Machine[S]) Permits(s S, op Operation) bool {
	_, ok := m.Next(s, op)
	return ok
}

// Settles reports whether a resource gets from the state from to the state to without a command:
// they are equal, or settling transitions alone lead there. It is false if either state is unknown.
func (m *Machine[S]) Settles(from, to S) bool {
	ops, ok := m.Plan(from, to)
	return ok && len(ops) == 0
}

// Plan returns the fewest operations that lead from one state to another. Settling in between needs
// no operation, and an empty plan means that from settles into to. The boolean is false if no
// operations lead there. The slice is shared: do not modify it.
func (m *Machine[S]) Plan(from, to S) ([]Operation, bool) {
	i, j := m.index(from), m.index(to)
	if i < 0 || j < 0 {
		return nil, false
	}
	p := m.plans[i*len(m.states)+j]
	return p.ops, p.ok
}

// Next returns the state that op leads to from s, before anything settles. The boolean is false
// if s does not permit op.
func (m *Machine[S]) Next(s S, op Operation) (S, bool) {
	for _, t := range m.def.Transitions {
		if t.From == s && t.By == op && op != "" {
			return t.To, true
		}
	}
	return "", false
}

// lapses reports whether the table has a lapse from one state to another.
func (m *Machine[S]) lapses(from, to S) bool {
	return slices.Contains(m.def.Transitions, Transition[S]{From: from, To: to, Lapse: true})
}

// restartPlan returns the fewest operations that lead from s through another state back to s, and
// the state to wait for after the first of them.
func (m *Machine[S]) restartPlan(s S) (ops []Operation, waypoint S, ok bool) {
	for _, t := range m.def.Transitions {
		if t.From != s || t.By == "" {
			continue
		}
		if rest, back := m.Plan(t.To, s); back && (!ok || len(rest)+1 < len(ops)) {
			ops, ok = append([]Operation{t.By}, rest...), true
		}
	}
	return ops, m.waypoint(s, ops, s), ok
}

// waypoint returns the state to wait for after the first operation of a plan from s to target: a
// state in which the rest of the plan can be run, or target. It prefers a state that the service
// does not leave on its own, because a read cannot miss that.
func (m *Machine[S]) waypoint(s S, ops []Operation, target S) S {
	if len(ops) < 2 {
		return target
	}
	to, _ := m.Next(s, ops[0])
	next := target
	for _, q := range m.states {
		rest, ok := m.Plan(q, target)
		if !ok || len(rest) != len(ops)-1 || !m.Settles(to, q) || !m.Permits(q, rest[0]) {
			continue
		}
		if !m.Transient(q) {
			return q
		}
		if next == target {
			next = q
		}
	}
	return next
}
