package simulator

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// lamp is the record of the resource in these tests: a lamp that warms up and cools down.
type lamp struct {
	State string
	Color string // what another lifecycle might own
}

var lampMachine = statemachine.MustNew(statemachine.Definition[string]{
	Name: "lamp",
	Transitions: []statemachine.Transition[string]{
		{From: "off", To: "warming", By: "SwitchOn"},
		{From: "warming", To: "on"},
		{From: "warming", To: "off", Lapse: true},
		{From: "on", To: "cooling", By: "SwitchOff"},
		{From: "cooling", To: "tepid"},
		{From: "tepid", To: "off"},
	},
})

func lamps(pace Delay) *Lifecycle[lamp, string] {
	return &Lifecycle[lamp, string]{
		Machine: lampMachine,
		State:   func(l lamp) string { return l.State },
		SetState: func(l lamp, s string) lamp {
			l.State = s
			return l
		},
		Pace: func(lamp, string, string) Delay { return pace },
	}
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// seen returns what reads at these seconds show, ordered by time, with "-" if there is no
// resource.
func seen(r *Resource[lamp], seconds ...int) []string {
	list := make([]string, 0, len(seconds))
	for _, s := range seconds {
		v, ok := r.Read(at(s))
		if !ok {
			v.State = "-"
		}
		list = append(list, fmt.Sprintf("%d %s", s, v.State))
	}
	return list
}

// command executes a command on a lamp.
func command(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp], second int, op statemachine.Operation) {
	t.Helper()
	v, _ := r.Now(at(second))
	next, ok := l.Command(v, op)
	if !ok {
		t.Fatalf("%s is not permitted in state %s", op, v.State)
	}
	l.Enter(r, at(second), next)
}

