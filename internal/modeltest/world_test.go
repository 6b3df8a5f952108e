package modeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The times of every run. Reads come at 0 s, 29 s, 58 s, 87 s, …, so that some are just within
// the grace and some after it.
const (
	delay       = 29 * time.Second
	grace       = time.Minute
	readTimeout = 15 * time.Second
	latency     = time.Second      // until a command is carried out
	staleShort  = 20 * time.Second // an old read is so old, or
	staleLong   = 59 * time.Second // just less than the grace
	wrongClock  = 10 * time.Minute // how far a clock is off
	short       = 140 * time.Second
	long        = 30 * time.Minute
)

// shown is what a read gives.
type shown[S ~string] struct {
	State S
	Good  bool // the settings are those that were asked for
	ID    int  // of the resource that has the name
}

// moment is the truth from an instant on. Instants are counted from the beginning of the wait.
type moment struct {
	at    time.Duration
	state int
	good  bool
	id    int // of the resource that has the name
}

// read is one read.
type read struct {
	at     time.Duration
	failed bool // it showed no state of the table
	fatal  bool
	id     int // of the resource that it showed, or unknown
	state  int // that it showed, unless it failed
	good   bool
}

// unknown is the ID of a read that showed no resource.
const unknown = -1

// command is one command that the ensure sent.
type command struct {
	op           statemachine.Operation
	sent, answer time.Duration
	looks        int  // reads before it
	from         int  // where it found the resource
	done         bool // the service carried it out
	accepted     bool // and said so
	lost         bool // the caller cannot know the result
	unsent       bool // it never left the machine, and the caller knows
}

// world is the resource, through one sequence of events.
type world[S ~string] struct {
	*table[S]

	script       *script
	longDeadline bool // there is time for everything: the service does not get stuck forever
	drifts       bool // settings matter, and those of another actor are wrong
	replaced     bool // another resource can get the name
	skewed       bool // the clock of a worker can be wrong
	trace        func(format string, args ...any)

	begin     time.Time
	ctx       context.Context //nolint:containedctx // of the one call
	cancel    context.CancelCauseFunc
	life      []moment
	looks     []read
	orders    []command
	last      time.Duration // of the last read or command
	stuck     bool
	oldest    time.Duration // how old a read was
	disturbed bool          // something happened that an ensure need not survive
	canceled  bool
	denied    bool          // a command was refused for good
	usual     time.Duration // how far the clock of most reads is off
	skew      time.Duration // of the clock of the current worker
	ahead     bool          // a clock was ahead
}

var errCause = errors.New("enough")

// now returns the current instant.
func (w *world[S]) now() time.Duration { return time.Since(w.begin) }

// at returns the truth at an instant.
func (w *world[S]) at(t time.Duration) moment {
	for _, m := range slices.Backward(w.life) {
		if m.at <= t {
			return m
		}
	}
	return w.life[0]
}

// truth returns the current truth.
func (w *world[S]) truth() moment { return w.life[len(w.life)-1] }

// name returns a state as words.
func (t *table[S]) name(s int) string {
	if s == gone {
		return "gone"
	}
	return string(t.states[s])
}

// become changes the truth.
func (w *world[S]) become(at time.Duration, s int, good bool, why string) {
	w.life = append(w.life, moment{at: at, state: s, good: good, id: w.truth().id})
	w.trace("%v: %s, it is %s", at, why, w.name(s))
}

// take makes the resource go one way, which is an event.
func (w *world[S]) take(at time.Duration, v way) {
	w.disturbed = true
	w.become(at, v.to, !w.drifts || v.op == "" && w.truth().good, v.name)
}

