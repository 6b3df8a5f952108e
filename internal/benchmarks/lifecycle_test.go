package benchmarks

import (
	"context"
	"testing"

	cocoonspace "github.com/cocoonspace/fsm"
	looplab "github.com/looplab/fsm"
	"github.com/qmuntal/stateless"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// All machines have the lifecycle of an activity stream. For the peers, a transition of the service
// is an event, and so is a read that shows the known state.
const (
	finish = "finish"
	repeat = "repeat"
)

// repeats are the events repeat for a machine in which each event has one destination.
var repeats = [4]string{"repeat 0", "repeat 1", "repeat 2", "repeat 3"}

var commands = []string{string(activitystream.StartActivityStream), string(activitystream.StopActivityStream)}

// newLooplab returns the lifecycle in looplab/fsm, without callbacks: its best case.
func newLooplab(state activitystream.Status) *looplab.FSM {
	events := looplab.Events{
		{Name: commands[0], Src: []string{"stopped"}, Dst: "starting"},
		{Name: commands[1], Src: []string{"started"}, Dst: "stopping"},
		{Name: finish, Src: []string{"starting"}, Dst: "started"},
		{Name: "finish stop", Src: []string{"stopping"}, Dst: "stopped"},
	}
	for i, s := range activitystream.Machine().States() {
		events = append(events, looplab.EventDesc{Name: repeats[i], Src: []string{string(s)}, Dst: string(s)})
	}
	return looplab.NewFSM(string(state), events, looplab.Callbacks{})
}

// newStateless returns the lifecycle in qmuntal/stateless, with internal state, without actions and
// in immediate mode: its best case.
func newStateless(state activitystream.Status) *stateless.StateMachine {
	m := stateless.NewStateMachineWithMode(string(state), stateless.FiringImmediate)
	m.Configure("stopped").Permit(commands[0], "starting").Ignore(repeat)
	m.Configure("starting").Permit(finish, "started").Ignore(repeat)
	m.Configure("started").Permit(commands[1], "stopping").Ignore(repeat)
	m.Configure("stopping").Permit(finish, "stopped").Ignore(repeat)
	return m
}

// newCocoonspace returns the lifecycle in cocoonspace/fsm, whose states and events are integers.
// The transitions that change nothing come first. This is its best case, because it checks one
// transition after the other.
func newCocoonspace(state cocoonspace.State) *cocoonspace.FSM {
	m := cocoonspace.New(state)
	for s := range cocoonspace.State(4) {
		m.Transition(cocoonspace.On(0), cocoonspace.Src(s), cocoonspace.Dst(s))
	}
	m.Transition(cocoonspace.On(1), cocoonspace.Src(0), cocoonspace.Dst(1))
	m.Transition(cocoonspace.On(2), cocoonspace.Src(1), cocoonspace.Dst(2))
	m.Transition(cocoonspace.On(3), cocoonspace.Src(2), cocoonspace.Dst(3))
	m.Transition(cocoonspace.On(2), cocoonspace.Src(3), cocoonspace.Dst(0))
	return m
}

// permitsByHand decides with a switch, as a program without a machine does.
func permitsByHand(state activitystream.Status, op string) bool {
	switch state {
	case activitystream.StatusStopped:
		return op == commands[0]
	case activitystream.StatusStarted:
		return op == commands[1]
	default:
		return false
	}
}

// TestPeersAgree checks that all machines have the same lifecycle.
func TestPeersAgree(t *testing.T) {
	ctx := context.Background()
	for _, s := range activitystream.Machine().States() {
		for _, op := range commands {
			want := activitystream.Machine().Permits(s, activitystreamOperation(op))
			if got := newLooplab(s).Can(op); got != want {
				t.Errorf("looplab: %s in %s: %t", op, s, got)
			}
			if got, _ := newStateless(s).CanFireCtx(ctx, op); got != want {
				t.Errorf("stateless: %s in %s: %t", op, s, got)
			}
			if got := permitsByHand(s, op); got != want {
				t.Errorf("switch: %s in %s: %t", op, s, got)
			}
		}
	}
	if m := newCocoonspace(0); !m.Event(0) || m.Current() != 0 || !m.Event(1) || !m.Event(2) || m.Current() != 2 {
		t.Error("cocoonspace: wrong lifecycle")
	}
}
