package statemachine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

type (
	definition = statemachine.Definition[state]
	transition = statemachine.Transition[state]
)

func TestNewRefuses(t *testing.T) {
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
				t.Error("a machine beside the error")
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

// chainOf is a table of n states, each of which is led to the next by an operation.
func chainOf(n int) []transition {
	var ts []transition
	for i := range n - 1 {
		ts = append(ts, transition{From: state(fmt.Sprint("s", i)), To: state(fmt.Sprint("s", i+1)), By: "Step"})
	}
	return ts
}

func TestNewTakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why string
		ts  []transition
	}{
		{"an operation beside settling, to the same state", []transition{{From: "a", To: "b"}, {From: "a", To: "b", By: "Op"}}},
		{"an operation beside a lapse, to the same state", []transition{{From: "a", To: "b", Lapse: true}, {From: "a", To: "b", By: "Op"}}},
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

func TestSixtyFourStates(t *testing.T) {
	t.Parallel()
	m, err := statemachine.New(definition{Name: "x", Transitions: append(chainOf(64), transition{From: "s63", To: "s0"})})
	if err != nil {
		t.Fatal(err)
	}
	plan, ok := m.Plan("s0", "s63")
	wantEqual(t, "plan", true, ok && len(plan) == 63)
	wantEqual(t, "the last state settles into the first", true, m.Settles("s63", "s0"))
	wantEqual(t, "and is transient", true, m.Transient("s63"))
	wantEqual(t, "and is known", true, m.Known("s63"))
	wantEqual(t, "the one before permits", true, m.Permits("s62", "Step"))
	wantEqual(t, "the last does not", false, m.Permits("s63", "Step"))
	plan, ok = m.Plan("s63", "s62")
	wantEqual(t, "plan by way of settling", true, ok && len(plan) == 62)
}

func TestMachineCopies(t *testing.T) {
	t.Parallel()
	def := streamTable()
	m := statemachine.MustNew(def)
	def.Transitions[0].To = "changed"
	m.States()[0] = "changed"
	m.Transitions()[0].From = "changed"
	wantEqual(t, "States", []state{stopped, starting, started, stopping}, m.States())
	wantEqual(t, "Transitions", streamTable().Transitions, m.Transitions())
	wantEqual(t, "Name", "stream", m.Name())
	wantEqual(t, "Absent", "", m.Absent())
	wantEqual(t, "Absent", absent, topic().Absent())
}

func TestMachine(t *testing.T) {
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
			wantEqual(t, "Known", tt.known, m.Known(tt.s))
			wantEqual(t, "Transient", tt.transient, m.Transient(tt.s))
			wantEqual(t, "Permits Start", tt.start, m.Permits(tt.s, opStart))
			wantEqual(t, "Permits Stop", tt.stop, m.Permits(tt.s, opStop))
			wantEqual(t, "Permits an unknown operation", false, m.Permits(tt.s, "Pause"))
			wantEqual(t, "Permits none", false, m.Permits(tt.s, ""))
			wantEqual(t, "Settles into started", tt.settlesStarted, m.Settles(tt.s, started))
			wantEqual(t, "Settles into stopped", tt.stopped, m.Settles(tt.s, stopped))
			wantEqual(t, "Settles into an unknown state", false, m.Settles(tt.s, novel))
			wantEqual(t, "Settles into itself", tt.known, m.Settles(tt.s, tt.s))
			_, ok := m.Plan(tt.s, started)
			wantEqual(t, "a plan from it", tt.known, ok)
			_, ok = m.Plan(started, tt.s)
			wantEqual(t, "a plan to it", tt.known, ok)
			_, ok = m.Next(tt.s, "")
			wantEqual(t, "Next of no operation", false, ok)
		})
	}
}

func TestPlan(t *testing.T) {
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
			wantEqual(t, "ok", !tt.none, ok)
			wantEqual(t, "plan", len(tt.want), len(got))
			for i := range tt.want {
				wantEqual(t, "operation", tt.want[i], got[i])
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
			wantEqual(t, "plan", order[:1], got)
		}
	})
}

func TestNextState(t *testing.T) {
	t.Parallel()
	s, ok := stream().Next(stopped, opStart)
	wantEqual(t, "next", starting, s)
	wantEqual(t, "ok", true, ok)
	s, ok = stream().Next(starting, opStart)
	wantEqual(t, "next", "", s)
	wantEqual(t, "ok", false, ok)
}

// A Machine that New did not make knows nothing, and does not panic.
func TestZeroMachine(t *testing.T) {
	t.Parallel()
	var m statemachine.Machine[state]
	wantEqual(t, "Known", false, m.Known(started))
	wantEqual(t, "Transient", false, m.Transient(started))
	wantEqual(t, "Permits", false, m.Permits(started, opStop))
	wantEqual(t, "Settles", false, m.Settles(started, started))
	_, ok := m.Plan(started, started)
	wantEqual(t, "Plan", false, ok)
	_, ok = m.Next(started, opStop)
	wantEqual(t, "Next", false, ok)
	wantEqual(t, "States", 0, len(m.States()))
	wantEqual(t, "Transitions", 0, len(m.Transitions()))
	wantEqual(t, "Mermaid", "stateDiagram-v2\n", m.Mermaid())
	wantEqual(t, "Name", "", m.Name())
	if _, err := m.NewTrack(started, epoch, 1, statemachine.WaitOptions{}); !errors.Is(err, statemachine.InvalidInput) {
		t.Errorf("NewTrack: %v", err)
	}
}

func TestPredicatesAllocateNothing(t *testing.T) {
	m := topic()
	wantEqual(t, "allocations", 0, testing.AllocsPerRun(100, func() {
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
				wantEqual(t, "diagram", tt.want, tt.m.Mermaid())
			}
		})
	}
}

// TestMermaidNames has states that a diagram can name by themselves, and such as need another
// name in it.
func TestMermaidNames(t *testing.T) {
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
				wantEqual(t, string(s), want, m.Mermaid())
			}
		})
	}
	m := statemachine.MustNew(definition{Name: "x", Transitions: []transition{{From: "a\r\nb", To: "other"}}})
	wantEqual(t, "line ends", "stateDiagram-v2\n    state \"a  b\" as s0\n    s0 --> other\n", m.Mermaid())
}

// TestRandomTables compares what is derived from random tables with a plain search in them.
func TestRandomTables(t *testing.T) {
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
				wantEqual(t, "Settles", settled[to], m.Settles(from, to))
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
				wantEqual(t, "Permits", i >= 0, m.Permits(from, op))
				next, ok := m.Next(from, op)
				wantEqual(t, "Next", i >= 0, ok)
				if ok {
					wantEqual(t, "Next", def.Transitions[i].To, next)
				}
			}
			wantEqual(t, "Transient", slices.ContainsFunc(def.Transitions, func(tr transition) bool {
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

// isReasonable tells whether New should take a table.
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

// plainSettle is where a state can settle.
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

// plainPlans is how many operations lead from a state to each other: a search that adds one
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

// leads tells whether a plan can be carried out: whether there is a way of running its operations
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
