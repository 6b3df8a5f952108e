package statemachine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Lamp is the state of a resource of one's own.
type Lamp string

// The states of a lamp.
const (
	Off     Lamp = "off"
	Warming Lamp = "warming"
	On      Lamp = "on"
)

var lamp = statemachine.MustNew(statemachine.Definition[Lamp]{
	Name: "lamp",
	Transitions: []statemachine.Transition[Lamp]{
		{From: Off, To: Warming, By: "SwitchOn"},
		{From: Warming, To: On},
		{From: Warming, To: Off, Lapse: true}, // the bulb is broken
		{From: On, To: Off, By: "SwitchOff"},
	},
})

// scripted returns a Read that shows one state after the other. A real Read calls the service.
func scripted(states ...Lamp) func(context.Context) (Lamp, error) {
	n := 0
	return func(context.Context) (Lamp, error) {
		n++
		return states[min(n, len(states))-1], nil
	}
}

// lampState returns the state of what was read. Here that is the value itself.
func lampState(s Lamp) Lamp { return s }

// A lifecycle is declared once, as a table. Everything else is derived from it.
func ExampleNew() {
	m, err := statemachine.New(statemachine.Definition[Lamp]{
		Name: "lamp",
		Transitions: []statemachine.Transition[Lamp]{
			{From: Off, To: Warming, By: "SwitchOn"},
			{From: Warming, To: On},
			{From: Warming, To: Off, Lapse: true},
			{From: On, To: Off, By: "SwitchOff"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, _ := m.Plan(Off, On)
	fmt.Println("from off to on:", plan)
	fmt.Println("warming settles into on:", m.Settles(Warming, On))
	fmt.Println("warming permits SwitchOff:", m.Permits(Warming, "SwitchOff"))
	// Output:
	// from off to on: [SwitchOn]
	// warming settles into on: true
	// warming permits SwitchOff: false
}

// New lists every problem of a table.
func ExampleNew_invalid() {
	_, err := statemachine.New(statemachine.Definition[Lamp]{
		Transitions: []statemachine.Transition[Lamp]{{From: Off, To: Off, By: "SwitchOn"}},
	})
	fmt.Println(err)
	// Output:
	// invalid input: Name is empty; Transitions[0] leads from off to itself
}

func ExampleMachine_Mermaid() {
	fmt.Print(lamp.Mermaid())
	// Output:
	// stateDiagram-v2
	//     off --> warming: SwitchOn
	//     warming --> on
	//     warming --> off: lapse
	//     on --> off: SwitchOff
}

// Wait reads until the resource is where it should be.
func ExampleWaiter_Wait() {
	w := statemachine.Waiter[Lamp, Lamp]{
		Machine: lamp, Resource: "desk", Read: scripted(Off, Warming, On), State: lampState,
		Options: statemachine.WaitOptions{
			MinDelay: time.Millisecond, MaxDelay: time.Millisecond,
			OnRead: func(r statemachine.Reading) { fmt.Println(r.Reads, r.State) },
		},
	}
	state, err := w.Wait(context.Background(), On, time.Minute)
	fmt.Println(state, err)
	// Output:
	// 1 off
	// 2 warming
	// 3 on
	// on <nil>
}

// A wait that ends without its target says why, and the three outcomes a caller cares about are
// distinguished by errors.Is.
func ExampleWaitError() {
	w := statemachine.Waiter[Lamp, Lamp]{
		Machine: lamp, Resource: "desk", Read: scripted(Warming, Off), State: lampState,
		Options: statemachine.WaitOptions{MinDelay: time.Millisecond, MaxDelay: time.Millisecond, Grace: statemachine.NoGrace},
	}
	_, err := w.Wait(context.Background(), On, time.Minute)
	switch {
	case errors.Is(err, statemachine.TimedOut):
		fmt.Println("it takes longer than usual")
	case errors.Is(err, statemachine.Lapsed):
		fmt.Println("it went back")
	case errors.Is(err, statemachine.AccessDenied):
		fmt.Println("the policy does not allow the read")
	}
	if e, ok := errors.AsType[*statemachine.WaitError](err); ok {
		fmt.Println("last seen:", e.Last)
		fmt.Println("seen:", len(e.History), "states in", e.Reads, "reads")
		fmt.Println("what would lead there:", e.Plan)
	}
	// Output:
	// it went back
	// last seen: off
	// seen: 2 states in 2 reads
	// what would lead there: [SwitchOn]
}

// KindOf finds the Kind anywhere in the chain of an error.
func ExampleKindOf() {
	err := fmt.Errorf("nightly job: %w", &statemachine.Fault{
		Kind: statemachine.KeyNotAccessible, Operation: "SwitchOn", Resource: "desk", Code: "FuseBlown", Message: "the fuse is blown",
	})
	fmt.Println(err)
	fmt.Println(statemachine.KindOf(err))
	fmt.Println(errors.Is(err, statemachine.KeyNotAccessible))
	// Output:
	// nightly job: SwitchOn desk: key not accessible: FuseBlown: the fuse is blown
	// key not accessible
	// true
}

// Watch yields the current value, and then each change.
func ExampleWaiter_Watch() {
	w := statemachine.Waiter[Lamp, Lamp]{
		Machine: lamp, Resource: "desk", Read: scripted(Off, Off, Warming, Warming, On), State: lampState,
		Options: statemachine.WaitOptions{WatchDelay: time.Millisecond},
	}
	for state, err := range w.Watch(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(state)
		if state == On {
			break
		}
	}
	// Output:
	// off
	// warming
	// on
}

// Ensure runs what has to be run, and nothing else.
func ExampleEnsurer_Ensure() {
	state := Off
	e := statemachine.Ensurer[Lamp, Lamp]{
		Waiter: statemachine.Waiter[Lamp, Lamp]{
			Machine: lamp, Resource: "desk", Read: func(context.Context) (Lamp, error) { return state, nil }, State: lampState,
		},
		Command: func(_ context.Context, op statemachine.Operation) error {
			fmt.Println("running", op)
			state = On
			return nil
		},
	}
	for range 2 {
		done, err := e.Ensure(context.Background(), On, time.Minute, func(o *statemachine.WaitOptions) { o.MinDelay = time.Millisecond })
		fmt.Println(done.Value, done.Operations, err)
	}
	// Output:
	// running SwitchOn
	// on [SwitchOn] <nil>
	// on [] <nil>
}

// A Fleet waits for many resources in few reads.
func ExampleFleet_Each() {
	f := statemachine.Fleet[Lamp, Lamp]{
		Machine: lamp, State: lampState,
		Read: func(context.Context, string) (Lamp, error) { return On, nil },
		ReadMany: func(_ context.Context, names []string) ([]statemachine.Result[Lamp], error) {
			fmt.Println("reading", strings.Join(names, ", "))
			var results []statemachine.Result[Lamp]
			for i := range names {
				results = append(results, statemachine.Result[Lamp]{Index: i, Value: On})
			}
			return results, nil
		},
	}
	goals := []statemachine.Goal[Lamp, Lamp]{{Resource: "desk", Target: On}, {Resource: "hall", Target: On}}
	for i, result := range f.Each(context.Background(), goals, time.Minute) {
		fmt.Println(goals[i].Resource, result.Value.Value, result.Err)
	}
	// Output:
	// reading desk, hall
	// desk on <nil>
	// hall on <nil>
}

// A Track is a wait as data. It can be stored between two reads, and resumed by another process.
func ExampleTrack() {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	track, err := lamp.NewTrack(On, begin, time.Hour, statemachine.WaitOptions{MinDelay: 30 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	reads := scripted(Warming, Warming, On)
	for at := begin; ; {
		state, _ := reads(context.Background())
		reached, ended := lamp.Observe(&track, state, at)
		switch {
		case reached:
			fmt.Println(at.Format(time.TimeOnly), state)
			return
		case ended != "":
			fmt.Println(at.Format(time.TimeOnly), state, ended)
			return
		}
		stored, _ := json.Marshal(track) // this process may end here …
		next := track.Next(at)
		fmt.Println(at.Format(time.TimeOnly), state, "read again at", next.Format(time.TimeOnly))

		track = statemachine.Track[Lamp]{}
		if err := json.Unmarshal(stored, &track); err != nil { // … and another carry on
			fmt.Println(err)
			return
		}
		at = next
	}
	// Output:
	// 12:00:00 warming read again at 12:00:30
	// 12:00:30 warming read again at 12:01:00
	// 12:01:00 on
}

// Share one Pacer between all clients that share a quota.
func ExamplePacer() {
	pacer := statemachine.NewPacer(2, 3) // three calls at once, then two per second
	audit := statemachine.Waiter[string, string]{Pacer: pacer}
	nightly := statemachine.Fleet[string, string]{Pacer: pacer}
	fmt.Println(audit.Pacer == nightly.Pacer)
	// Output: true
}