// pass chooses what happens to the resource between the last read or command and now: usually, the
// service goes on with what it is doing. In the middle of that time and at the end of it
// something else can happen.
func (w *world[S]) pass() {
	now := w.now()
	middle := w.last + (now-w.last)/2
	w.last = now
	if s := w.truth().state; w.transient(s) && !w.stuck {
		first := slices.IndexFunc(w.ways[s], way.settling)
		stall, stick := len(w.ways[s]), len(w.ways[s])+1
		all := stick + 1
		if w.longDeadline {
			all = stick
		}
		switch c := w.script.choose(all); {
		case c == 0:
			w.become(middle, w.ways[s][first].to, w.truth().good, w.ways[s][first].name)
		case c == stall:
			w.trace("%v: it takes longer", now)
		case c == stick:
			w.stuck = true
			w.trace("%v: it goes no further by itself", now)
		case c <= first:
			w.take(middle, w.ways[s][c-1])
		default:
			w.take(middle, w.ways[s][c])
		}
	}
	w.meddle(now)
}

// meddle chooses what happens at any instant, and usually does nothing.
func (w *world[S]) meddle(now time.Duration) {
	s := w.truth().state
	if s == gone {
		return
	}
	n := len(w.ways[s])
	more := 0
	switch {
	case w.replaced:
		more = 1 + len(w.states)
	case w.absent == gone:
		more = 1
	}
	switch c := w.script.choose(1 + n + more); {
	case c == 0:
	case c <= n:
		w.take(now, w.ways[s][c-1])
	case c == n+1:
		w.disturbed = true
		w.become(now, gone, true, "it is removed")
	default:
		w.disturbed = true
		id := w.truth().id + 1
		w.become(now, c-n-2, !w.drifts, "another resource gets its name")
		w.life[len(w.life)-1].id = id
	}
}

// identify returns the ID of what was read.
func (w *world[S]) identify(s shown[S]) string { return fmt.Sprintf("id-%d", s.ID) }

// fault returns an error of the service.
func fault(k statemachine.Kind) error { return &statemachine.Fault{Kind: k, Code: string(k)} }

// The ways of a read.
type reading int

const (
	fresh reading = iota
	throttled
	hangs
	fatal
	novel
	interrupted
	stale // and so old
)

func (w *world[S]) read(ctx context.Context) (shown[S], error) {
	w.pass()
	now := w.now()
	w.looks = append(w.looks, read{at: now, id: unknown})
	l := &w.looks[len(w.looks)-1]
	var ages [2]time.Duration // those that show something else than a fresh one
	n := 0
	truth := w.truth()
	for _, age := range [...]time.Duration{staleShort, staleLong} {
		if m := w.at(now - age); m.state != truth.state || m.good != truth.good || m.id != truth.id {
			ages[n] = age
			n++
		}
	}
	ways := int(stale) + n
	if w.skew > 0 { // its read is fresh, because it ends the grace period
		ways = 1
	}
	switch c := reading(w.script.choose(ways)); c {
	case fresh:
		return w.show(now, truth)
	case throttled:
		l.failed = true
		w.trace("%v: a read is throttled", now)
		return shown[S]{}, fault(statemachine.Throttled)
	case hangs:
		l.failed = true
		w.trace("%v: a read hangs", now)
		<-ctx.Done()
		return shown[S]{}, ctx.Err()
	case fatal:
		l.failed, l.fatal, w.disturbed = true, true, true
		w.trace("%v: a read is denied", now)
		return shown[S]{}, fault(statemachine.AccessDenied)
	case novel:
		l.failed = true
		l.id = truth.id
		w.trace("%v: a read shows a state that no table has", now)
		return shown[S]{State: "defrosting", Good: true, ID: truth.id}, nil
	case interrupted:
		l.failed = true
		w.interrupt(now)
		return shown[S]{}, ctx.Err()
	default:
		age := ages[c-stale]
		w.oldest = max(w.oldest, age)
		w.trace("%v: a read is %v old", now, age)
		return w.show(now, w.at(now-age))
	}
}

// readMany makes a batch read of the one resource.
func (w *world[S]) readMany(ctx context.Context, _ []string) ([]statemachine.Result[shown[S]], error) {
	v, err := w.read(ctx)
	switch {
	case errors.Is(err, statemachine.NotFound):
		return nil, nil // a batch response omits an absent resource
	case err != nil:
		return nil, err
	}
	return []statemachine.Result[shown[S]]{{Value: v}}, nil
}

