package statemachine

import (
	"fmt"
	"time"
)

// Track is a wait as data: its target and what has been observed. It does no I/O, reads no clock
// and survives JSON, so a wait can be stored and resumed elsewhere. Most programs use [Waiter];
// this is for workflow engines.
//
// [Machine.NewTrack] begins a wait. [Machine.Observe] and [Machine.ObserveFailure] record a read
// and decide whether the wait is over. [Track.Next] returns when to read again. Every wait of
// this library is a loop around these three.
//
// The times that a track observes may come from several clocks. If one is ahead, the grace period
// goes on with the reads of the others. A clock that is ahead can end a wait too early: as
// [TimedOut], or as [Unreachable] or [Lapsed] before the grace period is over.
//
// A Track is not safe for concurrent use. In JSON, durations are in nanoseconds.
type Track[S ~string] struct {
	// Target is the state to wait for.
	Target S `json:"target"`

	// Start is when the wait began.
	Start time.Time `json:"start"`

	// Since is when the wait, or its last command, began. Grace and the delays count from it.
	Since time.Time `json:"since"`

	// Deadline is the time of the last read. Zero means none.
	Deadline time.Time `json:"deadline"`

	// Now is the time by which the track decides. It never decreases. It is the latest time
	// observed, plus what passed since then by clocks that are behind it.
	Now time.Time `json:"now"`

	// Behind is the time observed last, if it is before Now. Otherwise it is zero.
	Behind time.Time `json:"behind,omitzero"`

	// MinDelay and MaxDelay are those of [WaitOptions], with the defaults filled in.
	MinDelay time.Duration `json:"min_delay"`
	MaxDelay time.Duration `json:"max_delay"`

	// Grace is that of [WaitOptions]. Zero and negative values mean none.
	Grace time.Duration `json:"grace"`

	// Consecutive is how many reads in a row must show the target.
	Consecutive int `json:"consecutive"`

	// History lists the first 32 and the last 32 changes of state.
	History []Sighting[S] `json:"history,omitempty"`

	// Omitted counts the changes of state that History leaves out in between.
	Omitted int `json:"omitted,omitempty"`

	// Reads counts the reads, including the failed ones.
	Reads int `json:"reads,omitempty"`

	// Streak counts how many of the latest successful reads in a row showed the target.
	Streak int `json:"streak,omitempty"`

	// Progressing reports whether a read after Since showed the target or a state that settles
	// into it, and ProgressAt is when one last did.
	Progressing bool `json:"progressing,omitempty"`

	// ProgressAt: see Progressing.
	ProgressAt time.Time `json:"progress_at,omitzero"`

	// Identity identifies the resource that the track is about, and IdentityAt is when a read last
	// showed it. See [Track.Identify].
	Identity   string    `json:"identity,omitempty"`
	IdentityAt time.Time `json:"identity_at,omitzero"`

	// Failed reports whether the last read failed.
	Failed bool `json:"failed,omitempty"`
}

// historyKeep is how many sightings a Track keeps at each end.
const historyKeep = 32

// NewTrack begins a wait for target that starts at the time at and lasts at most maxWait. It uses
// the delays, Grace and Consecutive of o. It rejects an unknown target, a maxWait that is not
// positive and invalid options with an [*InputError].
func (m *Machine[S]) NewTrack(target S, at time.Time, maxWait time.Duration, o WaitOptions) (Track[S], error) {
	var errs InputError
	o.setDefaults()
	m.validateWait(target, maxWait, &errs)
	o.validate(&errs)
	if err := errs.Err(); err != nil {
		return Track[S]{}, err
	}
	return newTrack(target, at, at.Add(maxWait), &o), nil
}

// newTrack begins a wait whose arguments are known to be valid.
func newTrack[S ~string](target S, at, deadline time.Time, o *WaitOptions) Track[S] {
	return Track[S]{
		Target: target, Start: at, Since: at, Deadline: deadline, Now: at,
		MinDelay: o.MinDelay, MaxDelay: o.MaxDelay, Grace: max(o.Grace, 0), Consecutive: o.Consecutive,
	}
}

