package modeltest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// verdict is what a wait or an ensure said, and when.
type verdict struct {
	err        error
	end        time.Duration
	operations []statemachine.Operation
	ensure     bool
}

// word returns "success", a Reason, "drifted", or "denied" for the error of a command.
func (v verdict) word() string {
	wait, ok := errors.AsType[*statemachine.WaitError](v.err)
	switch {
	case v.err == nil:
		return "success"
	case ok:
		return string(wait.Reason)
	case errors.Is(v.err, statemachine.Drifted):
		return "drifted"
	case errors.Is(v.err, statemachine.AccessDenied):
		return "denied"
	}
	return "?: " + v.err.Error()
}

// judge holds a verdict against the truth. It says what is wrong, or nothing.
func (w *world[S]) judge(sc *scenario[S], v verdict) string {
	deadline := sc.maxWait()
	if sc.skewed {
		if late := w.late(v); late != "" {
			return late
		}
	} else if v.end > deadline+readTimeout {
		return fmt.Sprintf("it ended %v after the deadline", v.end-deadline)
	}
	for _, l := range w.looks {
		if l.at > deadline && !sc.skewed {
			return fmt.Sprintf("a read at %v, after the deadline", l.at)
		}
	}
	if wrong := w.judgeOrders(sc, v); wrong != "" {
		return wrong
	}
	good := slices.DeleteFunc(slices.Clone(w.looks), func(l read) bool { return l.failed })
	var last time.Duration // the read that decided
	if len(good) > 0 {
		last = good[len(good)-1].at
	}
	// lately reports whether the truth was such when the last read was made, or within the injected
	// staleness before.
	lately := func(such func(moment) bool) bool { return w.during(last-w.oldest, last, such) }
	id, fixed := w.identity(v)
	inTarget := func(m moment) bool { return m.state == sc.target && m.id == id }
	asWanted := func(m moment) bool { return inTarget(m) && m.good }
	wrong := func(ok bool, text string) string {
		if ok {
			return ""
		}
		return text
	}
	switch word := v.word(); word {
	case "success":
		if len(good) < sc.consecutive() {
			return "too few reads for a success"
		}
		for _, l := range good[len(good)-sc.consecutive():] {
			if !w.during(l.at-w.oldest, l.at, asWanted) {
				return "success without the target"
			}
			if since := w.since(); w.seenBefore(sc) && !w.during(max(l.at-w.oldest, since), l.at, asWanted) {
				return "success from before its own command"
			}
		}
		return ""
	case string(statemachine.Unreachable):
		return wrong(w.during(max(last-w.oldest, w.since()), last, func(m moment) bool { return m.id == id && !w.reachable(sc, v, m) }), "Unreachable, and it was reachable")
	case string(statemachine.Lapsed):
		return wrong(w.lapsed(sc, v, id, last), "Lapsed, and it did not lapse")
	case string(statemachine.Gone):
		return wrong(lately(func(m moment) bool { return m.state == gone }), "Gone, and it was there")
	case string(statemachine.Replaced):
		other := func(m moment) bool { return m.id != id }
		for _, l := range w.looks { // a state that no table has is one of the other resource
			if l.id != unknown {
				last = l.at
			}
		}
		return wrong(fixed && w.during(max(last-w.oldest, 0), last, other), "Replaced, and it was the same resource")
	case string(statemachine.Canceled):
		return wrong(w.canceled && errors.Is(v.err, errCause), "Canceled, and the context had not ended")
	case string(statemachine.ReadFailed):
		return wrong(w.looks[len(w.looks)-1].fatal, "ReadFailed, and the last read had not failed for good")
	case string(statemachine.TimedOut):
		if v.end < deadline && !w.ahead {
			return fmt.Sprintf("TimedOut %v before the deadline", deadline-v.end)
		}
		return w.inTime(sc, v)
	case "drifted":
		return wrong(lately(func(m moment) bool { return inTarget(m) && !m.good }), "Drifted, and the settings were right")
	case "denied":
		return wrong(w.denied, "the error of a command that there was none of")
	default:
		return "no verdict: " + word
	}
}

