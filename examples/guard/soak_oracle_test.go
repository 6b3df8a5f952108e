package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The oracle holds what the library says of a resource against what the simulator says was true, instant by instant. It takes the table of
// transitions as data, and what follows from it it works out by itself. It knows nothing of Observe, Plan and Settles.

// gone is the state of a resource that does not exist, where its machine has no name for that.
const gone = ""

// grace is how long a command that was lost may still show nothing: the library's default.
const grace = time.Minute

// stale is how old what a read shows can be when the library has it.
const stale = oldest + readTimeout + time.Second

// moment is the truth from an instant on.
type moment struct {
	at    time.Time
	state string
}

// life is the truth about one resource.
type life []moment

// during tells whether the truth was such at some instant of a span.
func (l life) during(from, to time.Time, such func(state string) bool) bool {
	for i, m := range l {
		if !m.at.After(to) && (i+1 == len(l) || l[i+1].at.After(from)) && such(m.state) {
			return true
		}
	}
	return false
}

// was is during for one state.
func (l life) was(state string, from, to time.Time) bool {
	return l.during(from, to, func(s string) bool { return s == state })
}

// step is a transition of a table.
type step struct {
	from, to string
	by       statemachine.Operation
	lapse    bool
}

// table is a machine's, with states as plain text.
type table []step

func tableOf[S ~string](m *statemachine.Machine[S]) table {
	var t table
	for _, tr := range m.Transitions() {
		t = append(t, step{from: string(tr.From), to: string(tr.To), by: tr.By, lapse: tr.Lapse})
	}
	return t
}

// costs are how many operations each state is from the target, if these may be run. A state that is not in it does not lead there.
func (t table) costs(target string, may func(statemachine.Operation) bool) map[string]int {
	cost := map[string]int{target: 0}
	for range t { // the longest way has no more steps than the table
		for _, st := range t {
			c, ok := cost[st.to]
			if !ok || st.lapse || st.by != "" && !may(st.by) {
				continue
			}
			if st.by != "" {
				c++
			}
			if old, ok := cost[st.from]; !ok || c < old {
				cost[st.from] = c
			}
		}
	}
	return cost
}

// order is a command that the service got.
type order struct {
	op       statemachine.Operation
	at       time.Time
	fate     string
	accepted bool // it was carried out
}

// answered tells whether the caller got to know that it was carried out.
func (o order) answered() bool { return o.accepted && (o.fate == "" || o.fate == late) }

// doubtful tells whether the caller could not know whether it was carried out.
func (o order) doubtful() bool {
	return slices.Contains([]string{failing, reset, lost, tooLate, hung}, o.fate)
}

// verdict is what a wait or an ensure said.
type verdict struct {
	target     string
	begin, end time.Time
	least      time.Duration // the deadline, by a clock that may have been put forward
	most       time.Duration // the deadline, by a clock that may have been put back
	patience   time.Duration // no time out if the target was there for so long before; zero: it is not asked
	ensure     bool
	runs       []statemachine.Operation // that it may run
	operations []statemachine.Operation // that it says were accepted
	err        error
}

// facts are what the oracle needs to know beside the verdict.
type facts struct {
	table  table
	life   life
	orders []order // of this ensure
	denied bool    // access was denied just before the end
	ended  bool    // the caller's context had ended
	stormy bool    // there was a storm in the time of patience
}

// word is the verdict in one word.
func (v *verdict) word() string {
	wait, ok := errors.AsType[*statemachine.WaitError](v.err)
	switch {
	case v.err == nil:
		return "success"
	case ok:
		return string(wait.Reason)
	}
	return "refused: " + string(statemachine.KindOf(v.err))
}

// judge says what is wrong about a verdict, or nothing.
func (v *verdict) judge(f *facts) string {
	if late := v.end.Sub(v.begin.Add(v.most)); late > readTimeout+time.Second {
		return fmt.Sprintf("it ended %v after the deadline", late)
	}
	if wrong := v.judgeOrders(f); wrong != "" {
		return wrong
	}
	if !slices.Contains(v.right(f), v.word()) {
		return fmt.Sprintf("%s, and it can only have been %q", v.word(), v.right(f))
	}
	return ""
}

