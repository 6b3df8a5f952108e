package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// state is the state of the resources in these tests.
type state string

// The states of a stream, which is started and stopped.
const (
	stopped  state = "stopped"
	starting state = "starting"
	started  state = "started"
	stopping state = "stopping"
)

// The states of a topic, which is created and deleted.
const (
	absent   state = "ABSENT"
	creating state = "CREATING"
	active   state = "ACTIVE"
	deleting state = "DELETING"
	broken   state = "BROKEN"
)

// novel is a state that no table has.
const novel state = "defrosting"

// The operations of both.
const (
	opStart  statemachine.Operation = "Start"
	opStop   statemachine.Operation = "Stop"
	opCreate statemachine.Operation = "Create"
	opDelete statemachine.Operation = "Delete"
)

func streamTable() statemachine.Definition[state] {
	return statemachine.Definition[state]{
		Name: "stream",
		Transitions: []statemachine.Transition[state]{
			{From: stopped, To: starting, By: opStart},
			{From: starting, To: started},
			{From: starting, To: stopped, Lapse: true},
			{From: started, To: stopping, By: opStop},
			{From: stopping, To: stopped},
			{From: stopping, To: started, Lapse: true},
			{From: started, To: stopped, Lapse: true},
		},
		Hint: "look at the window",
	}
}

func topicTable() statemachine.Definition[state] {
	return statemachine.Definition[state]{
		Name: "topic",
		Transitions: []statemachine.Transition[state]{
			{From: absent, To: creating, By: opCreate},
			{From: creating, To: active},
			{From: creating, To: broken, Lapse: true},
			{From: active, To: deleting, By: opDelete},
			{From: broken, To: deleting, By: opDelete},
			{From: deleting, To: absent},
		},
		Absent: absent,
	}
}

func stream() *statemachine.Machine[state] { return statemachine.MustNew(streamTable()) }
func topic() *statemachine.Machine[state]  { return statemachine.MustNew(topicTable()) }

// row is what a read gives.
type row struct {
	State  state
	Number int    // of the read
	Mode   string // a setting
	Status string // the resource's own
	ID     string // of the resource that has the name
}

func stateOf(r row) state { return r.State }

// identity returns d: no jitter.
func identity(d time.Duration) time.Duration { return d }

// every returns options that read every d, without jitter.
func every(d time.Duration) statemachine.WaitOptions {
	return statemachine.WaitOptions{MinDelay: d, MaxDelay: d, WatchDelay: d, Jitter: identity}
}

// response is one read of a script.
type response struct {
	state state
	err   error
	takes time.Duration
	hang  bool // until its context ends
	mode  string
	deaf  bool // takes its time, whatever its context says
}

// script is a resource that is read: the responses in order, and then the last one again.
type script struct {
	responses []response
	start     time.Time
	reads     []time.Duration // since start
}

// shows returns a script of states.
func shows(states ...state) *script {
	s := &script{start: time.Now()}
	for _, st := range states {
		s.responses = append(s.responses, response{state: st})
	}
	return s
}

// responses returns a script.
func responses(as ...response) *script { return &script{responses: as, start: time.Now()} }

func (s *script) read(ctx context.Context) (row, error) {
	s.reads = append(s.reads, time.Since(s.start))
	n := len(s.reads)
	a := s.responses[min(n, len(s.responses))-1]
	if a.hang {
		<-ctx.Done()
		return row{}, fmt.Errorf("send request: %w", ctx.Err())
	}
	if a.deaf {
		time.Sleep(a.takes)
	} else if err := assert.Sleep(ctx, a.takes); err != nil {
		return row{}, err
	}
	if a.err != nil {
		return row{}, a.err
	}
	return row{State: a.state, Number: n, Mode: a.mode}, nil
}

// waiter waits for the scripted stream.
func (s *script) waiter(o statemachine.WaitOptions) *statemachine.Waiter[row, state] {
	return &statemachine.Waiter[row, state]{
		Machine: stream(), Resource: "res-1", Read: s.read, State: stateOf, Options: o,
	}
}

// secs returns seconds as durations.
func secs(s ...float64) []time.Duration {
	var ds []time.Duration
	for _, f := range s {
		ds = append(ds, time.Duration(f*float64(time.Second)))
	}
	return ds
}

// fault returns an error of the service.
func fault(k statemachine.Kind) error {
	return &statemachine.Fault{Kind: k, Operation: "Describe", Resource: "res-1", Code: "Code." + string(k), Message: "the service says " + string(k)}
}

// waitError returns the WaitError in err, and ends the test if there is none.
func waitError(t *testing.T, err error) *statemachine.WaitError {
	t.Helper()
	return assert.ErrorAs[*statemachine.WaitError](t, err)
}

// chain lists the Reasons, Kinds and context errors that errors.Is finds in err.
func chain(err error) []string {
	var is []string
	for _, target := range []error{
		statemachine.TimedOut, statemachine.Canceled, statemachine.Unreachable, statemachine.Lapsed, statemachine.Gone, statemachine.Replaced, statemachine.ReadFailed,
		statemachine.InvalidInput, statemachine.NotFound, statemachine.InvalidState, statemachine.AlreadyInState, statemachine.Conflict,
		statemachine.AccessDenied, statemachine.KeyNotAccessible, statemachine.Unsupported, statemachine.LimitExceeded,
		statemachine.MissingDependency, statemachine.Throttled, statemachine.Unavailable, statemachine.Unauthenticated,
		statemachine.Drifted, statemachine.Interrupted, statemachine.Unknown,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, target) {
			is = append(is, target.Error())
		}
	}
	return is
}
