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
	if v.end > deadline+readTimeout {
		return fmt.Sprintf("it ended %v after the deadline", v.end-deadline)
	}
	for _, l := range w.looks {
		if l.at > deadline {
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
	inTarget := func(m moment) bool { return m.state == sc.target }
	asWanted := func(m moment) bool { return m.state == sc.target && m.good }
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
		}
		return ""
	case string(statemachine.Unreachable):
		return wrong(w.during(max(last-w.oldest, w.since(v)), last, func(m moment) bool { return !w.reachable(sc, v, m) }), "Unreachable, and it was reachable")
	case string(statemachine.Lapsed):
		return wrong(w.lapsed(sc, v, last) || !v.ensure && w.setOnWay(sc), "Lapsed, and it did not lapse")
	case string(statemachine.Gone):
		return wrong(lately(func(m moment) bool { return m.state == gone }), "Gone, and it was there")
	case string(statemachine.Canceled):
		return wrong(w.canceled && errors.Is(v.err, errCause), "Canceled, and the context had not ended")
	case string(statemachine.ReadFailed):
		return wrong(w.looks[len(w.looks)-1].fatal, "ReadFailed, and the last read had not failed for good")
	case string(statemachine.TimedOut):
		if v.end < deadline {
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

// since returns the instant from which on the truth counts for a verdict that is no success: an old
// read of what was before the wait, or before the last command took effect, must not lead to one.
// Before its first command an ensure takes no read for an old one.
func (w *world[S]) since(v verdict) time.Duration {
	if !v.ensure {
		return 0
	}
	for _, o := range slices.Backward(w.orders) {
		if o.done {
			return o.sent + latency
		}
	}
	return -w.oldest
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
// it, in the time that the reads up to the last can have shown. Before its first command an
// ensure takes no read for an old one, and what it saw may be in the wrong order.
func (w *world[S]) lapsed(sc *scenario[S], v verdict, last time.Duration) bool {
	anyOrder := v.ensure && len(v.operations) == 0
	for i, m := range w.life {
		if m.at > last || i+1 < len(w.life) && w.life[i+1].at <= -w.oldest || m.state == gone {
			continue
		}
		after := max(last-w.oldest, w.since(v))
		if w.during(after, last, func(n moment) bool {
			return (n.at > m.at || anyOrder) && (n.state == gone || sc.rank[n.state] > sc.rank[m.state])
		}) {
			return true
		}
	}
	return false
}

// setOnWay reports whether another actor set the resource on its way while a wait was on. The
// grace is for what was commanded before the wait began, so that rule 5 takes an old read of
// before that change for a lapse. That is as designed: a wait knows of no other command.
func (w *world[S]) setOnWay(sc *scenario[S]) bool {
	for i := 1; i < len(w.life); i++ {
		if w.life[i].at >= 0 && w.life[i].state != gone && w.heads(w.life[i].state, sc.target) &&
			(w.life[i-1].state == gone || !w.heads(w.life[i-1].state, sc.target)) {
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
			case p.lost && o.sent-p.answer < grace:
				return fmt.Sprintf("%s is sent again %v after its response was lost", o.op, o.sent-p.answer)
			case p.done && o.done && !w.during(p.sent, o.sent, func(m moment) bool {
				return m.at > p.sent && (m.state == gone || sc.rank[m.state] >= sc.rank[p.from] || sc.drifts)
			}):
				return fmt.Sprintf("%s is accepted again while it has effect", o.op)
			}
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

// judgeOperations says what is wrong about the operations that an ensure call reports: those that
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