// validateWait adds every problem of the arguments of a wait.
func (m *Machine[S]) validateWait(target S, maxWait time.Duration, errs *InputError) {
	switch {
	case target == "":
		errs.Add("target", "is empty")
	case !m.Known(target):
		errs.Add("target", fmt.Sprintf("%q is not a state of %s (want one of %v)", string(target), m.Name(), m.states))
	}
	if maxWait <= 0 {
		errs.Add("maxWait", fmt.Sprintf("must be positive, got %s", maxWait))
	}
}

// Observe records a successful read that showed the state s at the time at, and decides: the
// target is reached, or the wait ended for a reason. If it returns neither, the wait continues.
// The first rule that applies decides:
//
//  1. The target: it is reached once Consecutive successful reads in a row show it.
//  2. A state that is not in the table: keep waiting. It is never success, and never counts as
//     leaving a state or returning to one.
//  3. A state that settles into the target: keep waiting; the wait is on its way.
//  4. A state that cannot settle into the target, or an empty state: keep waiting for the grace
//     period, because the read may be stale. The period lasts for Grace after the start of the
//     wait, after the last command, or after the last read that showed the target or a state that
//     settles into it, whichever is latest.
//  5. Such a state after that: [Lapsed] if a read since the last command showed the target or a
//     state that settles into it, otherwise [Unreachable].
//
// A read is assumed to be younger than Grace, so what Observe decides is true of an instant within
// the last Grace.
//
// If the wait would continue at its deadline, it ends as [TimedOut]. Observe may be called again
// after the wait ended.
func (m *Machine[S]) Observe(t *Track[S], s S, at time.Time) (reached bool, ended Reason) {
	return m.observe(t, s, false, at)
}

// observe does what Observe does. blocked means that a state other than the target does not lead
// there, whatever the table says.
func (m *Machine[S]) observe(t *Track[S], s S, blocked bool, at time.Time) (reached bool, ended Reason) {
	t.countRead(at)
	t.Failed = false
	t.appendHistory(s)
	if s == t.Target && m.Known(s) {
		t.progress()
		t.Streak++
		if t.Reached() {
			return true, ""
		}
		return false, t.timedOut()
	}
	t.Streak = 0
	switch {
	case m.Settles(s, t.Target) && !blocked:
		t.progress()
	case s != "" && !m.Known(s) && !blocked:
	case t.Now.Sub(later(t.Since, t.ProgressAt)) < t.Grace:
	case t.Progressing && !blocked:
		return false, Lapsed
	default:
		return false, Unreachable
	}
	return false, t.timedOut()
}

// ObserveFailure records a failed read of the kind k and decides whether the wait ended:
//
//   - [Interrupted] ends it as [Canceled].
//   - [Throttled], [Unavailable] and [Conflict] are tolerated until the deadline. They double the
//     next delay.
//   - [NotFound] is a read of the Absent state if the machine has one, after which
//     [Track.Reached] may be true. Otherwise it ends the wait as [Gone].
//   - Any other kind ends it as [ReadFailed].
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

// Identify records which resource a successful read at the time at was about. id is what the
// service never gives to another resource, unlike a name. Call Identify before [Machine.Observe].
//
// The track is about the first id that it sees. While same is true, pass the read to Observe. A
// read of another id must not be passed to Observe. It may be stale, so keep waiting until Grace
// after the last read of the first id. After that, the wait ended as [Replaced]. An empty id is not
// compared.
func (t *Track[S]) Identify(id string, at time.Time) (same bool, ended Reason) {
	return t.identify(id, t.Grace, at)
}

// identify does what Identify does, with this grace period.
func (t *Track[S]) identify(id string, grace time.Duration, at time.Time) (same bool, ended Reason) {
	if id == "" {
		return true, ""
	}
	if t.Identity == "" || t.Identity == id {
		t.setReadAt(at)
		t.Identity, t.IdentityAt = id, t.Now
		return true, ""
	}
	t.countRead(at)
	t.Streak, t.Failed = 0, false
	if t.Now.Sub(t.IdentityAt) >= grace {
		return false, Replaced
	}
	return false, t.timedOut()
}

// Reached reports whether the last successful read completed the target.
func (t *Track[S]) Reached() bool { return t.Streak > 0 && t.Streak >= t.Consecutive }

