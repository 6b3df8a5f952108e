package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The oracle compares what the library returned with the simulators' history, instant by instant.
// It gets the table of transitions as data and does its own reasoning: it does not use Observe,
// Plan or Settles.

// gone is the state of a resource that does not exist and whose machine has no state for that.
const gone = ""

// grace is how long the effect of a lost command may stay invisible: the default.
const grace = time.Minute

// stale is the maximum age of what a read shows when it returns.
const stale = oldest + readTimeout + time.Second

// moment is the true state from an instant on.
type moment struct {
	at    time.Time
	state string
}

// life is the true history of one resource.
type life []moment

// during reports whether the state satisfied such at an instant of a span.
func (l life) during(from, to time.Time, such func(state string) bool) bool {
	for i, m := range l {
		if !m.at.After(to) && (i+1 == len(l) || l[i+1].at.After(from)) && such(m.state) {
			return true
		}
	}
	return false
}

// was reports whether the state was state at an instant of a span.
func (l life) was(state string, from, to time.Time) bool {
	return l.during(from, to, func(s string) bool { return s == state })
}

// step is a transition of a table.
type step struct {
	from, to string
	by       statemachine.Operation
	lapse    bool
}

// table is the table of a machine, with states as strings.
type table []step

// tableOf returns the table of m.
func tableOf[S ~string](m *statemachine.Machine[S]) table {
	var t table
	for _, tr := range m.Transitions() {
		t = append(t, step{from: string(tr.From), to: string(tr.To), by: tr.By, lapse: tr.Lapse})
	}
	return t
}

// costs returns how many of the allowed operations each state is away from the target. States that
// do not lead there are missing.
func (t table) costs(target string, may func(statemachine.Operation) bool) map[string]int {
	cost := map[string]int{target: 0}
	for range t { // the longest path has at most as many steps as the table
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

// order is a command that reached the service.
type order struct {
	op       statemachine.Operation
	at       time.Time
	fate     string
	accepted bool // executed
}

// responded reports whether the caller received the response of an executed command.
func (o order) responded() bool { return o.accepted && (o.fate == "" || o.fate == late) }

// doubtful reports whether the caller could not know whether the command was executed.
func (o order) doubtful() bool {
	return slices.Contains([]string{failing, reset, lost, tooLate, hung}, o.fate)
}

// verdict is the result of a wait or an Ensure method.
type verdict struct {
	target     string
	begin, end time.Time
	least      time.Duration // minimum time until the deadline, if the clock steps forward
	most       time.Duration // maximum time until the deadline, if the clock steps backward
	patience   time.Duration // no timeout if the target lasted this long; zero means unchecked
	ensure     bool
	runs       []statemachine.Operation // allowed
	operations []statemachine.Operation // reported as accepted
	err        error
}

// facts are what the oracle knows besides the verdict.
type facts struct {
	table   table
	life    life
	orders  []order // of this ensure
	denied  bool    // access was denied shortly before the end
	drifted bool    // another actor's settings were there shortly before the end
	ended   bool    // the caller's context had ended
	stormy  bool    // there was a storm within patience
}

// word returns the verdict as one word: "success", the Reason, or "refused: " and the Kind.
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

// judge returns what is wrong with a verdict, or "".
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

// right returns the verdicts that the history allows.
func (v *verdict) right(f *facts) []string {
	var words []string
	allow := func(word string, ok bool) {
		if ok {
			words = append(words, word)
		}
	}
	old := v.end.Add(-stale)
	since := v.begin // an Ensure method tolerates no stale read before its first command
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
	allow("refused: "+string(statemachine.Drifted), v.ensure && f.drifted)
	allow(string(statemachine.Canceled), f.ended)
	lasting := v.patience > 0 && !f.stormy && !f.life.during(v.end.Add(-v.patience), v.end, func(s string) bool { return s != v.target })
	allow(string(statemachine.TimedOut), v.end.Sub(v.begin) >= v.least && !lasting)
	return words
}

// lapsed reports whether the state moved away from the target within the time that the reads may
// have shown.
func (v *verdict) lapsed(f *facts, recent time.Time) bool {
	cost := f.table.costs(v.target, func(statemachine.Operation) bool { return true })
	rank := func(s string) int {
		if c, ok := cost[s]; ok {
			return c
		}
		return len(f.table) + 1
	}
	anyOrder := v.ensure && len(v.operations) == 0 // stale reads show states in the wrong order
	for i, m := range f.life {
		if m.at.After(v.end) || i+1 < len(f.life) && f.life[i+1].at.Before(v.begin.Add(-stale)) {
			continue
		}
		for j, n := range f.life {
			if (j > i || anyOrder) && rank(n.state) > rank(m.state) && !n.at.After(v.end) && (j+1 == len(f.life) || f.life[j+1].at.After(recent)) {
				return true
			}
		}
	}
	return false
}

// judgeOrders returns what is wrong with the commands of an Ensure method, or "".
func (v *verdict) judgeOrders(f *facts) string {
	for i, o := range f.orders {
		if !slices.Contains(v.runs, o.op) {
			return fmt.Sprintf("%s is not allowed", o.op)
		}
		if o.at.Sub(v.begin) > v.most+time.Second {
			return fmt.Sprintf("%s was sent after the deadline", o.op)
		}
		for _, p := range f.orders[:i] {
			switch {
			case p.op == o.op && p.responded():
				return fmt.Sprintf("%s was sent again after it was accepted", o.op)
			case p.op == o.op && p.doubtful() && o.at.Sub(p.at) < grace:
				return fmt.Sprintf("%s was sent again %v after its response was lost", o.op, o.at.Sub(p.at))
			}
		}
		// A command waits for its place under the quota, and its reads can be old.
		way := f.table.costs(v.target, func(op statemachine.Operation) bool { return op == o.op })
		if !f.life.during(o.at.Add(-stale-2*time.Minute), o.at, func(s string) bool { return way[s] > 0 }) {
			return fmt.Sprintf("%s at %s was on no way to the target", o.op, o.at.Format(time.DateTime))
		}
		if o.responded() && !slices.Contains(v.operations, o.op) {
			return fmt.Sprintf("%s was accepted, and is not in %v", o.op, v.operations)
		}
	}
	for i, op := range v.operations {
		if slices.Contains(v.operations[:i], op) {
			return fmt.Sprintf("%s twice in %v", op, v.operations)
		}
		if !slices.ContainsFunc(f.orders, func(o order) bool { return o.op == op && (o.responded() || o.doubtful()) }) {
			return fmt.Sprintf("%s in %v was never sent, or refused", op, v.operations)
		}
	}
	return ""
}
