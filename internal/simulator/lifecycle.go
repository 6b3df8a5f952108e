package simulator

import (
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Lifecycle moves resources along a machine: of T, the record, it knows where the state stands. It is not changed by its use.
type Lifecycle[T any, S ~string] struct {
	Machine *statemachine.Machine[S]

	// State is the record's state.
	State func(T) S

	// SetState is the record in another state, with what comes and goes with that state.
	SetState func(T, S) T

	// Pace is how long the service takes from one state to the next.
	Pace func(v T, from, to S) Delay

	// ChooseSettled picks where the record settles, if the table has several settling transitions out of its state; nil: the table's first.
	ChooseSettled func(v T, to []S) S
}

// Command is the record after op was accepted; false where the table does not permit op. It changes no resource: see
// [Lifecycle.Enter].
func (l *Lifecycle[T, S]) Command(v T, op statemachine.Operation) (T, bool) {
	s, ok := l.Machine.Next(l.State(v), op)
	if !ok {
		return v, false
	}
	return l.SetState(v, s), true
}

// Enter makes v the truth from now on and plans what the service makes of it by itself.
func (l *Lifecycle[T, S]) Enter(r *Resource[T], now time.Time, v T) {
	r.Set(now, l, v)
	l.follow(r, now, v)
}

// ScheduleSettling plans what the service makes by itself of a resource that was put into its [Store] just now.
func (l *Lifecycle[T, S]) ScheduleSettling(r *Resource[T], now time.Time) {
	if v, ok := r.Now(now); ok {
		l.follow(r, now, v)
	}
}

// ScheduleCommand plans a command that the service carries out by itself, after the pace: step gives the record after it, as [Lifecycle.Command] does.
func (l *Lifecycle[T, S]) ScheduleCommand(r *Resource[T], now time.Time, pace Delay, step func(T) (T, bool)) {
	r.Plan(now, l, pace, func(at time.Time, v T) (T, bool) {
		v, ok := step(v)
		if ok {
			l.follow(r, at, v)
		}
		return v, ok
	})
}

// follow plans the settling of v, which is the truth from the instant at on. Whether it lapses is decided when it comes due.
func (l *Lifecycle[T, S]) follow(r *Resource[T], at time.Time, v T) {
	from := l.State(v)
	to, ok := l.nextSettled(v, from)
	if !ok {
		return
	}
	r.Plan(at, l, l.Pace(v, from, to), func(at time.Time, v T) (T, bool) {
		if l.State(v) != from {
			return v, false
		}
		to := to
		if back, ok := l.lapseTarget(from); ok && r.consumeLapse() {
			to = back
		}
		v = l.SetState(v, to)
		l.follow(r, at, v)
		return v, true
	})
}

// nextSettled is the state that the service brings v to next.
func (l *Lifecycle[T, S]) nextSettled(v T, from S) (S, bool) {
	if !l.Machine.Transient(from) {
		return "", false
	}
	var to []S
	for _, t := range l.Machine.Transitions() {
		if t.From == from && t.By == "" && !t.Lapse {
			to = append(to, t.To)
		}
	}
	if l.ChooseSettled != nil && len(to) > 1 {
		return l.ChooseSettled(v, to), true
	}
	return to[0], true
}

// lapseTarget is where a lapse leads out of a state.
func (l *Lifecycle[T, S]) lapseTarget(from S) (S, bool) {
	for _, t := range l.Machine.Transitions() {
		if t.From == from && t.Lapse {
			return t.To, true
		}
	}
	return "", false
}
