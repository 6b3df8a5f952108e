package statemachine

import (
	"fmt"
	"time"
)

// Track is a wait as data: what is wanted and what has been seen. It does no I/O and reads no clock. It survives JSON,
// so that a wait can be stored and carried on elsewhere: in another process, in a workflow engine.
//
// [Machine.NewTrack] begins one. After each read, [Machine.Observe] or [Machine.ObserveFailure] takes what was
// read and says whether the wait is over; [Track.Next] says when to read again. Every wait of this library is a
// loop around these three.
//
// A Track is not safe for concurrent use. Durations are nanoseconds in JSON.
type Track[S ~string] struct {
	Target   S         `json:"target"`   // the state that is waited for
	Start    time.Time `json:"start"`    // when the wait began
	Since    time.Time `json:"since"`    // when the wait, or the last command, began: what Grace and the delays count from
	Deadline time.Time `json:"deadline"` // the last read is made at it
	Now      time.Time `json:"now"`      // the latest instant that was told; a clock that steps back stands still here

	MinDelay    time.Duration `json:"min_delay"`   // as in WaitOptions, resolved
	MaxDelay    time.Duration `json:"max_delay"`   // as in WaitOptions, resolved
	Grace       time.Duration `json:"grace"`       // zero or less: none
	Consecutive int           `json:"consecutive"` // how many reads in a row must show the target

	History     []Sighting[S] `json:"history,omitempty"`     // the changes of state: the first and the last 32
	Omitted     int           `json:"omitted,omitempty"`     // how many were left out between these
	Reads       int           `json:"reads,omitempty"`       // failed ones included
	Streak      int           `json:"streak,omitempty"`      // successful reads in a row, up to the last, that showed the target
	Progressing bool          `json:"progressing,omitempty"` // the target, or a state that settles into it, was seen since Since
	Failed      bool          `json:"failed,omitempty"`      // the last read failed
}

// Sighting is a state and when it was seen: the first read that showed it.
type Sighting[S ~string] struct {
	State S         `json:"state"` // as it was read
	At    time.Time `json:"at"`    // of the first read that showed it
}

// historyKeep is how many sightings a Track keeps at each end.
const historyKeep = 32

// NewTrack begins a wait for target at the instant at, until maxWait later. It takes the delays, the Grace and
// Consecutive of o. It refuses, with an [*InputError], a target that the table lacks, a maxWait that is not
// positive, and options that are not valid.
func (m *Machine[S]) NewTrack(target S, at time.Time, maxWait time.Duration, o WaitOptions) (Track[S], error) {
	var wrong InputError
	o.setDefaults()
	m.checkWait(target, maxWait, &wrong)
	o.validate(&wrong)
	if err := wrong.Err(); err != nil {
		return Track[S]{}, err
	}
	return newTrack(target, at, at.Add(maxWait), &o), nil
}

// newTrack is NewTrack for what was checked before.
func newTrack[S ~string](target S, at, deadline time.Time, o *WaitOptions) Track[S] {
	return Track[S]{
		Target: target, Start: at, Since: at, Deadline: deadline, Now: at,
		MinDelay: o.MinDelay, MaxDelay: o.MaxDelay, Grace: max(o.Grace, 0), Consecutive: o.Consecutive,
	}
}

// checkWait adds what is wrong with the arguments of a wait.
func (m *Machine[S]) checkWait(target S, maxWait time.Duration, wrong *InputError) {
	switch {
	case target == "":
		wrong.Add("target", "is empty")
	case !m.Known(target):
		wrong.Add("target", fmt.Sprintf("%q is no state of a %s; it has %v", string(target), m.Name(), m.states))
	}
	if maxWait <= 0 {
		wrong.Add("maxWait", fmt.Sprintf("must be positive, is %s", maxWait))
	}
}

// Observe takes a successful read that showed the state s at the instant at, and decides: the target is
// reached, the wait ended for a reason, or, with neither, it goes on. The first rule that applies decides:
//
//  1. The target: reached, once Consecutive successful reads in a row show it.
//  2. A state that the table does not know: keep waiting. It is never success, and never counts as left or come back.
//  3. A state that settles into the target by itself: keep waiting; the wait is on its way.
//  4. A state that cannot settle into the target, an empty one too, until Grace after the wait, or the last command,
//     began: keep waiting. It may be an old read of a change just commanded.
//  5. Such a state after that: [Lapsed] if the wait was on its way or at the target before, else [Unreachable].
//
// Where these say to keep waiting and the deadline has come: [TimedOut].
// Observe may be asked again after it ended.
func (m *Machine[S]) Observe(t *Track[S], s S, at time.Time) (reached bool, ended Reason) {
	t.countRead(at)
	t.Failed = false
	if n := len(t.History); n == 0 || t.History[n-1].State != s {
		t.appendHistory(s)
	}
	i, target := m.index(s), m.index(t.Target)
	if i >= 0 && i == target {
		t.Progressing = true
		t.Streak++
		if t.Reached() {
			return true, ""
		}
		return false, t.timedOut()
	}
	t.Streak = 0
	switch {
	case i < 0 && s != "":
	case i >= 0 && m.settlesInto[i].has(target):
		t.Progressing = true
	case t.Now.Sub(t.Since) < t.Grace:
	case t.Progressing:
		return false, Lapsed
	default:
		return false, Unreachable
	}
	return false, t.timedOut()
}

