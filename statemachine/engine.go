package statemachine

import (
	"context"
	"time"
)

// engine is the loop of many jobs. One goroutine runs it; each call has one of its own while it is under way.
type engine[R any, S ~string] struct {
	fleet       *Fleet[R, S]
	rules       rules[R, S]
	goals       []Goal[R, S]
	batch       int
	concurrency int

	members  []member[R, S]
	left     int // members that have not ended
	deadline time.Time

	groups   []queue // due reads that can be made together
	alone    queue   // due reads of one resource each
	commands queue
	turn     bool         // reads and commands take turns: the next is a command
	places   [2]time.Time // taken from the pacer of the reads and that of the commands, not used yet; zero: none

	inflight int
	answers  chan answer[R]
	out      outbox[Ensured[R]]
}

// member is a job in an engine.
type member[R any, S ~string] struct {
	job[R, S]
	group   int32
	fails   uint8     // reads together in a row that were lost
	queued  bool      // in a queue of reads, at due
	waiting bool      // in the queue of commands, at wanted
	busy    bool      // a call is under way
	once    bool      // the next read is of this resource alone
	always  bool      // all reads are
	doubt   Kind      // why the next read is alone; empty: for what was read
	wanted  time.Time // since when a command is wanted; zero: none is
	gone    bool      // ended and told
}

// answer is the outcome of one call.
type answer[R any] struct {
	members []int
	results []Result[R] // of reads; Index is into members
	command bool
	alone   bool
	sent    bool
	err     error
	start   time.Time
	at      time.Time
}

// failure is the error of the call, or of one of its results, one that was throttled before all others; or nil.
func (a *answer[R]) failure(kind func(error) Kind) error {
	failure := a.err
	for i := range a.results {
		if err := a.results[i].Err; err != nil && (failure == nil || kind(err) == Throttled) {
			failure = err
		}
	}
	return failure
}

// run runs all members to their end, or until ctx ends.
func (e *engine[R, S]) run(ctx context.Context, maxWait time.Duration) {
	defer e.out.close()
	e.begin(maxWait)
	e.answers = make(chan answer[R], e.concurrency)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for e.left > 0 && ctx.Err() == nil && e.remaining(time.Now()) > 0 {
		var due <-chan time.Time
		if wake := e.start(ctx); !wake.IsZero() {
			timer.Reset(max(time.Until(wake), time.Microsecond))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-due:
		case a := <-e.answers:
			e.take(ctx, a)
		}
	}
	for e.inflight > 0 {
		e.take(ctx, <-e.answers)
	}
	for i := range e.members {
		if m := &e.members[i]; !m.gone {
			if ctx.Err() != nil {
				m.track.advance(time.Now())
				m.canceled(ctx)
			} else {
				m.end(TimedOut)
			}
			e.tell(i, true)
		}
	}
}

// remaining is how long a call that starts now may take: ReadTimeout, but for the reads that are due at the
// deadline, which together have one ReadTimeout from then on.
func (e *engine[R, S]) remaining(now time.Time) time.Duration {
	limit := e.rules.opts.ReadTimeout
	if e.deadline.IsZero() {
		return limit
	}
	return min(limit, e.deadline.Add(limit).Sub(now))
}

// begin makes the members.
func (e *engine[R, S]) begin(maxWait time.Duration) {
	at := time.Now()
	if e.rules.aim == aimWait {
		e.deadline = at.Add(maxWait)
	}
	groups := map[string]int32{}
	e.members = make([]member[R, S], len(e.goals))
	e.left = len(e.members)
	for i := range e.members {
		m, g := &e.members[i], &e.goals[i]
		m.rules, m.resource = &e.rules, g.Resource
		name := ""
		if e.fleet.Group != nil {
			name = e.fleet.Group(g.Resource)
		}
		group, ok := groups[name]
		if !ok {
			group = int32(len(groups)) //nolint:gosec // fewer than there are goals
			groups[name] = group
			e.groups = append(e.groups, queue{})
		}
		m.group, m.always = group, e.fleet.ReadMany == nil
		if g.Command != nil {
			m.ensure = &ensuring[R, S]{goal: g}
		}
		m.begin(g.Target, at, e.deadline)
		e.enqueue(i)
	}
}

