package modeltest

import (
	"math"
	"slices"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// gone is the state of a resource that is not there any more, where the machine has no name for
// that.
const gone = -1

// never is the rank of a state from which no operations lead to the target.
const never = math.MaxInt

// table is a machine's table of transitions, with states as numbers. What it derives it derives
// by itself: the machine is what is tested.
type table[S ~string] struct {
	machine *statemachine.Machine[S]
	states  []S
	absent  int // gone where the machine has none
	ways    [][]way
	settles [][]bool // from, to: by what the service does by itself, short of lapsing
}

// way is one transition out of a state.
type way struct {
	to    int
	op    statemachine.Operation // empty: the service's own doing, or an event that the table lacks
	lapse bool
	name  string // for traces
}

func (w way) settling() bool { return w.op == "" && !w.lapse }

// newTable takes the table of m. Others are what else can happen to the resource, from state to
// state.
func newTable[S ~string](m *statemachine.Machine[S], others [][2]S) *table[S] {
	t := &table[S]{machine: m, absent: gone}
	number := func(s S) int {
		i := slices.Index(t.states, s)
		if i < 0 {
			i = len(t.states)
			t.states, t.ways = append(t.states, s), append(t.ways, nil)
		}
		return i
	}
	for _, tr := range m.Transitions() {
		from, to := number(tr.From), number(tr.To)
		w := way{to: to, op: tr.By, lapse: tr.Lapse, name: "settles into " + string(tr.To)}
		switch {
		case tr.Lapse:
			w.name = "lapses into " + string(tr.To)
		case tr.By != "":
			w.name = "rival's " + string(tr.By)
		}
		t.ways[from] = append(t.ways[from], w)
	}
	for _, o := range others {
		from, to := number(o[0]), number(o[1])
		t.ways[from] = append(t.ways[from], way{to: to, lapse: true, name: "is brought to " + string(o[1])})
	}
	if m.Absent() != "" {
		t.absent = number(m.Absent())
	}
	t.settles = make([][]bool, len(t.states))
	for from := range t.states {
		t.settles[from] = make([]bool, len(t.states))
		t.settle(from, from)
	}
	return t
}

// settle marks what the service makes of at, which it made of from.
func (t *table[S]) settle(from, at int) {
	if t.settles[from][at] {
		return
	}
	t.settles[from][at] = true
	for _, w := range t.ways[at] {
		if w.settling() {
			t.settle(from, w.to)
		}
	}
}

// heads reports whether a resource in the state s gets to the target without a command.
func (t *table[S]) heads(s, target int) bool { return s != gone && t.settles[s][target] }

// transient reports whether the service leaves s by itself.
func (t *table[S]) transient(s int) bool {
	return s != gone && slices.ContainsFunc(t.ways[s], way.settling)
}

// next returns where op leads from s.
func (t *table[S]) next(s int, op statemachine.Operation) (to int, ok bool) {
	if s == gone {
		return s, false
	}
	for _, w := range t.ways[s] {
		if w.op == op {
			return w.to, true
		}
	}
	return s, false
}

// plans returns all the shortest sequences of operations that lead from s to the target; with none,
// false.
func (t *table[S]) plans(s, target int) (plans [][]statemachine.Operation, ok bool) {
	if s == gone {
		return nil, false
	}
	type node struct {
		at  int
		ops []statemachine.Operation
	}
	level := []node{{at: s}}
	for range len(t.states) + 1 {
		var next []node
		for _, n := range level {
			for at := range t.states {
				if !t.settles[n.at][at] {
					continue
				}
				if at == target {
					plans, ok = append(plans, n.ops), true
				}
				for _, w := range t.ways[at] {
					if w.op != "" {
						next = append(next, node{at: w.to, ops: append(slices.Clone(n.ops), w.op)})
					}
				}
			}
		}
		if ok {
			return plans, true
		}
		level = next
	}
	return nil, false
}

// ranks returns the fewest operations from each state to the target, or never.
func (t *table[S]) ranks(target int) []int {
	ranks := make([]int, len(t.states))
	for s := range ranks {
		ranks[s] = never
		if plans, ok := t.plans(s, target); ok {
			ranks[s] = len(plans[0])
		}
	}
	return ranks
}
