package benchmarks

import (
	"context"
	"time"

	cocoonspace "github.com/cocoonspace/fsm"
	looplab "github.com/looplab/fsm"
	"github.com/qmuntal/stateless"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activitystreamOperation converts the name of an operation.
func activitystreamOperation(op string) statemachine.Operation { return statemachine.Operation(op) }

// sink keeps the compiler from removing the measured code.
var sink bool

// queryContenders returns contenders that query whether an operation may run in a state: in each
// state in turn, or in one state if the machine holds its state.
func queryContenders() []contender {
	m, states := activitystream.Machine(), activitystream.Machine().States()
	ops := []statemachine.Operation{activitystream.StartActivityStream, activitystream.StopActivityStream}
	loop, less := newLooplab("stopped"), newStateless("stopped")
	ctx := context.Background()
	return []contender{
		{name: "Permits", run: func(n int) {
			for i := range n {
				sink = m.Permits(states[i&3], ops[i>>2&1])
			}
		}},
		{name: "Settles", run: func(n int) {
			for i := range n {
				sink = m.Settles(states[i&3], states[i>>2&3])
			}
		}},
		{name: "looplab Can", run: func(n int) {
			for i := range n {
				sink = loop.Can(commands[i&1])
			}
		}},
		{name: "stateless CanFire", run: func(n int) {
			for i := range n {
				sink, _ = less.CanFireCtx(ctx, commands[i&1])
			}
		}},
		{name: "a switch by hand", run: func(n int) {
			for i := range n {
				sink = permitsByHand(states[i&3], commands[i>>2&1])
			}
		}},
	}
}

// observeContenders returns contenders that report a read of the known state to a machine: in each
// of the four states in turn, with one machine per state if the machine holds its state.
func observeContenders() []contender {
	m, states := activitystream.Machine(), activitystream.Machine().States()
	var tracks [4]statemachine.Track[activitystream.Status]
	var cocoon [4]*cocoonspace.FSM
	var loop [4]*looplab.FSM
	var less [4]*stateless.StateMachine
	at := time.Now() // a clock that does not step back, as is ordinary
	for i, s := range states {
		track, err := m.NewTrack(activitystream.StatusStarted, at, time.Hour, statemachine.WaitOptions{})
		if err != nil {
			panic(err)
		}
		tracks[i], cocoon[i], loop[i], less[i] = track, newCocoonspace(cocoonspace.State(i)), newLooplab(s), newStateless(s)
	}
	ctx := context.Background()
	return []contender{
		{name: "Observe", run: func(n int) {
			for i := range n {
				sink, _ = m.Observe(&tracks[i&3], states[i&3], at)
			}
		}},
		{name: "cocoonspace Event", run: func(n int) {
			for i := range n {
				sink = cocoon[i&3].Event(0)
			}
		}},
		{name: "looplab Event", run: func(n int) {
			for i := range n {
				sink = loop[i&3].Event(ctx, repeats[i&3]) != nil
			}
		}},
		{name: "stateless Fire", run: func(n int) {
			for i := range n {
				sink = less[i&3].FireCtx(ctx, repeat) == nil
			}
		}},
	}
}
