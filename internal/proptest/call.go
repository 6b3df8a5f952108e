package proptest

import (
	"errors"
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

// Call is a call of a Wait or an Ensure method against a simulator, with what the simulator
// recorded.
type Call[S ~string] struct {
	Machine      *statemachine.Machine[S]
	Read         statemachine.Operation // that shows the state
	Target       S
	Allowed      []statemachine.Operation // that the call may run; a wait runs none
	MaxWait      time.Duration
	MaxStaleness time.Duration // the maximum age of its reads, less than the grace period
	NoRivals     bool          // no other actor changed anything
	Rand         *Rand         // that failed the calls
	Restarts     bool          // the call may restart a drifted resource, and then goes back if that fails

	Began, Ended time.Time
	Err          error
	Reported     []statemachine.Operation // what the call reported as accepted
	History      []statemachine.Sighting[S]
	Calls        []simulator.Call // in the order of their arrival
	Replaced     []time.Time      // when the name was given to another resource

	seen     []statemachine.Sighting[S] // what its reads showed, and when it had the response
	lastRead time.Time                  // when it had the last response that showed a resource
	accepted []statemachine.Operation   // that OnProgress received

	commanded time.Time // when the last command began
	unsent    []unsent  // the commands that did not reach the server
	ends      int       // that OnProgress received
}

// unsent is a command that was not sent, and when it failed.
type unsent struct {
	op statemachine.Operation
	at time.Time
}

// OnProgress records what the call does. Set it in the [statemachine.WaitOptions] of the call.
func (c *Call[S]) OnProgress(p statemachine.Progress) {
	switch {
	case p.Type == statemachine.ProgressRead && p.Err == nil:
		c.seen = append(c.seen, statemachine.Sighting[S]{State: S(p.State), At: time.Now()})
		c.lastRead = time.Now()
	case p.Type == statemachine.ProgressRead && errors.As(p.Err, new(*statemachine.IdentityError)):
		c.lastRead = time.Now()
	case p.Type == statemachine.ProgressRejected, p.Type == statemachine.ProgressLost:
		if c.Rand.unsentSince(c.commanded) {
			c.unsent = append(c.unsent, unsent{p.Operation, time.Now()})
		}
	case p.Type == statemachine.ProgressCommand:
		c.commanded = time.Now()
	case p.Type == statemachine.ProgressAccepted:
		c.accepted = append(c.accepted, p.Operation)
	case p.Type == statemachine.ProgressEnded:
		c.ends++
	}
}

// Sent counts the commands that the server received.
func (c *Call[S]) Sent() int { return len(c.calls(c.Allowed...)) }

// Violations lists the rules that the call violated.
func (c *Call[S]) Violations() (list []string) {
	wrong := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if took := c.Ended.Sub(c.Began); took > c.MaxWait+readTimeout {
		wrong("it took %s of %s", took, c.MaxWait)
	}
	list = append(list, c.checkVerdict()...)
	if c.ends != 1 || !slices.Equal(c.accepted, c.Reported) {
		wrong("OnProgress received %d ends, and %v as accepted; %v is reported", c.ends, c.accepted, c.Reported)
	}
	for _, t := range c.Machine.Transitions() {
		if t.By != "" && !slices.Contains(c.Allowed, t.By) && len(c.calls(t.By)) > 0 {
			wrong("%s was sent to get it %s", t.By, c.Target)
		}
	}
	for _, op := range c.Allowed {
		for _, w := range c.checkCommands(op) {
			wrong("%s %s", op, w)
		}
	}
	return list
}

// checkCommands lists what is wrong with the commands of one operation.
func (c *Call[S]) checkCommands(op statemachine.Operation) (list []string) {
	wrong := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	var carriedOut, answered int
	var last time.Time // when one was sent that may have been carried out, without a response that says so
	var accepted time.Time
	calls, most := c.calls(op), c.most(op)
	for _, u := range c.unsent {
		next := c.Ended
		if i := slices.IndexFunc(calls, func(sent simulator.Call) bool { return sent.At.After(u.at) }); i >= 0 {
			next = calls[i].At
		}
		if i := slices.IndexFunc(c.unsent, func(v unsent) bool { return v.at.After(u.at) }); i >= 0 && c.unsent[i].at.Before(next) {
			next = c.unsent[i].at
		}
		if n := c.needed(u.at, next); u.op == op && n > 2 {
			wrong("was not sent, and not sent again although %d reads showed that it is necessary", n)
		}
	}
	for _, sent := range calls {
		switch took := sent.At.Sub(last); {
		case answered >= most:
			wrong("was sent after it had been accepted")
		case answered > 0 && sent.At.Sub(accepted) < grace:
			wrong("was sent %s after it had been accepted", sent.At.Sub(accepted))
		case !last.IsZero() && took < grace: // until then a read may be old
			wrong("was sent %s after one that may have been carried out", took)
		}
		if sent.Accepted {
			carriedOut++
		}
		switch {
		case ambiguous(sent):
			last = sent.At
		case sent.Accepted:
			answered++
			accepted = sent.At
		}
		if carriedOut > most && sent.Accepted && c.couldKnow(op, calls, sent.At) {
			wrong("was accepted %d times", carriedOut)
		}
	}
	reported := 0
	for _, r := range c.Reported {
		if r == op {
			reported++
		}
	}
	switch {
	case reported > most || reported < answered || last.IsZero() && reported > answered:
		wrong("was accepted %d times, %d are reported", answered, reported)
	case c.NoRivals && c.MaxStaleness == 0 && reported > carriedOut: // else it may be that what was under way before showed only now
		wrong("is reported, and was never carried out")
	}
	return list
}

// needed counts the reads between two times that showed the same state as the read before them.
func (c *Call[S]) needed(from, to time.Time) (n int) {
	var before S
	for _, s := range c.seen {
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
func (c *Call[S]) most(op statemachine.Operation) int {
	left := slices.ContainsFunc(c.Reported, func(reported statemachine.Operation) bool {
		return c.Machine.Permits(c.Target, reported)
	})
	if c.Restarts && left && !c.Machine.Permits(c.Target, op) {
		return 2
	}
	return 1
}

// couldKnow reports whether the caller could know, before op was executed at the time at, that it
// had been executed before. Without other actors it always could. Otherwise a read must have shown
// the effect, because another actor may undo between two reads a command whose response was lost.
func (c *Call[S]) couldKnow(op statemachine.Operation, calls []simulator.Call, at time.Time) bool {
	if c.NoRivals {
		return true
	}
	first := slices.IndexFunc(calls, func(sent simulator.Call) bool { return sent.Accepted })
	return slices.ContainsFunc(c.seen, func(s statemachine.Sighting[S]) bool {
		return s.At.After(calls[first].At) && s.At.Before(at) && slices.ContainsFunc(c.Machine.Transitions(), func(t statemachine.Transition[S]) bool {
			return t.By == op && c.Machine.Settles(t.To, s.State)
		})
	})
}

// calls returns the requests for any of the operations since the call began.
func (c *Call[S]) calls(ops ...statemachine.Operation) (calls []simulator.Call) {
	for _, made := range c.Calls {
		if slices.Contains(ops, made.Operation) && !made.At.Before(c.Began) {
			calls = append(calls, made)
		}
	}
	return calls
}

// ambiguous reports whether the response of a call leaves open whether it was executed.
func ambiguous(sent simulator.Call) bool { return sent.Status == 0 || sent.Status >= 500 }

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
