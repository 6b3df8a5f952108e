package simulator

import (
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Lifecycle moves resources along a machine. T is the record of a resource, which has a state among
// other things. A Lifecycle is not changed by its use.
type Lifecycle[T any, S ~string] struct {
	Machine *statemachine.Machine[S]

	// State returns the state of a record.
	State func(T) S

	// SetState returns the record in another state, with everything that changes along with it.
	SetState func(T, S) T

	// Pace returns how long the service takes from one state to the next.
	Pace func(v T, from, to S) Delay

	// ChooseSettled picks the state that the record settles into if the table has several settling
	// transitions out of its state. If nil, the first one in the table applies.
	ChooseSettled func(v T, to []S) S
}

// DelayOf returns how long a transition takes by the options, or usual if they do not say.
func DelayOf(o awstest.Options, arn, from, to string, usual time.Duration) Delay {
	if o.Transition != nil {
		usual = o.Transition(arn, from, to)
	}
	return Delay{After: usual, Reads: o.ReadsPerTransition}
}

// Command returns the record after op was accepted. It reports false if the table does not permit
// op. It changes no resource: see [Lifecycle.Enter].
func (l *Lifecycle[T, S]) Command(v T, op statemachine.Operation) (T, bool) {
	s, ok := l.Machine.Next(l.State(v), op)
	if !ok {
		return v, false
	}
	return l.SetState(v, s), true
}

// Enter makes v the current record and plans the transitions that the service makes on its own.
func (l *Lifecycle[T, S]) Enter(r *Resource[T], now time.Time, v T) {
	r.Set(now, l, v)
	l.Follow(r, now, v)
}

// ScheduleCommand plans a command that the service executes on its own after the delay. The
// function step returns the record after the command, as [Lifecycle.Command] does.
func (l *Lifecycle[T, S]) ScheduleCommand(r *Resource[T], now time.Time, d Delay, step func(T) (T, bool)) {
	r.Plan(now, l, d, func(at time.Time, v T) (T, bool) {
		v, ok := step(v)
		if ok {
			l.Follow(r, at, v)
		}
		return v, ok
	})
}

// Follow plans the settling of v, which is the record from the instant at on, such as that of a
// resource that was just put into its [Store]. Whether the transition lapses is decided when it is
// due.
func (l *Lifecycle[T, S]) Follow(r *Resource[T], at time.Time, v T) {
	from := l.State(v)
	settling, lapses := l.transitions(from)
	if len(settling) == 0 || !l.Machine.Transient(from) {
		return
	}
	to := settling[0]
	if l.ChooseSettled != nil && len(settling) > 1 {
		to = l.ChooseSettled(v, settling)
	}
	r.Plan(at, l, l.Pace(v, from, to), func(at time.Time, v T) (T, bool) {
		if l.State(v) != from {
			return v, false
		}
		next := to
		if len(lapses) > 0 && r.consumeLapse() {
			next = lapses[0]
		}
		v = l.SetState(v, next)
		l.Follow(r, at, v)
		return v, true
	})
}

// transitions returns where the transitions that the service makes on its own lead from a state.
func (l *Lifecycle[T, S]) transitions(from S) (settling, lapses []S) {
	for _, t := range l.Machine.Transitions() {
		switch {
		case t.From != from || t.By != "":
		case t.Lapse:
			lapses = append(lapses, t.To)
		default:
			settling = append(settling, t.To)
		}
	}
	return settling, lapses
}

// States returns the states of a resource that began at or after since and up to now, each with
// that instant. The state absent means the time in which the resource did not exist. The
// caller owns the slice.
func States[T any, S ~string](r *Resource[T], since, now time.Time, state func(T) S, absent S) []statemachine.Sighting[S] {
	r.advance(now)
	first, _ := slices.BinarySearchFunc(r.versions, since, func(v Version[T], at time.Time) int { return v.At.Compare(at) })
	var list []statemachine.Sighting[S]
	for _, v := range r.versions[max(first-1, 0):] { // with the state before, which may go on
		s := absent
		if !v.Gone {
			s = state(v.Value)
		}
		if n := len(list); n == 0 || list[n-1].State != s {
			list = append(list, statemachine.Sighting[S]{State: s, At: v.At})
		}
	}
	if first > 0 {
		list = list[1:]
	}
	return list
}
