package statemachine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

type (
	definition = statemachine.Definition[state]
	transition = statemachine.Transition[state]
)

func TestNewRejectsInconsistentTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		def  definition
		want []string // field and a part of the reason
	}{
		{"the zero value", definition{}, []string{"Name is empty", "Transitions is empty"}},
		{"no name", definition{Transitions: []transition{{From: "a", To: "b"}}}, []string{"Name is empty"}},
		{"no transitions", definition{Name: "x"}, []string{"Transitions is empty"}},
		{"an empty state to leave", definition{Name: "x", Transitions: []transition{{To: "b"}}}, []string{"Transitions[0].From is empty"}},
		{"an empty state to reach", definition{Name: "x", Transitions: []transition{{From: "a"}}}, []string{"Transitions[0].To is empty"}},
		{"a transition to itself", definition{Name: "x", Transitions: []transition{{From: "a", To: "a", By: "Op"}}}, []string{"Transitions[0] leads from a to itself"}},
		{"a lapse with By", definition{Name: "x", Transitions: []transition{{From: "a", To: "b", By: "Op", Lapse: true}}}, []string{`Transitions[0] is a lapse: By must be empty, got "Op"`}},
		{"a settling transition twice", definition{Name: "x", Transitions: []transition{{From: "a", To: "b"}, {From: "b", To: "a"}, {From: "a", To: "b"}}}, []string{"Transitions[2] duplicates Transitions[0]"}},
		{"a command twice", definition{Name: "x", Transitions: []transition{{From: "a", To: "b", By: "Op"}, {From: "a", To: "b", By: "Op"}}}, []string{"Transitions[1] duplicates Transitions[0]"}},
		{"a lapse twice", definition{Name: "x", Transitions: []transition{{From: "a", To: "b", Lapse: true}, {From: "a", To: "b", Lapse: true}}}, []string{"Transitions[1] duplicates Transitions[0]"}},
		{"settling and a lapse", definition{Name: "x", Transitions: []transition{{From: "a", To: "b"}, {From: "a", To: "b", Lapse: true}}}, []string{"Transitions[1] conflicts with Transitions[0]: only one of them is a lapse"}},
		{"one operation, two outcomes", definition{Name: "x", Transitions: []transition{{From: "a", To: "b", By: "Op"}, {From: "a", To: "c", By: "Op"}}}, []string{"Transitions[1] leads from a by Op to c, but Transitions[0] leads to b: an operation has one outcome"}},
		{"an absent state that is in no transition", definition{Name: "x", Transitions: []transition{{From: "a", To: "b"}}, Absent: "c"}, []string{`Absent must be a state of Transitions, got "c"`}},
		{
			"everything at once",
			definition{Transitions: []transition{{From: "a", To: "a"}, {From: "", To: "b", By: "Op", Lapse: true}, {From: "a", To: "a"}}, Absent: "z"},
			[]string{
				"Name is empty", "Transitions[0] leads", "Transitions[1].From is empty", "Transitions[1] is a lapse", "Transitions[2] leads",
				"Transitions[2] duplicates Transitions[0]", `Absent must be a state of Transitions, got "z"`,
			},
		},
		{"65 states", definition{Name: "x", Transitions: chainOf(65)}, []string{"Transitions has 65 states, the maximum is 64"}},
		{
			"65 states and more that is wrong", definition{Transitions: chainOf(65), Absent: "z"},
			[]string{"Name is empty", "Transitions has 65 states, the maximum is 64", `Absent must be a state of Transitions, got "z"`},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			m, err := statemachine.New(tt.def)
			if m != nil {
				t.Error("a machine together with an error")
			}
			input, ok := errors.AsType[*statemachine.InputError](err)
			if !ok {
				t.Fatalf("no *InputError: %v", err)
			}
			if len(input.Fields) != len(tt.want) {
				t.Fatalf("got %q, want %q", input.Fields, tt.want)
			}
			for i, f := range input.Fields {
				if got := f.Field + " " + f.Reason; !strings.HasPrefix(got, tt.want[i]) {
					t.Errorf("got %q, want %q", got, tt.want[i])
				}
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("MustNew did not panic")
					}
				}()
				statemachine.MustNew(tt.def)
			}()
		})
	}
}

