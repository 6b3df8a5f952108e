package proptest

import (
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The defaults of the library that the rules are about.
const (
	readTimeout = 30 * time.Second
	grace       = time.Minute
)

// Ensure is a call of an Ensure method against a simulator, with what the simulator recorded.
type Ensure[S ~string] struct {
	Machine      *statemachine.Machine[S]
	Target       S
	Allowed      []statemachine.Operation // that the call may run
	MaxWait      time.Duration
	MaxStaleness time.Duration // the maximum age of its reads, less than the grace period
	NoRivals     bool          // no other actor changed anything
	Rand         *Rand         // that failed the calls
	Restarts     bool          // the call may restart a drifted resource, and then goes back if that fails

	Began, Ended time.Time
	Err          error
	Reported     []statemachine.Operation // what the call reported as accepted
	History      []statemachine.Sighting[S]
	Calls        []simulator.Call

	seen     []statemachine.Sighting[S] // what its reads showed, and when
	accepted []statemachine.Operation   // that OnProgress received
	ends     int                        // that OnProgress received
}

// OnProgress records what the call does. Set it in the [statemachine.WaitOptions] of the call.
func (e *Ensure[S]) OnProgress(p statemachine.Progress) {
	switch {
	case p.Type == statemachine.ProgressRead && p.Err == nil:
		e.seen = append(e.seen, statemachine.Sighting[S]{State: S(p.State), At: time.Now()})
	case p.Type == statemachine.ProgressAccepted:
		e.accepted = append(e.accepted, p.Operation)
	case p.Type == statemachine.ProgressEnded:
		e.ends++
	}
}

// Sent counts the commands that the server received.
func (e *Ensure[S]) Sent() int {
	n := 0
	for _, op := range e.Allowed {
		n += len(e.calls(op))
	}
	return n
}

// Violations lists the rules that the call violated.
func (e *Ensure[S]) Violations() (list []string) {
	wrong := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if took := e.Ended.Sub(e.Began); took > e.MaxWait+readTimeout {
		wrong("it took %s of %s", took, e.MaxWait)
	}
	if e.Err == nil && !WasInState(e.History, e.Target, e.Began.Add(-e.MaxStaleness), e.Ended) {
		wrong("success, but it never was %s: %v", e.Target, e.History)
	}
	if e.ends != 1 || !slices.Equal(e.accepted, e.Reported) {
		wrong("OnProgress received %d ends, and %v as accepted; %v is reported", e.ends, e.accepted, e.Reported)
	}
	for _, t := range e.Machine.Transitions() {
		if t.By != "" && !slices.Contains(e.Allowed, t.By) && len(e.calls(t.By)) > 0 {
			wrong("%s was sent to get it %s", t.By, e.Target)
		}
	}
	for _, op := range e.Allowed {
		for _, w := range e.checkCommands(op) {
			wrong("%s %s", op, w)
		}
	}
	return list
}

// checkCommands lists what is wrong with the commands of one operation.
func (e *Ensure[S]) checkCommands(op statemachine.Operation) (list []string) {
	wrong := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	var carriedOut, answered int
	var last time.Time // when one was sent that may have been carried out, without a response that says so
	var accepted time.Time
	calls, most := e.calls(op), e.most(op)
	for i, c := range calls {
		if e.Rand.Unsent(c.At) {
			next := e.Ended
			if i+1 < len(calls) {
				next = calls[i+1].At
			}
			if n := e.needed(c.At, next); n > 2 {
				wrong("was not sent, and not sent again although %d reads showed that it is necessary", n)
			}
			continue
		}
		switch took := c.At.Sub(last); {
		case answered >= most:
			wrong("was sent after it had been accepted")
		case answered > 0 && c.At.Sub(accepted) < grace:
			wrong("was sent %s after it had been accepted", c.At.Sub(accepted))
		case !last.IsZero() && took < grace: // until then a read may be old
			wrong("was sent %s after one that may have been carried out", took)
		}
		if c.Accepted {
			carriedOut++
		}
		switch {
		case ambiguous(c):
			last = c.At
		case c.Accepted:
			answered++
			accepted = c.At
		}
		if carriedOut > most && c.Accepted && e.couldKnow(op, calls, c.At) {
			wrong("was accepted %d times", carriedOut)
		}
	}
	reported := 0
	for _, r := range e.Reported {
		if r == op {
			reported++
		}
	}
	switch {
	case reported > most || reported < answered || last.IsZero() && reported > answered:
		wrong("was accepted %d times, %d are reported", answered, reported)
	case e.NoRivals && e.MaxStaleness == 0 && reported > carriedOut: // else it may be that what was under way before showed only now
		wrong("is reported, and was never carried out")
	}
	return list
}

// needed counts the reads between two times that showed the same state as the read before them.
func (e *Ensure[S]) needed(from, to time.Time) (n int) {
	var before S
	for _, s := range e.seen {
		switch {
		case !s.At.After(from):
			before = s.State
		case s.State != before || !s.At.Before(to):
			return n
		default:
			n++
		}
	}
	return n
}

// most returns how often op may be accepted: once, and once more if it brings a resource back to
// its target that a restart took out of it.
func (e *Ensure[S]) most(op statemachine.Operation) int {
	left := slices.ContainsFunc(e.Reported, func(reported statemachine.Operation) bool {
		return e.Machine.Permits(e.Target, reported)
	})
	if e.Restarts && left && !e.Machine.Permits(e.Target, op) {
		return 2
	}
	return 1
}

// couldKnow reports whether the caller could know, before op was executed at the time at, that it
// had been executed before. Without rivals it always could. Otherwise a read must have shown the
// effect, because a rival may undo between two reads a command whose response was lost.
func (e *Ensure[S]) couldKnow(op statemachine.Operation, calls []simulator.Call, at time.Time) bool {
	if e.NoRivals {
		return true
	}
	first := slices.IndexFunc(calls, func(c simulator.Call) bool { return c.Accepted })
	return slices.ContainsFunc(e.seen, func(s statemachine.Sighting[S]) bool {
		return s.At.After(calls[first].At) && s.At.Before(at) && slices.ContainsFunc(e.Machine.Transitions(), func(t statemachine.Transition[S]) bool {
			return t.By == op && e.Machine.Settles(t.To, s.State)
		})
	})
}

func (e *Ensure[S]) calls(op statemachine.Operation) (calls []simulator.Call) {
	for _, c := range e.Calls {
		if c.Operation == op && !c.At.Before(e.Began) {
			calls = append(calls, c)
		}
	}
	return calls
}

// ambiguous reports whether the response of a call leaves open whether it was executed.
func ambiguous(c simulator.Call) bool { return c.Status == 0 || c.Status >= 500 }

// WasInState reports whether a resource was in a state at some instant of an interval, both ends
// included.
func WasInState[S ~string](history []statemachine.Sighting[S], state S, from, to time.Time) bool {
	for i, s := range history {
		ends := to.Add(1)
		if i+1 < len(history) {
			ends = history[i+1].At
		}
		if s.State == state && !s.At.After(to) && ends.After(from) {
			return true
		}
	}
	return false
}