// ObserveFailure takes a read that failed in a way that means k, and decides whether the wait ended.
// [Interrupted] ends it as [Canceled]. [Throttled], [Unavailable] and [Conflict] are tolerated until the
// deadline, and the next delay is twice as long. [NotFound] is the Absent state where the machine has one: as
// [Machine.Observe] of it, so that [Track.Reached] may be true afterwards; else it ends the wait as [Gone].
// Anything else ends it as [ReadFailed].
func (m *Machine[S]) ObserveFailure(t *Track[S], k Kind, at time.Time) (ended Reason) {
	if k == NotFound && m.def.Absent != "" {
		_, ended = m.Observe(t, m.def.Absent, at)
		return ended
	}
	t.countRead(at)
	t.Failed = true
	switch {
	case k == Interrupted:
		return Canceled
	case k.Retryable():
		return t.timedOut()
	case k == NotFound:
		return Gone
	}
	return ReadFailed
}

// Reached reports whether the last read, a failed one apart, completed the target.
func (t *Track[S]) Reached() bool { return t.Streak > 0 && t.Streak >= t.Consecutive }

// Commanded says that an operation was accepted, or may have been, at the instant at: the Grace and the delays begin
// anew, and what was seen before counts neither as on the way nor as the target. The deadline stays.
func (t *Track[S]) Commanded(at time.Time) {
	t.setNow(at)
	t.Since = t.Now
	t.Progressing = false
	t.Streak = 0
}

// Next is when to read again after a read at the instant at, without jitter: an eightieth of the time waited
// later, within MinDelay and MaxDelay; twice that after a failed read. It is never after the deadline, at which
// the last read is made, and at itself once the deadline has come.
func (t *Track[S]) Next(at time.Time) time.Time {
	return t.clamp(at, t.delay(at))
}

// clamp is d after at, or the deadline if that comes first, and never before at.
func (t *Track[S]) clamp(at time.Time, d time.Duration) time.Time {
	next := at.Add(d)
	if !t.Deadline.IsZero() && next.After(t.Deadline) {
		next = t.Deadline
	}
	if next.Before(at) {
		return at
	}
	return next
}

// delay is the delay after a read at the instant at, whatever the deadline.
func (t *Track[S]) delay(at time.Time) time.Duration {
	if at.Before(t.Now) {
		at = t.Now
	}
	d := min(max(min(at.Sub(t.Since)/80, t.MaxDelay), t.MinDelay, time.Millisecond), maxDuration)
	if t.Failed {
		d *= 2
	}
	return d
}

// countRead counts a read.
func (t *Track[S]) countRead(at time.Time) {
	t.setNow(at)
	t.Reads++
}

// setNow moves the clock, never back.
func (t *Track[S]) setNow(at time.Time) {
	if at.After(t.Now) {
		t.Now = at
	}
}

// timedOut is TimedOut once the deadline has come. Without one, as in a Watch, it never does.
func (t *Track[S]) timedOut() Reason {
	if t.Deadline.IsZero() || t.Now.Before(t.Deadline) {
		return ""
	}
	return TimedOut
}

// appendHistory appends to the history and keeps it bounded.
func (t *Track[S]) appendHistory(s S) {
	if len(t.History) >= 2*historyKeep {
		copy(t.History[historyKeep:], t.History[historyKeep+1:])
		t.History = t.History[:len(t.History)-1]
		t.Omitted++
	}
	t.History = append(t.History, Sighting[S]{State: s, At: t.Now})
}

// stateChanges is how many changes of state were seen, the first state included.
func (t *Track[S]) stateChanges() int { return len(t.History) + t.Omitted }

// last is the state of the last successful read.
func (t *Track[S]) last() S {
	if n := len(t.History); n > 0 {
		return t.History[n-1].State
	}
	return ""
}
