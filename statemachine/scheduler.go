package statemachine

import (
	"context"
	"time"
)

// engine is the loop of many jobs. One goroutine runs it; each call has one of its own while it is under way.
type engine[R any, S ~string] struct {
	fleet       *Fleet[R, S]
	rules       config[R, S]
	goals       []Goal[R, S]
	batch       int
	concurrency int

	members  []task[R, S]
	open     int // members that have not ended
	deadline time.Time

	groups        []dueHeap // due reads that can be made together
	alone         dueHeap   // due reads of one resource each
	commands      dueHeap
	preferCommand bool         // reads and commands take turns: the next is a command
	reserved      [2]time.Time // taken from the pacer of the reads and that of the commands, not used yet; zero: none

	inflight int
	answers  chan callResult[R]
	out      outbox[Ensured[R]]
}

// task is a job in an engine.
type task[R any, S ~string] struct {
	job[R, S]
	group         int32
	lostReads     uint8     // reads together in a row that were lost
	queued        bool      // in a queue of reads, at due
	commandQueued bool      // in the queue of commands, at wanted
	inFlight      bool      // a call is under way
	rereadAlone   bool      // the next read is of this resource alone
	alwaysAlone   bool      // all reads are
	rereadReason  Kind      // why the next read is alone; empty: for what was read
	commandSince  time.Time // since when a command is wanted; zero: none is
	finished      bool      // ended and told
}