// right lists the verdicts that the truth allows.
func (v *verdict) right(f *facts) []string {
	var words []string
	allow := func(word string, ok bool) {
		if ok {
			words = append(words, word)
		}
	}
	old := v.end.Add(-stale)
	since := v.begin // before its first command an ensure takes no read for an old one
	if v.ensure {
		since = old
	}
	for _, o := range f.orders {
		if o.accepted {
			since = o.at
		}
	}
	recent := old
	if since.After(recent) {
		recent = since
	}
	reach := f.table.costs(v.target, func(op statemachine.Operation) bool {
		return slices.Contains(v.runs, op) && !slices.Contains(v.operations, op)
	})
	allow("success", f.life.was(v.target, old, v.end))
	allow(string(statemachine.Unreachable), f.life.during(recent, v.end, func(s string) bool {
		_, ok := reach[s]
		return !ok
	}))
	allow(string(statemachine.Lapsed), v.lapsed(f, recent))
	allow(string(statemachine.Gone), f.life.was(gone, old, v.end))
	allow("refused: "+string(statemachine.NotFound), v.ensure && f.life.was(gone, old, v.end))
	allow(string(statemachine.ReadFailed), f.denied)
	allow("refused: "+string(statemachine.AccessDenied), v.ensure && f.denied)
	allow(string(statemachine.Canceled), f.ended)
	patient := v.patience > 0 && !f.stormy && !f.life.during(v.end.Add(-v.patience), v.end, func(s string) bool { return s != v.target })
	allow(string(statemachine.TimedOut), v.end.Sub(v.begin) >= v.least && !patient)
	return words
}

// lapsed tells whether the truth went back, from a state nearer to the target to one farther from it, in the time that the reads can have shown.
func (v *verdict) lapsed(f *facts, recent time.Time) bool {
	cost := f.table.costs(v.target, func(statemachine.Operation) bool { return true })
	rank := func(s string) int {
		if c, ok := cost[s]; ok {
			return c
		}
		return len(f.table) + 1
	}
	heads := f.table.costs(v.target, func(statemachine.Operation) bool { return false })
	anyOrder := v.ensure && len(v.operations) == 0 // old reads show things in the wrong order
	for i, m := range f.life {
		if m.at.After(v.end) || i+1 < len(f.life) && f.life[i+1].at.Before(v.begin.Add(-stale)) {
			continue
		}
		for j, n := range f.life {
			if (j > i || anyOrder) && rank(n.state) > rank(m.state) && !n.at.After(v.end) && (j+1 == len(f.life) || f.life[j+1].at.After(recent)) {
				return true
			}
		}
		// A wait knows of no command but one before it began: that it was set on its way meanwhile makes an old read look like a lapse.
		if _, on := heads[m.state]; on && !v.ensure && i > 0 && m.at.After(v.begin) {
			if _, before := heads[f.life[i-1].state]; !before && f.life[i-1].state != gone {
				return true
			}
		}
	}
	return false
}

// judgeOrders says what is wrong about the commands of an ensure.
func (v *verdict) judgeOrders(f *facts) string {
	for i, o := range f.orders {
		if !slices.Contains(v.runs, o.op) {
			return fmt.Sprintf("%s is none that it may run", o.op)
		}
		if o.at.Sub(v.begin) > v.most+time.Second {
			return fmt.Sprintf("%s was sent after the deadline", o.op)
		}
		for _, p := range f.orders[:i] {
			switch {
			case p.op == o.op && p.answered():
				return fmt.Sprintf("%s was sent again after it was accepted", o.op)
			case p.op == o.op && p.doubtful() && o.at.Sub(p.at) < grace:
				return fmt.Sprintf("%s was sent again %v after its answer was lost", o.op, o.at.Sub(p.at))
			}
		}
		// A command waits for its place under the quota, and its reads can be old.
		way := f.table.costs(v.target, func(op statemachine.Operation) bool { return op == o.op })
		if !f.life.during(o.at.Add(-stale-2*time.Minute), o.at, func(s string) bool { return way[s] > 0 }) {
			return fmt.Sprintf("%s at %s was on no way to the target", o.op, o.at.Format(time.DateTime))
		}
		if o.answered() && !slices.Contains(v.operations, o.op) {
			return fmt.Sprintf("%s was accepted, and is not in %v", o.op, v.operations)
		}
	}
	for i, op := range v.operations {
		if slices.Contains(v.operations[:i], op) {
			return fmt.Sprintf("%s twice in %v", op, v.operations)
		}
		if !slices.ContainsFunc(f.orders, func(o order) bool { return o.op == op && (o.answered() || o.doubtful()) }) {
			return fmt.Sprintf("%s in %v was never sent, or refused", op, v.operations)
		}
	}
	return ""
}