// enqueue has a member read when it is due.
func (e *engine[R, S]) enqueue(i int) {
	m := &e.members[i]
	m.queued = true
	q := &e.alone
	if !m.once && !m.always {
		q = &e.groups[m.group]
	}
	q.push(entry{at: m.due, member: i})
}

// start starts every call that may go now, and says when to look again; zero: when a call is answered.
func (e *engine[R, S]) start(ctx context.Context) (wake time.Time) {
	for e.inflight < e.concurrency {
		now := time.Now()
		wake = time.Time{}
		var started bool
		for range 2 {
			e.turn = !e.turn
			next := e.startRead
			if e.turn {
				next = e.startCommand
			}
			at, ok := next(ctx, now)
			if started = ok; started {
				break
			}
			if !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
				wake = at
			}
		}
		if !started {
			return wake
		}
	}
	return time.Time{}
}

// startRead starts a read if one is due and has its place, or says when to look again.
func (e *engine[R, S]) startRead(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	q := e.firstRead()
	if q == nil {
		return time.Time{}, false
	}
	if due := q.first().at; due.After(now) {
		return due, false
	}
	if last := !e.deadline.IsZero() && !now.Before(e.deadline); !last { // the read at the deadline waits for nobody
		if place := e.place(0, e.rules.reads, now); place.After(now) {
			if !e.deadline.IsZero() && place.After(e.deadline) {
				return e.deadline, false
			}
			return place, false
		}
	}
	e.places[0] = time.Time{}
	members := e.fill(q)
	alone := q == &e.alone
	e.inflight++
	limit := e.remaining(now)
	go func() { e.answers <- e.read(ctx, limit, members, alone) }()
	return time.Time{}, true
}

// firstRead is the queue with the read that is due first, or nil.
func (e *engine[R, S]) firstRead() *queue {
	var first *queue
	consider := func(q *queue) {
		for !q.empty() {
			if n := q.first(); e.members[n.member].queued && e.members[n.member].due.Equal(n.at) {
				break
			}
			q.pop() // left behind by a member that a command, or another queue, took
		}
		if !q.empty() && (first == nil || q.first().at.Before(first.first().at)) {
			first = q
		}
	}
	consider(&e.alone)
	for i := range e.groups {
		consider(&e.groups[i])
	}
	return first
}

// fill takes the members of one read: those that are due, and as many as fit of those that are due next.
func (e *engine[R, S]) fill(q *queue) []int {
	limit := e.batch
	if q == &e.alone {
		limit = 1
	}
	var members []int
	for !q.empty() {
		n := q.first()
		m := &e.members[n.member]
		if !m.queued || !m.due.Equal(n.at) {
			q.pop()
			continue
		}
		// What was lost twice in a row may have been too much for one answer: half of it each time, down to one.
		if limit = min(limit, max(e.batch>>max(int(m.fails)-1, 0), 1)); len(members) >= limit {
			break
		}
		q.pop()
		m.queued, m.busy = false, true
		members = append(members, n.member)
	}
	return members
}

// startCommand starts a command if one is wanted and has its place, or says when to look again.
func (e *engine[R, S]) startCommand(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	for ; !e.commands.empty(); e.commands.pop() {
		n := e.commands.first()
		m := &e.members[n.member]
		if !m.waiting || !m.wanted.Equal(n.at) {
			continue
		}
		if m.busy { // being read: what it shows decides
			m.waiting = false
			continue
		}
		break
	}
	if e.commands.empty() || !now.Before(e.deadline) {
		return time.Time{}, false
	}
	if place := e.place(1, e.rules.cmd.Pacer, now); place.After(now) {
		return place, false
	}
	e.places[1] = time.Time{}
	i := e.commands.pop().member
	m := &e.members[i]
	m.busy, m.queued, m.waiting, m.wanted = true, false, false, time.Time{}
	e.inflight++
	go func() {
		start := time.Now()
		sent, at, err := timed(ctx, start, e.rules.opts.ReadTimeout, m.run)
		e.answers <- answer[R]{members: []int{i}, command: true, sent: sent, err: err, start: start, at: at}
	}()
	return time.Time{}, true
}