func TestResourceTimeline(t *testing.T) {
	tenSeconds := Delay{After: 10 * time.Second}
	tests := []struct {
		name string
		why  string
		do   func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp])
		at   []int
		want []string
	}{
		{
			name: "settles",
			why:  "the service leaves a transient state at an exact instant, whether it is read before or not",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 5, "SwitchOn")
			},
			at:   []int{5, 14, 15, 100},
			want: []string{"5 warming", "14 warming", "15 on", "100 on"},
		},
		{
			name: "chain",
			why:  "a state can settle into another transient state, whose delay counts from then",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 0, "SwitchOn")
				command(t, l, r, 12, "SwitchOff")
			},
			at:   []int{12, 21, 22, 31, 32},
			want: []string{"12 cooling", "21 cooling", "22 tepid", "31 tepid", "32 off"},
		},
		{
			name: "stale",
			why:  "a stale read shows the state of an earlier instant, but none from before the resource was created",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				r.Stale(7 * time.Second)
				command(t, l, r, 5, "SwitchOn")
			},
			at:   []int{5, 11, 12, 21, 22},
			want: []string{"5 off", "11 off", "12 warming", "21 warming", "22 on"},
		},
		{
			name: "frozen",
			why:  "a number of reads shows the state at the time of the call to Freeze",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				r.Freeze(at(0), 2)
				command(t, l, r, 1, "SwitchOn")
			},
			at:   []int{2, 3, 4},
			want: []string{"2 off", "3 off", "4 warming"},
		},
		{
			name: "lapse",
			why:  "a lapse happens once, when the transition would have been complete",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 0, "SwitchOn")
				r.Lapse()
				if got := seen(r, 9, 10); !cmp.Equal([]string{"9 warming", "10 off"}, got) {
					t.Errorf("the lapse shows as %v", got)
				}
				command(t, l, r, 20, "SwitchOn")
			},
			at:   []int{20, 30},
			want: []string{"20 warming", "30 on"},
		},
		{
			name: "lapse of a state without one",
			why:  "the table has no lapse out of cooling, so the lapse waits for the next transition that has one",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 0, "SwitchOn")
				command(t, l, r, 10, "SwitchOff")
				r.Lapse()
				r.Now(at(30))
				command(t, l, r, 30, "SwitchOn")
			},
			at:   []int{39, 40},
			want: []string{"39 warming", "40 off"},
		},
		{
			name: "change in between",
			why:  "a new state cancels the planned change",
			do: func(_ *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				l.Enter(r, at(0), lamp{State: "warming"})
				l.Enter(r, at(9), lamp{State: "off"})
			},
			at:   []int{9, 10, 100},
			want: []string{"9 off", "10 off", "100 off"},
		},
		{
			name: "another key",
			why:  "changes under different keys do not affect each other",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 0, "SwitchOn")
				v, _ := r.Now(at(5))
				v.Color = "red"
				r.Set(at(5), "color", v)
				if v, _ := r.Now(at(10)); v.Color != "red" {
					t.Errorf("the color is %q after the lamp is on", v.Color)
				}
			},
			at:   []int{10},
			want: []string{"10 on"},
		},
		{
			name: "scheduled command",
			why:  "a scheduled command is executed when it is due, and settles from then on",
			do: func(_ *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				on := func(v lamp) (lamp, bool) { return l.Command(v, "SwitchOn") }
				l.ScheduleCommand(r, at(0), Delay{After: time.Minute}, on)
			},
			at:   []int{59, 60, 69, 70},
			want: []string{"59 off", "60 warming", "69 warming", "70 on"},
		},
		{
			name: "scheduled command not permitted",
			why:  "a scheduled command changes nothing if the state does not permit it when it is due",
			do: func(_ *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				l.ScheduleCommand(r, at(0), Delay{After: time.Minute}, func(v lamp) (lamp, bool) { return l.Command(v, "SwitchOff") })
			},
			at:   []int{59, 60, 61},
			want: []string{"59 off", "60 off", "61 off"},
		},
		{
			name: "removed by the service",
			why:  "a planned change can remove the resource, as a purge does, unless another change comes first",
			do: func(_ *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				purge := func(at time.Time, v lamp) (lamp, bool) {
					r.Remove(at)
					return v, false
				}
				r.Plan(at(0), l, Delay{After: 10 * time.Second}, purge)
				l.Enter(r, at(5), lamp{State: "on"})
				r.Plan(at(5), l, Delay{After: 20 * time.Second}, purge)
			},
			at:   []int{10, 24, 25, 26},
			want: []string{"10 on", "24 on", "25 -", "26 -"},
		},
		{
			name: "removed",
			why:  "a removed resource does not exist, and no planned change brings it back",
			do: func(t *testing.T, l *Lifecycle[lamp, string], r *Resource[lamp]) {
				t.Helper()
				command(t, l, r, 0, "SwitchOn")
				r.Remove(at(3))
				r.Remove(at(4))
			},
			at:   []int{4, 10, 20},
			want: []string{"4 -", "10 -", "20 -"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s Store[lamp]
			l, r := lamps(tenSeconds), s.Put(at(0), lamp{State: "off"}, "a")
			tt.do(t, l, r)
			assert.Equal(t, tt.why, tt.want, seen(r, tt.at...))
		})
	}
}

func TestDelayInReads(t *testing.T) {
	var s Store[lamp]
	l, r := lamps(Delay{Reads: 2}), s.Put(at(0), lamp{State: "off"}, "a")
	command(t, l, r, 0, "SwitchOn")
	command0 := seen(r, 1, 2, 3)
	assert.Equal(t, "two reads show a state before it moves on", []string{"1 warming", "2 warming", "3 on"}, command0)
	command(t, l, r, 4, "SwitchOff")
	assert.Equal(t, "each state of a chain is shown twice", []string{"5 cooling", "5 cooling", "5 tepid", "5 tepid", "5 off"}, seen(r, 5, 5, 5, 5, 5))
	command(t, l, r, 6, "SwitchOn")
	r.Freeze(at(6), 3)
	assert.Equal(t, "old reads do not count", []string{"7 warming", "7 warming", "7 warming", "7 warming", "7 warming", "7 on"}, seen(r, 7, 7, 7, 7, 7, 7))
}

