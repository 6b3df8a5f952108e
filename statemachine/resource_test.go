package statemachine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// resource is a fake of a resource that can be commanded, with a life of its own in virtual time:
// it accepts what the table permits and settles after a while.
type resource struct {
	machine *statemachine.Machine[state]
	begin   time.Time
	takes   time.Duration // to settle
	mode    string        // that a command sets
	lapses  int           // so many of the next settlings are rolled back to where the command found it

	outcomes []outcome            // of the commands to come; none left: accepted
	readErrs []error              // of the reads to come; nil or none left: none
	stale    func() time.Duration // how old a read is; nil: not at all
	reading  func(context.Context)

	mu       sync.Mutex
	life     life
	modes    life // the mode, as if it were a state
	ids      life // which resource has the name, likewise
	trace    []string
	accepted []statemachine.Operation
}

// outcome is what becomes of a command.
type outcome struct {
	err   error // the response
	lost  bool  // the service executes the command, and err is the response all the same
	takes time.Duration
	hang  bool // until its context ends; with lost, the service takes it first
	lapse bool // the service rolls it back
}

func newResource(m *statemachine.Machine[state], s state, takes time.Duration) *resource {
	now := time.Now()
	return &resource{
		machine: m, begin: now, takes: takes, mode: "async",
		life: life{{State: s, At: now.Add(-24 * time.Hour)}}, modes: life{{State: "async", At: now.Add(-24 * time.Hour)}},
		ids: life{{State: "a", At: now.Add(-24 * time.Hour)}},
	}
}

// set puts the resource into a state from now on, and drops its pending transitions.
func (r *resource) set(s state) {
	now := time.Now()
	r.life = slices.DeleteFunc(r.life, func(c statemachine.Sighting[state]) bool { return c.At.After(now) })
	r.life = append(r.life, statemachine.Sighting[state]{State: s, At: now})
}

// move makes the service execute an operation, if the table permits it.
func (r *resource) move(op statemachine.Operation) bool {
	now := time.Now()
	from := r.life.at(now)
	to, ok := r.machine.Next(from, op)
	if !ok {
		return false
	}
	r.set(to)
	if r.lapses > 0 {
		r.lapses--
		r.life = append(r.life, statemachine.Sighting[state]{State: from, At: now.Add(r.takes)})
		return true
	}
	for at := now.Add(r.takes); r.machine.Transient(to); at = at.Add(r.takes) {
		for _, t := range r.machine.Transitions() {
			if t.From == to && t.By == "" && !t.Lapse {
				to = t.To
				break
			}
		}
		r.life = append(r.life, statemachine.Sighting[state]{State: to, At: at})
	}
	return true
}

// rival makes another actor run op after d.
func (r *resource) rival(d time.Duration, op statemachine.Operation) {
	time.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.note("rival's %s: %t", op, r.move(op))
	})
}

// accept writes a line of the trace for a call that a test replaced.
func (r *resource) accept(line string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note("%s", line)
	return nil
}

// note writes a line of the trace. The caller holds the lock.
func (r *resource) note(format string, args ...any) {
	r.trace = append(r.trace, fmt.Sprintf("%v ", time.Since(r.begin))+fmt.Sprintf(format, args...))
}

func (r *resource) read(ctx context.Context) (row, error) {
	if r.reading != nil {
		r.reading(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		r.note("read canceled")
		return row{}, ctx.Err()
	}
	if len(r.readErrs) > 0 {
		err := r.readErrs[0]
		r.readErrs = r.readErrs[1:]
		if err != nil {
			r.note("read: %v", statemachine.KindOf(err))
			return row{}, err
		}
	}
	at := time.Now()
	if r.stale != nil {
		at = at.Add(-r.stale())
	}
	s := r.life.at(at)
	r.note("%s", s)
	if s == absent {
		return row{}, fault(statemachine.NotFound)
	}
	return row{State: s, Mode: string(r.modes.at(at)), ID: string(r.ids.at(at))}, nil
}

func (r *resource) command(ctx context.Context, op statemachine.Operation) error {
	return r.commandMode(ctx, op, r.mode)
}

// restore sends a command with the mode of before.
func (r *resource) restore(ctx context.Context, before row, op statemachine.Operation) error {
	r.mu.Lock()
	r.note("restore %s", before.Mode)
	r.mu.Unlock()
	return r.commandMode(ctx, op, before.Mode)
}

func (r *resource) commandMode(ctx context.Context, op statemachine.Operation, mode string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		r.note("%s after the context ended", op)
		return ctx.Err()
	}
	var o outcome
	if len(r.outcomes) > 0 {
		o = r.outcomes[0]
		r.outcomes = r.outcomes[1:]
	}
	err := o.err
	if err == nil && !o.hang || o.lost {
		now := time.Now()
		if o.lapse {
			r.lapses = 1
		}
		if r.move(op) {
			r.accepted = append(r.accepted, op)
			r.modes = append(r.modes, statemachine.Sighting[state]{State: state(mode), At: now})
		} else if err == nil {
			err = fault(statemachine.InvalidState)
		}
	}
	switch {
	case err == nil && o.lost:
		r.note("%s lost", op)
	case err != nil && o.lost:
		r.note("%s lost: %s", op, statemachine.KindOf(err))
	case err != nil:
		r.note("%s refused: %s", op, statemachine.KindOf(err))
	default:
		r.note("%s", op)
	}
	r.mu.Unlock()
	defer r.mu.Lock()
	if o.hang {
		<-ctx.Done()
		return fmt.Errorf("send request: %w", ctx.Err())
	}
	if ended := assert.Sleep(ctx, o.takes); ended != nil {
		return ended
	}
	return err
}

// ensurer brings the resource to a state.
func (r *resource) ensurer(o statemachine.WaitOptions) *statemachine.Ensurer[row, state] {
	return &statemachine.Ensurer[row, state]{
		Waiter: statemachine.Waiter[row, state]{
			Machine: r.machine, Resource: "res-1", Read: r.read, State: stateOf, Options: o,
		},
		Command: r.command,
	}
}

// wantMode returns a Drift that requires a mode.
func wantMode(mode string) func(row) error {
	return func(r row) error {
		var d statemachine.DriftError
		d.Add("Mode", mode, r.Mode)
		return d.Err()
	}
}

// sameTrace fails the test where the resource was not read and commanded at these instants.
func (r *resource) sameTrace(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	assert.Equal(t, "trace", want, r.trace)
}

var errTest = errors.New("out of cheese")