// Commanded records that a command was, or may have been, accepted at the time at. It restarts the
// grace period and the delays, and forgets earlier progress. The deadline is unchanged.
func (t *Track[S]) Commanded(at time.Time) {
	t.setNow(at)
	t.Since = t.Now
	t.forgetProgress()
}

// progress records that a read showed the target or a state that settles into it.
func (t *Track[S]) progress() { t.Progressing, t.ProgressAt = true, t.Now }

// forgetProgress forgets what the reads so far have shown of the way to the target.
func (t *Track[S]) forgetProgress() { t.Progressing, t.ProgressAt, t.Streak = false, time.Time{}, 0 }

// Next returns when to read again after a read at the time at, without jitter. The delay is an
// eightieth of the time waited, within MinDelay and MaxDelay, and twice that after a failed read.
// Next is never after the deadline. Once the deadline has passed, it is at.
func (t *Track[S]) Next(at time.Time) time.Time {
	return t.clamp(at, t.delay(at))
}

// clamp returns the time d after at, or the deadline if that comes first. It is never before at.
func (t *Track[S]) clamp(at time.Time, d time.Duration) time.Time {
	return later(earlier(at.Add(d), t.Deadline), at)
}

// delay returns the delay after a read at the time at, without regard to the deadline.
func (t *Track[S]) delay(at time.Time) time.Duration {
	at = later(at, t.Now)
	d := min(max(min(at.Sub(t.Since)/80, t.MaxDelay), t.MinDelay, time.Millisecond), maxDuration)
	if t.Failed {
		d *= 2
	}
	return d
}

// countRead records that a read was made.
func (t *Track[S]) countRead(at time.Time) {
	t.setReadAt(at)
	t.Reads++
}

// setNow records the time at. The callers of a track may have clocks that differ. A time before Now
// does not set Now back, but from then on Now moves as the clock that is behind does. So a clock
// that was ahead does not stop the grace period. A step that is much longer than the delay between
// two reads is the difference between two clocks, and counts as that delay.
func (t *Track[S]) setNow(at time.Time) {
	if !at.Before(t.Now) {
		t.Now, t.Behind = at, time.Time{}
		return
	}
	if passed := at.Sub(t.Behind); !t.Behind.IsZero() && passed > 0 {
		if delay := t.delay(t.Now); passed > max(maxStep, 2*delay) {
			passed = delay
		}
		t.Now = t.Now.Add(passed)
	}
	t.Behind = at
}

// maxStep is the least limit of a step of setNow.
const maxStep = time.Minute

// setReadAt does what setNow does for a read. The delay has passed since the read before it, even
// if the clock of this one is behind.
func (t *Track[S]) setReadAt(at time.Time) {
	if at.Before(t.Now) && t.Reads > 0 && (t.Behind.IsZero() || at.Before(t.Behind)) {
		t.Now = t.Now.Add(t.delay(t.Now))
	}
	t.setNow(at)
}

// timedOut returns TimedOut once the deadline has passed. A Watch has no deadline.
func (t *Track[S]) timedOut() Reason {
	at := t.Now
	if !t.Behind.IsZero() {
		at = t.Behind
	}
	if t.Deadline.IsZero() || at.Before(t.Deadline) {
		return ""
	}
	return TimedOut
}

// earlier returns the earlier of two times. Zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// appendHistory appends a state to the history, unless it is the last one, and keeps it bounded.
func (t *Track[S]) appendHistory(s S) {
	n := len(t.History)
	if n > 0 && t.History[n-1].State == s {
		return
	}
	if n >= 2*historyKeep {
		copy(t.History[historyKeep:], t.History[historyKeep+1:])
		t.History = t.History[:n-1]
		t.Omitted++
	}
	t.History = append(t.History, Sighting[S]{State: s, At: t.Now})
}

// stateChanges returns how many changes of state were observed, including the first state.
func (t *Track[S]) stateChanges() int { return len(t.History) + t.Omitted }

// last returns the state of the last successful read.
func (t *Track[S]) last() S {
	if n := len(t.History); n > 0 {
		return t.History[n-1].State
	}
	return ""
}
