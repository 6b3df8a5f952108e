package statemachine

import (
	"fmt"
	"math/bits"
	"slices"
)

// Operation is the name of an API operation, such as "StartActivityStream".
type Operation string

// Transition is one row of a [Definition]: how a resource gets from one state to the next.
//
// There are three sorts:
//
//   - commanded: By names the API operation that makes it;
//   - settling: By is empty. The service finishes by itself what was commanded, as in starting → started;
//   - lapse: Lapse is set. The service moves against the caller's wish, as in a start that is rolled back.
type Transition[S ~string] struct {
	From, To S         // two states; New refuses empty ones, and one that leads to itself
	By       Operation // the operation that commands it; empty: the service makes it by itself
	Lapse    bool      // the service makes it against the caller's wish; excludes By
}

// Definition declares a lifecycle, once. Everything else is derived from it: see [Machine].
type Definition[S ~string] struct {
	// Name says what goes through the lifecycle, for messages: "database activity stream".
	Name string

	// Transitions is the table. Its order is the order of [Machine.States] and decides between plans of equal length.
	Transitions []Transition[S]

	// Absent is the state of a resource that is not there, where that is a state one can want: waiting for it
	// means waiting until the resource is gone. Empty: a resource that is not there ends a wait as [Gone].
	Absent S

	// Hint is what a person should know when a target could not be reached; it ends the message of an [Unreachable]
	// wait. May be empty.
	Hint string
}

// maxStates is how many states one machine can have: a set of states is one machine word.
const maxStates = 64

// stateSet is a set of states, by their index.
type stateSet uint64

func (s stateSet) has(i int) bool { return i >= 0 && s>>uint(i)&1 == 1 }

// Machine is a lifecycle, made by [New] from its table of transitions. It has no current state: the service is the
// truth. It is immutable and safe for concurrent use.
//
// Everything is computed once; the predicates answer without allocation. A state that the table does not name is
// unknown: no predicate is ever true of it.
type Machine[S ~string] struct {
	def         Definition[S]
	states      []S        // in the order in which the table first names them
	guess       [256]uint8 // by hash: the index of a state, plus one
	ops         []Operation
	permittedIn []stateSet // by operation: the states that permit it
	settlesInto []stateSet // by state: where it can settle, itself included
	transient   stateSet   // the states with a settling transition out
	plans       []plan     // by from*len(states)+to
}

// plan is the fewest operations from one state to another.
type plan struct {
	ops []Operation
	ok  bool
}

// New makes a machine of its definition. It refuses a table that makes no sense with an [*InputError] that
// lists every fault of it: an empty name or state, a transition to the state it leaves, one that stands twice,
// a lapse that an operation commands, a settling transition that is a lapse as well, one operation that leads
// from one state to two, an Absent state that the table does not name, more than 64 states.
func New[S ~string](def Definition[S]) (*Machine[S], error) {
	def.Transitions = slices.Clone(def.Transitions)
	m := &Machine[S]{def: def}
	if err := m.validate(); err != nil {
		return nil, err
	}
	for _, t := range def.Transitions {
		for _, s := range [...]S{t.From, t.To} {
			if !slices.Contains(m.states, s) {
				m.states = append(m.states, s)
			}
		}
		if t.By != "" && !slices.Contains(m.ops, t.By) {
			m.ops = append(m.ops, t.By)
		}
	}
	for i, s := range m.states {
		m.guess[hash(s)] = uint8(i + 1)
	}
	m.compile()
	return m, nil
}

// MustNew is like [New] but panics on an error. It is for package-level variables.
func MustNew[S ~string](def Definition[S]) *Machine[S] {
	m, err := New(def)
	if err != nil {
		panic(err)
	}
	return m
}