// identity returns the ID of the resource that a verdict has to be about. It is fixed by the first
// read of a wait, and by the first command of an ensure that may have been executed.
func (w *world[S]) identity(v verdict) (id int, fixed bool) {
	looks := w.looks
	if v.ensure {
		if i := slices.IndexFunc(w.orders, func(o command) bool { return !o.unsent }); i >= 0 {
			looks, fixed = looks[:w.orders[i].looks], true
		}
		looks = slices.Clone(looks)
		slices.Reverse(looks)
	}
	for _, l := range looks {
		if l.id != unknown {
			return l.id, fixed || !v.ensure
		}
	}
	return 0, fixed
}

// since returns the instant from which on the truth counts for a verdict that is no success: an old
// read of what was before the wait, or before the last command took effect, must not lead to one.
func (w *world[S]) since() time.Duration {
	for _, o := range slices.Backward(w.orders) {
		if o.done {
			return o.sent + latency
		}
	}
	return 0
}

// late says whether a verdict came much later than a grace after the last thing that happened,
// because of a clock that was wrong.
func (w *world[S]) late(v verdict) string {
	last := w.truth().at
	for _, l := range w.looks {
		if l.failed || w.oldest > 0 {
			last = max(last, l.at)
		}
	}
	for _, o := range w.orders {
		last = max(last, o.answer)
	}
	word := v.word()
	if waited := v.end - max(last, 0); (word == string(statemachine.Unreachable) || word == string(statemachine.Lapsed) || word == "success") && waited > 2*grace+2*delay {
		return fmt.Sprintf("%s %v after the last event", word, waited)
	}
	return ""
}

// inTime says what is wrong about a wait that was not decided by the deadline.
func (w *world[S]) inTime(sc *scenario[S], v verdict) string {
	if sc.longWait && !w.disturbed && w.attainable(sc, v) {
		return "TimedOut, and nothing stood in the way"
	}
	return ""
}

// attainable reports whether the target could be had from the state in the beginning.
func (w *world[S]) attainable(sc *scenario[S], v verdict) bool {
	if !v.ensure {
		return w.heads(sc.start, sc.target)
	}
	plans, ok := w.plans(sc.start, sc.target)
	return ok && slices.ContainsFunc(plans, func(plan []statemachine.Operation) bool { return sc.mayRun(plan, nil) })
}

// reachable reports whether a resource in such a state gets to the target: in a wait by itself, in
// an ensure by operations that it may run and that were not accepted before.
func (w *world[S]) reachable(sc *scenario[S], v verdict, m moment) bool {
	if !v.ensure {
		return w.heads(m.state, sc.target)
	}
	return slices.ContainsFunc(sc.plansOf(m), func(plan []statemachine.Operation) bool { return sc.mayRun(plan, v.operations) })
}

// lapsed reports whether the truth went back, from a state nearer to the target to one farther from
// it. It considers the time that the reads up to the last can have shown. Before its first command,
// what an ensure saw may be in the wrong order.
func (w *world[S]) lapsed(sc *scenario[S], v verdict, id int, last time.Duration) bool {
	anyOrder := v.ensure && len(v.operations) == 0
	for i, m := range w.life {
		if m.at > last || i+1 < len(w.life) && w.life[i+1].at <= -w.oldest || m.state == gone || m.id != id {
			continue
		}
		after := max(last-w.oldest, w.since())
		if w.during(after, last, func(n moment) bool {
			return n.id == id && (n.at > m.at || anyOrder) && (n.state == gone || sc.rank[n.state] > sc.rank[m.state])
		}) {
			return true
		}
	}
	return false
}