// chainOf returns a table of n states, each of which is led to the next by an operation.
func chainOf(n int) []transition {
	var ts []transition
	for i := range n - 1 {
		ts = append(ts, transition{From: state(fmt.Sprint("s", i)), To: state(fmt.Sprint("s", i+1)), By: "Step"})
	}
	return ts
}

func TestNewAcceptsUnusualTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why string
		ts  []transition
	}{
		{"an operation and settling, to the same state", []transition{{From: "a", To: "b"}, {From: "a", To: "b", By: "Op"}}},
		{"an operation and a lapse, to the same state", []transition{{From: "a", To: "b", Lapse: true}, {From: "a", To: "b", By: "Op"}}},
		{"two operations to one state", []transition{{From: "a", To: "b", By: "Op"}, {From: "a", To: "b", By: "Other"}}},
		{"settling to one of two states", []transition{{From: "a", To: "b"}, {From: "a", To: "c"}}},
		{"only a lapse", []transition{{From: "a", To: "b", Lapse: true}}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if _, err := statemachine.New(definition{Name: "x", Transitions: tt.ts}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMachineWithMaximumOfStates(t *testing.T) {
	t.Parallel()
	m, err := statemachine.New(definition{Name: "x", Transitions: append(chainOf(64), transition{From: "s63", To: "s0"})})
	if err != nil {
		t.Fatal(err)
	}
	plan, ok := m.Plan("s0", "s63")
	assert.Equal(t, "plan", true, ok && len(plan) == 63)
	assert.Equal(t, "the last state settles into the first", true, m.Settles("s63", "s0"))
	assert.Equal(t, "and is transient", true, m.Transient("s63"))
	assert.Equal(t, "and is known", true, m.Known("s63"))
	assert.Equal(t, "the one before permits", true, m.Permits("s62", "Step"))
	assert.Equal(t, "the last does not", false, m.Permits("s63", "Step"))
	plan, ok = m.Plan("s63", "s62")
	assert.Equal(t, "plan by way of settling", true, ok && len(plan) == 62)
}

func TestMachineReturnsCopies(t *testing.T) {
	t.Parallel()
	def := streamTable()
	m := statemachine.MustNew(def)
	def.Transitions[0].To = "changed"
	m.States()[0] = "changed"
	m.Transitions()[0].From = "changed"
	assert.Equal(t, "States", []state{stopped, starting, started, stopping}, m.States())
	assert.Equal(t, "Transitions", streamTable().Transitions, m.Transitions())
	assert.Equal(t, "Name", "stream", m.Name())
	assert.Equal(t, "Absent", "", m.Absent())
	assert.Equal(t, "Absent", absent, topic().Absent())
}

func TestMachinePredicates(t *testing.T) {
	t.Parallel()
	m := stream()
	for _, tt := range []struct {
		s                       state
		known, transient        bool
		start, stop             bool
		settlesStarted, stopped bool
	}{
		{s: stopped, known: true, start: true, stopped: true},
		{s: starting, known: true, transient: true, settlesStarted: true},
		{s: started, known: true, stop: true, settlesStarted: true}, // not transient: its lapse is none
		{s: stopping, known: true, transient: true, stopped: true},
		{s: novel},
		{s: ""},
		{s: "STARTED"},
	} {
		t.Run(string(tt.s), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "Known", tt.known, m.Known(tt.s))
			assert.Equal(t, "Transient", tt.transient, m.Transient(tt.s))
			assert.Equal(t, "Permits Start", tt.start, m.Permits(tt.s, opStart))
			assert.Equal(t, "Permits Stop", tt.stop, m.Permits(tt.s, opStop))
			assert.Equal(t, "Permits an unknown operation", false, m.Permits(tt.s, "Pause"))
			assert.Equal(t, "Permits none", false, m.Permits(tt.s, ""))
			assert.Equal(t, "Settles into started", tt.settlesStarted, m.Settles(tt.s, started))
			assert.Equal(t, "Settles into stopped", tt.stopped, m.Settles(tt.s, stopped))
			assert.Equal(t, "Settles into an unknown state", false, m.Settles(tt.s, novel))
			assert.Equal(t, "Settles into itself", tt.known, m.Settles(tt.s, tt.s))
			_, ok := m.Plan(tt.s, started)
			assert.Equal(t, "a plan from it", tt.known, ok)
			_, ok = m.Plan(started, tt.s)
			assert.Equal(t, "a plan to it", tt.known, ok)
			_, ok = m.Next(tt.s, "")
			assert.Equal(t, "Next of no operation", false, ok)
		})
	}
}

func TestMachinePlan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why      string
		m        *statemachine.Machine[state]
		from, to state
		want     ops
		none     bool
	}{
		{why: "there", m: stream(), from: started, to: started},
		{why: "settling is free", m: stream(), from: starting, to: started},
		{why: "one operation", m: stream(), from: stopped, to: started, want: ops{opStart}},
		{why: "settling first is free", m: stream(), from: stopping, to: started, want: ops{opStart}},
		{why: "the lapse from starting to stopped is never used", m: stream(), from: starting, to: stopped, want: ops{opStop}},
		{why: "to a transient state", m: stream(), from: started, to: starting, want: ops{opStop, opStart}},
		{why: "two operations", m: topic(), from: broken, to: active, want: ops{opDelete, opCreate}},
		{why: "a state that only a lapse leads to", m: topic(), from: active, to: broken, none: true},
		{why: "an unknown state", m: topic(), from: active, to: novel, none: true},
		{why: "from an unknown state", m: topic(), from: "", to: active, none: true},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, ok := tt.m.Plan(tt.from, tt.to)
			assert.Equal(t, "ok", !tt.none, ok)
			assert.Equal(t, "plan", len(tt.want), len(got))
			for i := range tt.want {
				assert.Equal(t, "operation", tt.want[i], got[i])
			}
		})
	}
	t.Run("the order of the table decides between plans of equal length", func(t *testing.T) {
		t.Parallel()
		for _, order := range []ops{{"First", "Second"}, {"Second", "First"}} {
			m := statemachine.MustNew(definition{Name: "x", Transitions: []transition{
				{From: "a", To: "b", By: order[0]}, {From: "a", To: "b", By: order[1]},
			}})
			got, _ := m.Plan("a", "b")
			assert.Equal(t, "plan", order[:1], got)
		}
	})
}