// validate looks for everything that is wrong with the definition.
func (m *Machine[S]) validate() error {
	var wrong InputError
	if m.def.Name == "" {
		wrong.Add("Name", "is empty")
	}
	if len(m.def.Transitions) == 0 {
		wrong.Add("Transitions", "is empty")
	}
	states := map[S]struct{}{}
	absent := m.def.Absent == ""
	for i, t := range m.def.Transitions {
		field := fmt.Sprintf("Transitions[%d]", i)
		states[t.From], states[t.To] = struct{}{}, struct{}{}
		absent = absent || t.From == m.def.Absent || t.To == m.def.Absent
		if t.From == "" {
			wrong.Add(field+".From", "is empty")
		}
		if t.To == "" {
			wrong.Add(field+".To", "is empty")
		}
		if t.From == t.To && t.From != "" {
			wrong.Add(field, fmt.Sprintf("leads from %s to itself", t.From))
		}
		if t.Lapse && t.By != "" {
			wrong.Add(field, fmt.Sprintf("is a lapse, so that no operation commands it, and is commanded by %s", t.By))
		}
		for j, u := range m.def.Transitions[:i] {
			switch {
			case u == t:
				wrong.Add(field, fmt.Sprintf("stands at %d already", j))
			case t.By == "" && u.By == "" && u.From == t.From && u.To == t.To:
				wrong.Add(field, fmt.Sprintf("stands at %d too, and only one of the two is a lapse", j))
			case t.By != "" && u.By == t.By && u.From == t.From && u.To != t.To:
				wrong.Add(field, fmt.Sprintf("leads from %s by %s to %s, and at %d to %s: an operation has one outcome; what the service makes of it later is a settling transition",
					t.From, t.By, t.To, j, u.To))
			}
		}
	}
	if n := len(states); n > maxStates {
		wrong.Add("Transitions", fmt.Sprintf("name %d states; %d are the most", n, maxStates))
	}
	if !absent {
		wrong.Add("Absent", fmt.Sprintf("%s is in no transition", m.def.Absent))
	}
	return wrong.Err()
}

// compile computes what the predicates answer from.
func (m *Machine[S]) compile() {
	n := len(m.states)
	m.permittedIn = make([]stateSet, len(m.ops))
	m.settlesInto = make([]stateSet, n)
	for i := range m.settlesInto {
		m.settlesInto[i] = 1 << uint(i)
	}
	for _, t := range m.def.Transitions {
		switch from := m.index(t.From); {
		case t.By != "":
			m.permittedIn[slices.Index(m.ops, t.By)] |= 1 << uint(from)
		case !t.Lapse:
			m.transient |= 1 << uint(from)
			m.settlesInto[from] |= 1 << uint(m.index(t.To))
		}
	}
	for range m.states { // the longest path is shorter than the number of states
		for i := range m.settlesInto {
			for rest := m.settlesInto[i]; rest != 0; rest &= rest - 1 {
				m.settlesInto[i] |= m.settlesInto[bits.TrailingZeros64(uint64(rest))]
			}
		}
	}
	m.plans = make([]plan, n*n)
	for from := range m.states {
		m.planFrom(from)
	}
}

// planFrom finds the plans from one state to every other, breadth first by the number of operations. Settling is free.
func (m *Machine[S]) planFrom(from int) {
	row := m.plans[from*len(m.states):][:len(m.states)]
	var frontier []int // the states that are reached with as many operations as the round has
	reach := func(at int, ops []Operation) {
		for to := range m.states {
			if m.settlesInto[at].has(to) && !row[to].ok {
				row[to] = plan{ops: ops, ok: true}
				frontier = append(frontier, to)
			}
		}
	}
	reach(from, nil)
	for len(frontier) > 0 {
		last := frontier
		frontier = nil
		for _, t := range m.def.Transitions {
			if at := m.index(t.From); t.By != "" && slices.Contains(last, at) {
				reach(m.index(t.To), append(slices.Clip(row[at].ops), t.By))
			}
		}
	}
}

