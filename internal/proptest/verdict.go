package proptest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// moment is what was true between two instants.
type moment[S ~string] struct {
	state    S
	resource int // of those that had the name, in their order
	from, to time.Time
}

// life returns the truth, from the beginning of the history to the end of the call.
func (c *Call[S]) life() (life []moment[S]) {
	resource := 0
	for i, s := range c.History {
		from, to := s.At, c.Ended
		if i+1 < len(c.History) {
			to = c.History[i+1].At
		}
		for resource < len(c.Replaced) && !c.Replaced[resource].After(from) {
			resource++
		}
		for resource < len(c.Replaced) && c.Replaced[resource].Before(to) {
			life = append(life, moment[S]{s.State, resource, from, c.Replaced[resource]})
			from = c.Replaced[resource]
			resource++
		}
		life = append(life, moment[S]{s.State, resource, from, to})
	}
	return life
}

// span is the time that a read can have shown.
type span struct{ from, to time.Time }

// overlaps reports whether some instant of a moment is in the span.
func (m moment[S]) overlaps(s span) bool { return !m.from.After(s.to) && !m.to.Before(s.from) }

// checkVerdict says what is wrong about how the call ended. It knows what was true when, and none
// of the rules by which the call decided: a verdict is right if an observer of the resource could
// give it about an instant that the last read can have shown.
func (c *Call[S]) checkVerdict() (list []string) {
	wrong := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	decided := c.shown(c.lastRead)
	late := decided // without what was before the call or its last command
	if since := c.since(); since.After(late.from) {
		late.from = since
	}
	subject := c.subject()
	same := func(m moment[S]) bool { return subject == nil || slices.Contains(subject, m.resource) }
	is := func(in span, such func(m moment[S]) bool) bool {
		return slices.ContainsFunc(c.life(), func(m moment[S]) bool { return m.overlaps(in) && such(m) })
	}
	inTarget := func(m moment[S]) bool { return m.state == c.Target && same(m) }
	restart, restarted := errors.AsType[*statemachine.RestartError](c.Err)
	switch {
	case restarted && restart.To.IsZero(): // its error may be of before the attempt to restore
		return nil
	case restarted, c.Err == nil:
		if c.seenBefore() {
			decided = late
		}
		wrong(is(decided, inTarget), "success, but it never was %s from %s to %s: %v, %v", c.Target, decided.from, decided.to, c.History, c.Replaced)
		return list
	}
	wait, ok := errors.AsType[*statemachine.WaitError](c.Err)
	if !ok {
		return nil
	}
	switch wait.Reason {
	case statemachine.Unreachable:
		wrong(is(late, func(m moment[S]) bool { return same(m) && !c.leads(m.state) }), "unreachable, but it led to %s from %s to %s: %v", c.Target, late.from, late.to, c.History)
	case statemachine.Lapsed:
		wrong(c.wentBack(late, same), "lapsed, but it did not go back from %s to %s: %v, %v", late.from, late.to, c.History, c.Replaced)
	case statemachine.Replaced:
		another := func(m moment[S]) bool { return len(subject) > 1 || m.resource != subject[0] }
		wrong(subject != nil && is(decided, another), "replaced, but it was the same resource: %v", c.Replaced)
	case statemachine.TimedOut:
		wrong(!c.Ended.Before(c.Began.Add(c.MaxWait)), "timed out after %s of %s", c.Ended.Sub(c.Began), c.MaxWait)
	default: // none of these worlds has a reason for it
		wrong(false, "ended as %s", wait.Reason)
	}
	return list
}

// shown returns the time that a read can have shown whose response came at an instant.
func (c *Call[S]) shown(response time.Time) span {
	made := c.Began
	for _, r := range c.calls(c.Read) {
		if r.At.After(response) {
			break
		}
		made = r.At
	}
	return span{made.Add(-c.MaxStaleness), response}
}

// since returns from when on the truth counts for a verdict that is no success: the beginning of
// the call, or when its last command was carried out.
func (c *Call[S]) since() time.Time {
	since := c.Began
	for _, sent := range c.calls(c.Allowed...) {
		if sent.Accepted {
			since = sent.At
		}
	}
	return since
}

// seenBefore reports whether a read within the grace period before the last command that was
// carried out showed the target. If none did, a read of the target cannot be that old.
func (c *Call[S]) seenBefore() bool {
	since := c.since()
	return since.After(c.Began) && slices.ContainsFunc(c.seen, func(s statemachine.Sighting[S]) bool {
		return s.State == c.Target && s.At.Before(since) && since.Sub(s.At) < grace
	})
}

// subject returns the resource that the call is about: the one that its first read showed or, if it
// may run operations, the one that it sent the first command to. There are several if that read can
// have shown several. It returns nil before the first command of an Ensure method, which is about
// whatever has the name.
func (c *Call[S]) subject() (resources []int) {
	var fixed time.Time // when it had the response of the read that says which
	if len(c.Allowed) == 0 && len(c.seen) > 0 {
		fixed = c.seen[0].At
	}
	sent := c.calls(c.Allowed...)
	for _, s := range c.seen {
		if len(sent) > 0 && !s.At.After(sent[0].At) {
			fixed = s.At
		}
	}
	if fixed.IsZero() {
		return nil
	}
	for _, m := range c.life() {
		if m.overlaps(c.shown(fixed)) {
			resources = append(resources, m.resource)
		}
	}
	return resources
}

// distances returns how far each state is from a target: the number of operations and, less
// important, of steps that the service makes on its own. Only operations that are usable count. A
// state that is not listed does not lead there.
func (c *Call[S]) distances(target S, usable func(statemachine.Operation) bool) map[S]int {
	const operation = 1000
	far := map[S]int{target: 0}
	for range c.Machine.Transitions() { // the longest way has as many steps
		for _, t := range c.Machine.Transitions() {
			d, ok := far[t.To]
			switch {
			case !ok, t.Lapse, t.By != "" && !usable(t.By):
				continue
			case t.By != "":
				d += operation
			default:
				d++
			}
			if known, ok := far[t.From]; !ok || d < known {
				far[t.From] = d
			}
		}
	}
	return far
}

// leads reports whether the state leads to the target with the operations that are left.
func (c *Call[S]) leads(state S) bool {
	_, ok := c.distances(c.Target, func(op statemachine.Operation) bool {
		return slices.Contains(c.Allowed, op) && !slices.Contains(c.Reported, op)
	})[state]
	return ok
}

// wentBack reports whether the resource was nearer to the target than it was later, at an instant
// of the span. For a restart, the target may also be where it leads through.
func (c *Call[S]) wentBack(late span, same func(moment[S]) bool) bool {
	targets := []S{c.Target}
	for _, t := range c.Machine.Transitions() {
		if c.Restarts && slices.Contains(c.Allowed, t.By) {
			targets = append(targets, t.From)
		}
	}
	return slices.ContainsFunc(targets, func(target S) bool {
		far := c.distances(target, func(statemachine.Operation) bool { return true })
		nearest := math.MaxInt
		for _, m := range c.life() {
			d, ok := far[m.state]
			if !ok {
				d = math.MaxInt
			}
			if !same(m) || m.to.Before(c.Began.Add(-c.MaxStaleness)) {
				continue
			}
			if m.overlaps(late) && d > nearest {
				return true
			}
			nearest = min(nearest, d)
		}
		return false
	})
}