// place is when the next call may go. A place that was taken is kept until it is used.
func (e *engine[R, S]) place(sort int, p *Pacer, now time.Time) time.Time {
	if e.places[sort].IsZero() {
		e.places[sort] = p.Reserve(now)
	}
	if held := p.Held(now); held.After(e.places[sort]) {
		return held
	}
	return e.places[sort]
}

// read makes one read, in a goroutine of its own.
func (e *engine[R, S]) read(ctx context.Context, limit time.Duration, members []int, alone bool) answer[R] {
	a := answer[R]{members: members, alone: alone}
	if alone {
		var r Result[R]
		r.Value, a.at, r.Err = timed(ctx, time.Now(), limit, func(ctx context.Context) (R, error) {
			return e.fleet.Read(ctx, e.members[members[0]].resource)
		})
		a.results = []Result[R]{r}
		return a
	}
	resources := make([]string, len(members))
	for i, member := range members {
		resources[i] = e.members[member].resource
	}
	a.results, a.at, a.err = timed(ctx, time.Now(), limit, func(ctx context.Context) ([]Result[R], error) {
		return e.fleet.ReadMany(ctx, resources)
	})
	return a
}

// take takes the answer of a call.
func (e *engine[R, S]) take(ctx context.Context, a answer[R]) {
	e.inflight--
	if a.command {
		i := a.members[0]
		m := &e.members[i]
		m.busy = false
		e.rules.answered(e.rules.cmd.Pacer, a.err, a.at)
		e.do(i, m.ran(ctx, a.sent, a.err, a.start, a.at), "")
		return
	}
	found := make([]*Result[R], len(a.members))
	for i := range a.results {
		if r := &a.results[i]; r.Index >= 0 && r.Index < len(found) {
			found[r.Index] = r
		}
	}
	e.rules.answered(e.rules.reads, a.failure(e.rules.kind), a.at)
	for i, n := range a.members {
		m := &e.members[n]
		m.busy = false
		r := Result[R]{Err: a.err}
		switch {
		case a.err != nil:
		case found[i] == nil:
			r.Err = NotFound
		default:
			r = *found[i]
		}
		if kind := m.kindOf(ctx, r.Err); kind == "" {
			m.fails = 0
			m.always = m.always || m.once && m.doubt != "" && m.doubt != InvalidInput
			m.once = false
		} else if kind == Unavailable && !a.alone {
			m.fails = min(m.fails+1, 8)
		}
		e.do(n, m.took(ctx, r.Value, r.Err, a.at, a.alone), m.kindOf(ctx, r.Err))
	}
}

// do does what a job's step says. kind is of the read that led to it.
func (e *engine[R, S]) do(i int, next step, kind Kind) {
	m := &e.members[i]
	if next != stepCommand {
		m.wanted, m.waiting = time.Time{}, false
	}
	switch next {
	case stepRead:
		e.enqueue(i)
	case stepTell:
		e.tell(i, false)
		e.enqueue(i)
	case stepAlone:
		m.once, m.doubt = true, kind
		m.due = m.track.Latest
		e.enqueue(i)
	case stepCommand:
		if m.wanted.IsZero() {
			m.wanted = m.track.Latest
		}
		if !m.waiting {
			m.waiting = true
			e.commands.push(entry{at: m.wanted, member: i})
		}
		m.due = m.track.within(m.track.Latest, m.track.MaxDelay) // the queue may be long, and the resource not stay as it was read
		e.enqueue(i)
	case stepDone:
		e.tell(i, true)
	}
}

// tell hands a result to the caller's loop.
func (e *engine[R, S]) tell(i int, end bool) {
	m := &e.members[i]
	e.out.put(Result[Ensured[R]]{Index: i, Value: m.result(), Err: m.err}, e.rules.aim == aimWatch)
	if end {
		var none R
		m.value, m.gone = none, true
		e.left--
	}
}