func TestMachineNext(t *testing.T) {
	t.Parallel()
	s, ok := stream().Next(stopped, opStart)
	assert.Equal(t, "next", starting, s)
	assert.Equal(t, "ok", true, ok)
	s, ok = stream().Next(starting, opStart)
	assert.Equal(t, "next", "", s)
	assert.Equal(t, "ok", false, ok)
}

// TestMachineZeroValueDoesNotPanic checks a Machine that New did not make: it knows no state.
func TestMachineZeroValueDoesNotPanic(t *testing.T) {
	t.Parallel()
	var m statemachine.Machine[state]
	assert.Equal(t, "Known", false, m.Known(started))
	assert.Equal(t, "Transient", false, m.Transient(started))
	assert.Equal(t, "Permits", false, m.Permits(started, opStop))
	assert.Equal(t, "Settles", false, m.Settles(started, started))
	_, ok := m.Plan(started, started)
	assert.Equal(t, "Plan", false, ok)
	_, ok = m.Next(started, opStop)
	assert.Equal(t, "Next", false, ok)
	assert.Equal(t, "States", 0, len(m.States()))
	assert.Equal(t, "Transitions", 0, len(m.Transitions()))
	assert.Equal(t, "Mermaid", "stateDiagram-v2\n", m.Mermaid())
	assert.Equal(t, "Name", "", m.Name())
	if _, err := m.NewTrack(started, epoch, 1, statemachine.WaitOptions{}); !errors.Is(err, statemachine.InvalidInput) {
		t.Errorf("NewTrack: %v", err)
	}
}