// index is the place of s in states, or -1. Every predicate asks for it, and every Observe, so that a guess and
// one comparison come before the search: Observe takes a third less time for it. Comparing lengths and one byte
// before the text was tried, and gained a tenth. Remembering in the Track where its states were found gained two fifths,
// but a Track that had been through JSON was no longer equal to itself.
func (m *Machine[S]) index(s S) int {
	if i := int(m.guess[hash(s)]) - 1; i >= 0 && m.states[i] == s {
		return i
	}
	return slices.Index(m.states, s)
}

// hash tells most states apart, by length and the byte in the middle. Of those with the same one, guess has one.
func hash[S ~string](s S) byte {
	if s == "" {
		return 0
	}
	return byte(len(s))<<4 + s[len(s)/2] //nolint:gosec // what overflows is a hash, too
}

// Name says what goes through the lifecycle, as the definition does.
func (m *Machine[S]) Name() string { return m.def.Name }

// Absent is the state of a resource that is not there, or empty where that is no state one can want.
func (m *Machine[S]) Absent() S { return m.def.Absent }

// States lists the states in the order in which the table first names them. The slice is the caller's.
func (m *Machine[S]) States() []S { return slices.Clone(m.states) }

// Transitions is the table, in its own order. The slice is the caller's.
func (m *Machine[S]) Transitions() []Transition[S] { return slices.Clone(m.def.Transitions) }

// Known reports whether the table names s.
func (m *Machine[S]) Known(s S) bool { return m.index(s) >= 0 }

// Transient reports whether the service leaves s by itself to finish what was commanded. A lapse does not make a
// state transient.
func (m *Machine[S]) Transient(s S) bool { return m.transient.has(m.index(s)) }

// Permits reports whether the table has a transition out of s that op commands.
func (m *Machine[S]) Permits(s S, op Operation) bool {
	for i := range m.ops {
		if m.ops[i] == op {
			return m.permittedIn[i].has(m.index(s))
		}
	}
	return false
}

// Settles reports whether a resource in the state from gets to the state to without a command: because it is there, or
// by some path of settling transitions alone. Neither state may be unknown.
func (m *Machine[S]) Settles(from, to S) bool {
	i := m.index(from)
	return i >= 0 && m.settlesInto[i].has(m.index(to))
}

// Plan is the fewest operations that lead from one state to another, with settling in between for free; false
// where no operations do. An empty plan that is true means that from settles into to. The slice is shared: it
// must not be changed.
func (m *Machine[S]) Plan(from, to S) ([]Operation, bool) {
	i, j := m.index(from), m.index(to)
	if i < 0 || j < 0 {
		return nil, false
	}
	p := m.plans[i*len(m.states)+j]
	return p.ops, p.ok
}

// Next is the state that op leads to from s, before anything settles; false where s does not permit op.
func (m *Machine[S]) Next(s S, op Operation) (S, bool) {
	for _, t := range m.def.Transitions {
		if t.From == s && t.By == op && op != "" {
			return t.To, true
		}
	}
	return "", false
}

// restartPlan is the fewest operations that lead from s back to s, by way of another state, and the state to wait for
// after the first.
func (m *Machine[S]) restartPlan(s S) (ops []Operation, via S, ok bool) {
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

// waypoint is the state to wait for once the first operation of a plan from s to target was accepted: where the rest
// can be run, or target. It is one that the service does not leave by itself, where there is one, so that no
// read can miss it.
func (m *Machine[S]) waypoint(s S, ops []Operation, target S) S {
	if len(ops) < 2 {
		return target
	}
	to, _ := m.Next(s, ops[0])
	via := target
	for _, q := range m.states {
		rest, ok := m.Plan(q, target)
		if !ok || len(rest) != len(ops)-1 || !m.Settles(to, q) || !m.Permits(q, rest[0]) {
			continue
		}
		if !m.Transient(q) {
			return q
		}
		if via == target {
			via = q
		}
	}
	return via
}