// show returns the response of a read.
func (w *world[S]) show(now time.Duration, m moment) (shown[S], error) {
	w.trace("%v: a read shows %s", now, w.name(m.state))
	if m.state == gone || m.state == w.absent && !w.longDeadline { // absence comes in both ways
		return shown[S]{}, fault(statemachine.NotFound)
	}
	l := &w.looks[len(w.looks)-1]
	l.id, l.state, l.good = m.id, m.state, m.good
	return shown[S]{State: w.states[m.state], Good: m.good, ID: m.id}, nil
}

// interrupt ends the caller's context.
func (w *world[S]) interrupt(now time.Duration) {
	w.canceled, w.disturbed = true, true
	w.trace("%v: the caller gives up", now)
	w.cancel(errCause)
}

// The ways of a command that the state permits, and of one that it does not.
const (
	accepted = iota
	lostAfter
	lostBefore
	unsent
	hangsAfter
	hangsBefore
	paced
	conflicts
	denied
	interruptedAfter
	permittedWays
)

const (
	refused = iota
	already
	lostRefusal
	refusedWays
)

func (w *world[S]) command(ctx context.Context, op statemachine.Operation) error {
	w.orders = append(w.orders, command{op: op, sent: w.now(), looks: len(w.looks)})
	o := &w.orders[len(w.orders)-1]
	time.Sleep(latency)
	sent := w.now()
	w.meddle(sent)
	o.from = w.truth().state
	defer func() { o.answer, w.last = w.now(), w.now() }()
	to, ok := w.next(w.truth().state, op)
	if !ok {
		w.trace("%v: %s is refused", sent, op)
		switch w.script.choose(refusedWays) {
		case already:
			return fault(statemachine.AlreadyInState)
		case lostRefusal:
			o.lost = true
			w.trace("%v: but the response is lost", sent)
			return fault(statemachine.Unavailable)
		}
		return fault(statemachine.InvalidState)
	}
	take := func() {
		o.done = true
		w.become(sent, to, true, string(op))
	}
	c := w.script.choose(permittedWays)
	switch c {
	case accepted, lostAfter, hangsAfter, interruptedAfter:
		take()
	}
	switch c {
	case lostAfter, lostBefore:
		o.lost = true
		w.trace("%v: the response of %s is lost", sent, op)
		return fault(statemachine.Unavailable)
	case hangsAfter, hangsBefore:
		o.lost = true
		w.trace("%v: %s hangs", sent, op)
		<-ctx.Done()
		return ctx.Err()
	case unsent:
		o.unsent = true
		w.trace("%v: %s is not sent", sent, op)
		return &statemachine.Fault{Kind: statemachine.Unavailable, NotSent: true}
	case paced:
		w.trace("%v: %s is throttled", sent, op)
		return fault(statemachine.Throttled)
	case conflicts:
		w.trace("%v: %s is in conflict", sent, op)
		return fault(statemachine.Conflict)
	case denied:
		w.denied, w.disturbed = true, true
		w.trace("%v: %s is denied", sent, op)
		return fault(statemachine.AccessDenied)
	case interruptedAfter:
		o.lost = true
		w.interrupt(sent)
		return ctx.Err()
	}
	o.accepted = true
	return nil
}

// during reports whether the truth was such at some instant of a span.
func (w *world[S]) during(from, to time.Duration, such func(moment) bool) bool {
	for i, m := range w.life {
		if m.at <= to && (i+1 == len(w.life) || w.life[i+1].at > from) && such(m) {
			return true
		}
	}
	return false
}

// String returns the life of the resource.
func (w *world[S]) String() string {
	text := ""
	for _, m := range w.life {
		text += fmt.Sprintf(" %v %s", m.at, w.name(m.state))
	}
	return text
}