func TestMachinePredicatesDoNotAllocate(t *testing.T) {
	m := topic()
	assert.Equal(t, "allocations", 0, testing.AllocsPerRun(100, func() {
		for _, s := range [...]state{absent, broken, novel, ""} {
			m.Known(s)
			m.Transient(s)
			m.Permits(s, opDelete)
			m.Settles(s, active)
			m.Plan(s, active)
			m.Next(s, opDelete)
		}
	}))
}

func TestMermaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		m    *statemachine.Machine[state]
		want string
	}{{
		why: "commands, settling and lapses", m: stream(),
		want: `stateDiagram-v2
    stopped --> starting: Start
    starting --> started
    starting --> stopped: lapse
    started --> stopping: Stop
    stopping --> stopped
    stopping --> started: lapse
    started --> stopped: lapse
`,
	}, {
		why: "states that are no names in a diagram", m: statemachine.MustNew(definition{Name: "policy", Transitions: []transition{
			{From: "locked", To: "unlocking-policy", By: "Modify"},
			{From: "unlocking-policy", To: "unlocked"},
			{From: "unlocked", To: "s1", By: "Mo\ndify"},
			{From: "s1", To: "End"},
			{From: "End", To: "2nd", Lapse: true},
			{From: "2nd", To: "say \"hé\"\nnow", By: "Say"},
			{From: "say \"hé\"\nnow", To: "a_1"},
		}}),
		want: `stateDiagram-v2
    state "unlocking-policy" as s1
    state "s1" as s3
    state "End" as s4
    state "2nd" as s5
    state "say 'hé' now" as s6
    locked --> s1: Modify
    s1 --> unlocked
    unlocked --> s3: Mo; dify
    s3 --> s4
    s4 --> s5: lapse
    s5 --> s6: Say
    s6 --> a_1
`,
	}} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			for range 3 { // the same table, the same text
				assert.Equal(t, "diagram", tt.want, tt.m.Mermaid())
			}
		})
	}
}

// TestMermaidRenamesReservedStates checks states that a diagram can name directly, and states
// that need another name.
func TestMermaidRenamesReservedStates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why     string
		states  []state
		another bool
	}{
		{"letters, digits and underscores", []state{"a", "z", "A", "Z", "_", "a0", "a9", "aZ_", "stop", "s1a", "as1", "ending"}, false},
		{"words of Mermaid, in whatever case", []state{
			"state", "note", "end", "as", "direction", "class", "classdef", "style", "click", "default", "hide", "State", "NOTE", "classDef",
		}, true},
		{"names that the diagram gives by itself", []state{"s", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s0123456789"}, true},
		{"digits at the beginning", []state{"0a", "9a", "1"}, true},
		{"the characters before and after each sort", []state{"a/", "a:", "@", "[", "^", "`", "{", "a-b"}, true},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			for _, s := range tt.states {
				m := statemachine.MustNew(definition{Name: "x", Transitions: []transition{{From: s, To: "other"}}})
				want := fmt.Sprintf("stateDiagram-v2\n    %s --> other\n", s)
				if tt.another {
					want = fmt.Sprintf("stateDiagram-v2\n    state %q as s0\n    s0 --> other\n", s)
				}
				assert.Equal(t, string(s), want, m.Mermaid())
			}
		})
	}
	m := statemachine.MustNew(definition{Name: "x", Transitions: []transition{{From: "a\r\nb", To: "other"}}})
	assert.Equal(t, "line ends", "stateDiagram-v2\n    state \"a  b\" as s0\n    s0 --> other\n", m.Mermaid())
}