func TestHistoryContinuesAfterRemoval(t *testing.T) {
	var s Store[lamp]
	l, r := lamps(Delay{After: 10 * time.Second}), s.Put(at(0), lamp{State: "off"}, "a")
	command(t, l, r, 5, "SwitchOn")
	r.Remove(at(20))
	s.Put(at(30), lamp{State: "on"}, "A")
	want := []Version[lamp]{
		{At: at(0), Value: lamp{State: "off"}},
		{At: at(5), Value: lamp{State: "warming"}},
		{At: at(15), Value: lamp{State: "on"}},
		{At: at(20), Value: lamp{State: "on"}, Gone: true},
		{At: at(30), Value: lamp{State: "on"}},
	}
	assert.Equal(t, "result", want, r.History(at(40)))
	for i := range 3 * maxVersions {
		r.Set(at(100+i), "x", lamp{State: "on"})
	}
	if n := len(r.History(at(1e6))); n > maxVersions {
		t.Errorf("%d changes are kept, more than %d", n, maxVersions)
	}
}

func TestCyclicTableTerminates(t *testing.T) {
	l := &Lifecycle[lamp, string]{
		Machine: statemachine.MustNew(statemachine.Definition[string]{
			Name:        "blinker",
			Transitions: []statemachine.Transition[string]{{From: "on", To: "off"}, {From: "off", To: "on"}},
		}),
		State:    func(v lamp) string { return v.State },
		SetState: func(_ lamp, s string) lamp { return lamp{State: s} },
		Pace:     func(lamp, string, string) Delay { return Delay{} },
	}
	var s Store[lamp]
	r := s.Put(at(0), lamp{State: "on"}, "a")
	l.Follow(r, at(0), lamp{State: "on"})
	if _, ok := r.Read(at(1)); !ok { // it returns at all
		t.Error("the resource is gone")
	}
}

func TestChooseSettledPicksTransition(t *testing.T) {
	l := lamps(Delay{After: time.Second})
	l.Machine = statemachine.MustNew(statemachine.Definition[string]{
		Name:        "fork",
		Transitions: []statemachine.Transition[string]{{From: "created", To: "on"}, {From: "created", To: "off"}},
	})
	var s Store[lamp]
	first := s.Put(at(0), lamp{State: "created"}, "a")
	l.Follow(first, at(0), lamp{State: "created"})
	l.ChooseSettled = func(_ lamp, to []string) string { return to[len(to)-1] }
	last := s.Put(at(0), lamp{State: "created"}, "b")
	l.Follow(last, at(0), lamp{State: "created"})
	got := append(seen(first, 1), seen(last, 1)...)
	assert.Equal(t, "the table's first, unless the service picks", []string{"1 on", "1 off"}, got)
}

func TestStoreLookup(t *testing.T) {
	var s Store[lamp]
	for _, k := range []string{"c", "a", "d", "b"} {
		s.Put(at(0), lamp{State: k}, k, "id-"+k)
	}
	keys := func(list []*Resource[lamp]) (keys []string) {
		for _, r := range list {
			keys = append(keys, r.Key())
		}
		return keys
	}
	for _, tt := range []struct {
		why  string
		got  []string
		want []string
	}{
		{"in order, whatever the order of adding", keys(s.All()), []string{"a", "b", "c", "d"}},
		{"a page goes on after the key", keys(resourcesAfter(s.All(), "b")), []string{"c", "d"}},
		{"a page goes on after a key that is not there any more", keys(resourcesAfter(s.All(), "bb")), []string{"c", "d"}},
		{"nothing comes after the last", keys(resourcesAfter(s.All(), "d")), nil},
		{"any key finds a resource, once, whatever the case", keys(s.Select([]string{"ID-D", "a", "A", "x"})), []string{"a", "d"}},
	} {
		assert.Equal(t, tt.why, tt.want, tt.got)
	}
	s.StaleFunc = func(key string) time.Duration {
		if key == "a" {
			return time.Minute
		}
		return 0
	}
	for _, k := range []string{"a", "b"} {
		s.Get(k).Set(at(10), "x", lamp{State: "new"})
	}
	got := append(seen(s.Get("a"), 20), seen(s.Get("b"), 20)...)
	assert.Equal(t, "staleness of the store", []string{"20 a", "20 new"}, got)
}