// judgeOrders says what is wrong about the commands of an ensure.
func (w *world[S]) judgeOrders(sc *scenario[S], v verdict) string {
	var acknowledged []statemachine.Operation
	for i, o := range w.orders {
		if o.sent >= sc.maxWait() {
			return fmt.Sprintf("a command at %v, after the deadline", o.sent)
		}
		if !sc.mayRun([]statemachine.Operation{o.op}, nil) {
			return fmt.Sprintf("%s is none that it may run", o.op)
		}
		if i > 0 && w.orders[i-1].looks == o.looks {
			return fmt.Sprintf("%s without a read before it", o.op)
		}
		for _, p := range w.orders[:i] {
			switch {
			case p.op != o.op:
			case p.accepted:
				return fmt.Sprintf("%s is sent again after it was accepted", o.op)
			case p.lost && o.sent-p.answer < grace && !w.ahead:
				return fmt.Sprintf("%s is sent again %v after its response was lost", o.op, o.sent-p.answer)
			case p.unsent && !sc.drifts && p.looks == w.orders[i-1].looks && !w.disturbed && w.oldest == 0 && w.shown(p.looks, o.looks) > 1:
				return fmt.Sprintf("%s is sent again only after %d reads, although it was never sent", o.op, o.looks-p.looks)
			case p.done && o.done && !w.during(p.sent, o.sent, func(m moment) bool {
				return m.at > p.sent && (m.state == gone || sc.rank[m.state] >= sc.rank[p.from] || sc.drifts)
			}):
				return fmt.Sprintf("%s is accepted again while it has effect", o.op)
			}
		}
		if i == 0 && sc.drifts && !w.during(0, o.sent, func(m moment) bool { return m.state != sc.target || !m.good }) {
			return fmt.Sprintf("%s to what had been as wanted all the time", o.op)
		}
		if w.unreasonable(sc, o) {
			return fmt.Sprintf("%s at %v is on no shortest way from where the resource was", o.op, o.sent)
		}
		if o.accepted {
			acknowledged = append(acknowledged, o.op)
		}
	}
	return w.judgeOperations(v, acknowledged)
}

// shown counts the reads from one to before another that showed a state of the table.
func (w *world[S]) shown(from, to int) int {
	n := 0
	for _, l := range w.looks[from:to] {
		if !l.failed {
			n++
		}
	}
	return n
}

// seenBefore reports whether a read within the grace before the last command showed the target. A
// target that was never seen may be that of before the command.
func (w *world[S]) seenBefore(sc *scenario[S]) bool {
	if len(w.orders) == 0 {
		return false
	}
	last := w.orders[len(w.orders)-1]
	return slices.ContainsFunc(w.looks[:last.looks], func(l read) bool {
		return !l.failed && l.state == sc.target && l.good && last.sent-l.at < grace
	})
}

// judgeOperations says what is wrong about the operations that an Ensure call reports: those that
// were accepted, and those whose response was lost but that took effect.
func (w *world[S]) judgeOperations(v verdict, acknowledged []statemachine.Operation) string {
	for i, op := range v.operations {
		if slices.Contains(v.operations[:i], op) {
			return fmt.Sprintf("%s twice in %v", op, v.operations)
		}
		if !slices.ContainsFunc(w.orders, func(o command) bool { return o.op == op && (o.accepted || o.lost) }) {
			return fmt.Sprintf("%s in %v, which was never sent, or refused", op, v.operations)
		}
		if !w.disturbed && w.oldest == 0 && !slices.ContainsFunc(w.orders, func(o command) bool { return o.op == op && o.done }) {
			return fmt.Sprintf("%s in %v, which never took effect", op, v.operations)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(v.operations), func(op statemachine.Operation) bool { return !slices.Contains(acknowledged, op) })
	if !slices.Equal(rest, acknowledged) {
		return fmt.Sprintf("operations %v, and %v were accepted", v.operations, acknowledged)
	}
	return ""
}

// unreasonable reports whether a command was on no shortest way to the target from any state that
// the read before it can have shown.
func (w *world[S]) unreasonable(sc *scenario[S], o command) bool {
	var at time.Duration
	for _, l := range w.looks[:o.looks] {
		if !l.failed {
			at = l.at
		}
	}
	return !w.during(at-w.oldest, at, func(m moment) bool {
		return slices.ContainsFunc(sc.plansOf(m), func(plan []statemachine.Operation) bool { return len(plan) > 0 && plan[0] == o.op })
	})
}