// TestMachineMatchesSearchOnRandomTables compares what is derived from random tables with a plain
// search in them.
func TestMachineMatchesSearchOnRandomTables(t *testing.T) {
	t.Parallel()
	made := 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 11))
		def := definition{Name: "random"}
		n := 2 + rng.IntN(6)
		name := func() state { return state(string(rune('a' + rng.IntN(n)))) }
		for range 1 + rng.IntN(12) {
			tr := transition{From: name(), To: name()}
			switch rng.IntN(4) {
			case 0:
				tr.Lapse = true
			case 1, 2:
				tr.By = statemachine.Operation(string(rune('A' + rng.IntN(3))))
			}
			def.Transitions = append(def.Transitions, tr)
		}
		m, err := statemachine.New(def)
		if reasonable := isReasonable(def.Transitions); reasonable != (err == nil) {
			t.Fatalf("seed %d: %+v: reasonable: %t, error: %v", seed, def.Transitions, reasonable, err)
		}
		if err != nil {
			continue
		}
		made++
		all := append(m.States(), novel, "")
		for _, from := range all {
			lengths := plainPlans(def.Transitions, from)
			settled := plainSettle(def.Transitions, from)
			for _, to := range all {
				assert.Equal(t, "Settles", settled[to], m.Settles(from, to))
				plan, ok := m.Plan(from, to)
				length, want := lengths[to]
				if ok != want || len(plan) != length {
					t.Fatalf("seed %d: plan from %s to %s: %v, %t; want %d operations, %t", seed, from, to, plan, ok, length, want)
				}
				if ok && !leads(def.Transitions, from, to, plan) {
					t.Fatalf("seed %d: plan %v does not lead from %s to %s", seed, plan, from, to)
				}
			}
			for _, op := range []statemachine.Operation{"A", "B", "C", "D", ""} {
				i := slices.IndexFunc(def.Transitions, func(tr transition) bool { return tr.From == from && tr.By == op && op != "" })
				assert.Equal(t, "Permits", i >= 0, m.Permits(from, op))
				next, ok := m.Next(from, op)
				assert.Equal(t, "Next", i >= 0, ok)
				if ok {
					assert.Equal(t, "Next", def.Transitions[i].To, next)
				}
			}
			assert.Equal(t, "Transient", slices.ContainsFunc(def.Transitions, func(tr transition) bool {
				return tr.From == from && tr.By == "" && !tr.Lapse
			}), m.Transient(from))
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, def.Transitions)
		}
	}
	if made < 300 {
		t.Errorf("only %d tables made sense", made)
	}
}

// isReasonable reports whether New should accept a table.
func isReasonable(ts []transition) bool {
	for i, a := range ts {
		if a.From == a.To {
			return false
		}
		for _, b := range ts[:i] {
			if a.From == b.From && a.By == b.By && (a.By != "" || a.To == b.To) {
				return false
			}
		}
	}
	return true
}

// plainSettle returns where a state can settle.
func plainSettle(ts []transition, from state) map[state]bool {
	if !slices.ContainsFunc(ts, func(t transition) bool { return t.From == from || t.To == from }) {
		return nil
	}
	reached := map[state]bool{from: true}
	for {
		before := len(reached)
		for _, t := range ts {
			if t.By == "" && !t.Lapse && reached[t.From] {
				reached[t.To] = true
			}
		}
		if len(reached) == before {
			return reached
		}
	}
}

// plainPlans returns how many operations lead from a state to each other: a search that adds one
// operation at a time.
func plainPlans(ts []transition, from state) map[state]int {
	lengths := map[state]int{}
	for s := range plainSettle(ts, from) {
		lengths[s] = 0
	}
	for n := 1; n <= len(ts); n++ {
		for _, t := range ts {
			if had, ok := lengths[t.From]; t.By == "" || !ok || had != n-1 {
				continue
			}
			for s := range plainSettle(ts, t.To) {
				if _, ok := lengths[s]; !ok {
					lengths[s] = n
				}
			}
		}
	}
	return lengths
}

// leads reports whether a plan can be carried out: whether there is a way of running its operations
// in order, settling in between.
func leads(ts []transition, from, to state, plan ops) bool {
	at := plainSettle(ts, from)
	for _, op := range plan {
		next := map[state]bool{}
		for _, t := range ts {
			if t.By == op && at[t.From] {
				for s := range plainSettle(ts, t.To) {
					next[s] = true
				}
			}
		}
		at = next
	}
	return at[to]
}
