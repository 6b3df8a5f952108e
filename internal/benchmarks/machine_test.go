package benchmarks

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func activitystreamOperation(op string) statemachine.Operation { return statemachine.Operation(op) }

// sink keeps the compiler from leaving out what is measured.
var sink bool

// asking are the ways to ask whether an operation may run in a state: of every state in turn where that costs no more, of one state in a
// machine that holds its own.
func asking() []contender {
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
				sink = switched(states[i&3], commands[i>>2&1])
			}
		}},
	}
}

// observing are the ways to tell a machine of a read that shows the state that it knows already.
func observing() []contender {
	m := activitystream.Machine()
	at := time.Now()
	track, err := m.NewTrack(activitystream.StatusStarted, at, time.Hour, statemachine.WaitOptions{})
	if err != nil {
		panic(err)
	}
	cocoon, loop, less := newCocoonspace(0), newLooplab("stopped"), newStateless("stopped")
	ctx := context.Background()
	return []contender{
		{name: "Observe", run: func(n int) {
			for range n {
				at = at.Add(1)
				sink, _ = m.Observe(&track, activitystream.StatusStarting, at)
			}
		}},
		{name: "cocoonspace Event", run: func(n int) {
			for range n {
				sink = cocoon.Event(0)
			}
		}},
		{name: "looplab Event", run: func(n int) {
			for range n {
				sink = loop.Event(ctx, again) != nil
			}
		}},
		{name: "stateless Fire", run: func(n int) {
			for range n {
				sink = less.FireCtx(ctx, again) == nil
			}
		}},
	}
}