// callResult is the outcome of one call.
type callResult[R any] struct {
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
func (a *callResult[R]) failure(kind func(error) Kind) error {
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
	e.answers = make(chan callResult[R], e.concurrency)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for e.open > 0 && ctx.Err() == nil && e.callTimeout(time.Now()) > 0 {
		var due <-chan time.Time
		if wake := e.startCalls(ctx); !wake.IsZero() {
			timer.Reset(max(time.Until(wake), time.Microsecond))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-due:
		case a := <-e.answers:
			e.handleResult(ctx, a)
		}
	}
	for e.inflight > 0 {
		e.handleResult(ctx, <-e.answers)
	}
	for i := range e.members {
		if m := &e.members[i]; !m.finished {
			if ctx.Err() != nil {
				m.track.setNow(time.Now())
				m.endCanceled(ctx)
			} else {
				m.endWait(TimedOut)
			}
			e.publish(i, true)
		}
	}
}

// callTimeout is how long a call that starts now may take: ReadTimeout, but for the reads that are due at the
// deadline, which together have one ReadTimeout from then on.
func (e *engine[R, S]) callTimeout(now time.Time) time.Duration {
	limit := e.rules.opts.ReadTimeout
	if e.deadline.IsZero() {
		return limit
	}
	return min(limit, e.deadline.Add(limit).Sub(now))
}

// begin makes the members.
func (e *engine[R, S]) begin(maxWait time.Duration) {
	at := time.Now()
	if e.rules.aim == modeWait {
		e.deadline = at.Add(maxWait)
	}
	groups := map[string]int32{}
	e.members = make([]task[R, S], len(e.goals))
	e.open = len(e.members)
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
			e.groups = append(e.groups, dueHeap{})
		}
		m.group, m.alwaysAlone = group, e.fleet.ReadMany == nil
		if g.Command != nil {
			m.ensure = &ensureState[R, S]{goal: g}
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
	if !m.rereadAlone && !m.alwaysAlone {
		q = &e.groups[m.group]
	}
	q.push(entry{at: m.due, member: i})
}

// startCalls starts every call that may go now, and says when to look again; zero: when a call is answered.
func (e *engine[R, S]) startCalls(ctx context.Context) (wake time.Time) {
	for e.inflight < e.concurrency {
		now := time.Now()
		wake = time.Time{}
		var started bool
		for range 2 {
			e.preferCommand = !e.preferCommand
			next := e.startRead
			if e.preferCommand {
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
		if place := e.reserve(0, e.rules.readPacer, now); place.After(now) {
			if !e.deadline.IsZero() && place.After(e.deadline) {
				return e.deadline, false
			}
			return place, false
		}
	}
	e.reserved[0] = time.Time{}
	members := e.nextBatch(q)
	alone := q == &e.alone
	e.inflight++
	limit := e.callTimeout(now)
	go func() { e.answers <- e.read(ctx, limit, members, alone) }()
	return time.Time{}, true
}

// firstRead is the queue with the read that is due first, or nil.
func (e *engine[R, S]) firstRead() *dueHeap {
	var first *dueHeap
	offer := func(q *dueHeap) {
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
	offer(&e.alone)
	for i := range e.groups {
		offer(&e.groups[i])
	}
	return first
}

// nextBatch takes the members of one read: those that are due, and as many as fit of those that are due next.
func (e *engine[R, S]) nextBatch(q *dueHeap) []int {
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
		if limit = min(limit, max(e.batch>>max(int(m.lostReads)-1, 0), 1)); len(members) >= limit {
			break
		}
		q.pop()
		m.queued, m.inFlight = false, true
		members = append(members, n.member)
	}
	return members
}

// startCommand starts a command if one is wanted and has its place, or says when to look again.
func (e *engine[R, S]) startCommand(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	for ; !e.commands.empty(); e.commands.pop() {
		n := e.commands.first()
		m := &e.members[n.member]
		if !m.commandQueued || !m.commandSince.Equal(n.at) {
			continue
		}
		if m.inFlight { // being read: what it shows decides
			m.commandQueued = false
			continue
		}
		break
	}
	if e.commands.empty() || !now.Before(e.deadline) {
		return time.Time{}, false
	}
	if place := e.reserve(1, e.rules.ensure.Pacer, now); place.After(now) {
		return place, false
	}
	e.reserved[1] = time.Time{}
	i := e.commands.pop().member
	m := &e.members[i]
	m.inFlight, m.queued, m.commandQueued, m.commandSince = true, false, false, time.Time{}
	e.inflight++
	go func() {
		start := time.Now()
		sent, at, err := callWithTimeout(ctx, start, e.rules.opts.ReadTimeout, m.runCommand)
		e.answers <- callResult[R]{members: []int{i}, command: true, sent: sent, err: err, start: start, at: at}
	}()
	return time.Time{}, true
}

// reserve is when the next call may go. A place that was taken is kept until it is used.
func (e *engine[R, S]) reserve(lane int, p *Pacer, now time.Time) time.Time {
	if e.reserved[lane].IsZero() {
		e.reserved[lane] = p.Reserve(now)
	}
	if held := p.PausedUntil(now); held.After(e.reserved[lane]) {
		return held
	}
	return e.reserved[lane]
}

// read makes one read, in a goroutine of its own.
func (e *engine[R, S]) read(ctx context.Context, limit time.Duration, members []int, alone bool) callResult[R] {
	a := callResult[R]{members: members, alone: alone}
	if alone {
		var r Result[R]
		r.Value, a.at, r.Err = callWithTimeout(ctx, time.Now(), limit, func(ctx context.Context) (R, error) {
			return e.fleet.Read(ctx, e.members[members[0]].resource)
		})
		a.results = []Result[R]{r}
		return a
	}
	resources := make([]string, len(members))
	for i, member := range members {
		resources[i] = e.members[member].resource
	}
	a.results, a.at, a.err = callWithTimeout(ctx, time.Now(), limit, func(ctx context.Context) ([]Result[R], error) {
		return e.fleet.ReadMany(ctx, resources)
	})
	return a
}

// handleResult takes the answer of a call.
func (e *engine[R, S]) handleResult(ctx context.Context, a callResult[R]) {
	e.inflight--
	if a.command {
		i := a.members[0]
		m := &e.members[i]
		m.inFlight = false
		e.rules.reportToPacer(e.rules.ensure.Pacer, a.err, a.at)
		e.apply(i, m.handleCommandResult(ctx, a.sent, a.err, a.start, a.at), "")
		return
	}
	found := make([]*Result[R], len(a.members))
	for i := range a.results {
		if r := &a.results[i]; r.Index >= 0 && r.Index < len(found) {
			found[r.Index] = r
		}
	}
	e.rules.reportToPacer(e.rules.readPacer, a.failure(e.rules.kind), a.at)
	for i, n := range a.members {
		m := &e.members[n]
		m.inFlight = false
		r := Result[R]{Err: a.err}
		switch {
		case a.err != nil:
		case found[i] == nil:
			r.Err = NotFound
		default:
			r = *found[i]
		}
		if kind := m.kindOf(ctx, r.Err); kind == "" {
			m.lostReads = 0
			m.alwaysAlone = m.alwaysAlone || m.rereadAlone && m.rereadReason != "" && m.rereadReason != InvalidInput
			m.rereadAlone = false
		} else if kind == Unavailable && !a.alone {
			m.lostReads = min(m.lostReads+1, 8)
		}
		e.apply(n, m.handleRead(ctx, r.Value, r.Err, a.at, a.alone), m.kindOf(ctx, r.Err))
	}
}

// apply does what a job's step says. kind is of the read that led to it.
func (e *engine[R, S]) apply(i int, next step, kind Kind) {
	m := &e.members[i]
	if next != stepCommand {
		m.commandSince, m.commandQueued = time.Time{}, false
	}
	switch next {
	case stepRead:
		e.enqueue(i)
	case stepYield:
		e.publish(i, false)
		e.enqueue(i)
	case stepReread:
		m.rereadAlone, m.rereadReason = true, kind
		m.due = m.track.Now
		e.enqueue(i)
	case stepCommand:
		if m.commandSince.IsZero() {
			m.commandSince = m.track.Now
		}
		if !m.commandQueued {
			m.commandQueued = true
			e.commands.push(entry{at: m.commandSince, member: i})
		}
		m.due = m.track.clamp(m.track.Now, m.track.MaxDelay) // the queue may be long, and the resource not stay as it was read
		e.enqueue(i)
	case stepDone:
		e.publish(i, true)
	}
}

// publish hands a result to the caller's loop.
func (e *engine[R, S]) publish(i int, end bool) {
	m := &e.members[i]
	e.out.push(Result[Ensured[R]]{Index: i, Value: m.result(), Err: m.err}, e.rules.aim == modeWatch)
	if end {
		var none R
		m.value, m.finished = none, true
		e.open--
	}
}
