package statemachine

import (
	"context"
	"time"
)

// engine is the loop of many jobs. It runs in one goroutine, and each call in flight has its own.
type engine[R any, S ~string] struct {
	config      config[R, S]
	goals       []Goal[R, S]
	read        func(ctx context.Context, resource string) (R, error)
	readMany    func(ctx context.Context, resources []string) ([]Result[R], error) // may be nil
	group       func(resource string) string                                       // may be nil
	batch       int
	concurrency int

	tasks    []task[R, S]
	open     int // tasks that have not ended
	deadline time.Time

	groups   []dueHeap[*task[R, S]] // tasks by the time of their next read, for reads that can be combined
	singles  dueHeap[*task[R, S]]   // the same, for reads of one resource
	commands dueHeap[*task[R, S]]   // tasks by the time since which they want to send a command

	readLane, commandLane ticket      // of the next call of each kind
	commandsFirst         bool        // reads and commands take turns
	deciding              *task[R, S] // whose read has to come before its command, if any

	inFlight, commandsInFlight int

	results chan callResult[R, S]
	wake    chan struct{} // receives a value when a lane gets a slot
	over    bool          // no read can start before the end
	aborted *abort        // a function of the caller ended the loop
	out     outbox[Ensured[R]]
}

// task is a job of an engine. While a call for it is in flight, it is in no heap.
type task[R any, S ~string] struct {
	job[R, S]
	read     entry[*task[R, S]]  // in a heap of reads
	command  *entry[*task[R, S]] // in the heap of commands; nil means that no command is wanted
	group    int
	late     bool // the command was decided again by a read of its own, because it waited too long
	finished bool // ended and published
}

// callKind is what a call does.
type callKind int

const (
	callRead     callKind = iota // read one resource
	callReadMany                 // read a batch
	callCommand                  // send a command
)

// callResult is the result of one call.
type callResult[R any, S ~string] struct {
	kind    callKind
	tasks   []*task[R, S]
	results []Result[R] // of reads; Index is the index in tasks
	sent    bool        // a command may have been executed
	late    bool        // a command was not sent, because it was decided too long ago
	err     error
	start   time.Time
	at      time.Time
	abort   *abort // the call did not return
}

// run runs all tasks until they end or ctx ends. cancel ends ctx.
func (e *engine[R, S]) run(ctx context.Context, cancel context.CancelFunc, maxWait time.Duration) {
	e.results = make(chan callResult[R, S], e.concurrency)
	e.wake = make(chan struct{}, 1)
	e.readLane.wake, e.commandLane.wake = e.wake, e.wake
	e.commandLane.kind = commandTicket
	defer func() {
		e.readLane.withdraw()
		e.commandLane.withdraw()
		if e.aborted != nil {
			cancel()
		}
		for ; e.inFlight > 0; e.inFlight-- {
			<-e.results
		}
		e.out.close()
	}()
	guard(&e.aborted, func() { e.loop(ctx, maxWait) })
}

// loop does what run does.
func (e *engine[R, S]) loop(ctx context.Context, maxWait time.Duration) {
	e.begin(maxWait)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for e.open > 0 && ctx.Err() == nil && !e.over {
		var due <-chan time.Time
		if wake := e.startCalls(ctx); !wake.IsZero() {
			timer.Reset(max(time.Until(wake), time.Microsecond))
			due = timer.C
		}
		if e.over {
			break
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-e.wake:
		case c := <-e.results:
			e.handleResult(ctx, c)
		}
	}
	e.readLane.withdraw()
	e.commandLane.withdraw()
	for e.inFlight > 0 {
		e.handleResult(ctx, <-e.results)
	}
	for i := range e.tasks {
		if t := &e.tasks[i]; !t.finished {
			if ctx.Err() != nil {
				t.endCanceled(ctx, time.Now())
			} else {
				t.endUnread(time.Now())
			}
			e.publish(t, true)
		}
	}
}

// begin makes the tasks.
func (e *engine[R, S]) begin(maxWait time.Duration) {
	at := time.Now()
	if e.config.mode == modeWait {
		e.deadline = at.Add(maxWait)
	}
	groups := map[string]int{}
	e.tasks = make([]task[R, S], len(e.goals))
	e.open = len(e.tasks)
	for i := range e.tasks {
		t, g := &e.tasks[i], &e.goals[i]
		t.config, t.resource = &e.config, g.Resource
		t.read.order, t.read.owner = i, t
		t.group = e.groupOf(g.Resource, groups)
		if g.Command != nil {
			t.ensure = &ensureState[R, S]{goal: *g}
		}
		t.begin(g.Target, at, e.deadline)
		e.enqueue(t)
	}
	e.goals = nil // a wait needs no more of its goal
}

// groupOf returns the index of a resource's group, and adds the group if it is new.
func (e *engine[R, S]) groupOf(resource string, groups map[string]int) int {
	key := ""
	if e.group != nil {
		key = e.group(resource)
	}
	if _, ok := groups[key]; !ok {
		groups[key] = len(e.groups)
		e.groups = append(e.groups, nil)
	}
	return groups[key]
}

// readHeap returns the heap of reads that the task belongs to.
func (e *engine[R, S]) readHeap(t *task[R, S]) *dueHeap[*task[R, S]] {
	if e.readMany != nil && !t.batching.alone {
		return &e.groups[t.group]
	}
	return &e.singles
}

// enqueue makes the engine read the task when its next read is due.
func (e *engine[R, S]) enqueue(t *task[R, S]) {
	t.read.at = t.due
	e.readHeap(t).add(&t.read)
}

// dequeue removes the task from all heaps.
func (e *engine[R, S]) dequeue(t *task[R, S]) {
	e.readHeap(t).remove(&t.read)
	if t.command != nil {
		e.commands.remove(t.command)
	}
}

// startCalls starts every call that may start now. It returns when to look again, or zero if that
// is when a call completes.
func (e *engine[R, S]) startCalls(ctx context.Context) (wake time.Time) {
	for e.inFlight < e.concurrency {
		now := time.Now()
		wake = time.Time{}
		var started bool
		for range 2 {
			e.commandsFirst = !e.commandsFirst
			start := e.startRead
			if e.commandsFirst {
				start = e.startCommand
			}
			at, ok := start(ctx, now)
			if started = ok; started {
				break
			}
			wake = earlier(wake, at)
		}
		if !started {
			return wake
		}
	}
	e.readLane.giveBack()
	e.commandLane.giveBack()
	return time.Time{}
}

// startRead starts a read if one is due and has its slot. Otherwise it returns when to look again.
func (e *engine[R, S]) startRead(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	h := e.earliestRead()
	if h == nil {
		e.readLane.withdraw()
		return time.Time{}, false
	}
	if due := h.first().at; due.After(now) {
		e.readLane.withdraw()
		return due, false
	}
	if wake, ok := e.takeReadSlot(now); !ok {
		return wake, false
	}
	e.inFlight++
	c := callResult[R, S]{kind: callReadMany, tasks: e.nextBatch(h)}
	if h == &e.singles {
		c.kind = callRead
	}
	go func() {
		defer func() { e.results <- c }()
		guard(&c.abort, func() { e.callRead(ctx, &c) })
	}()
	return time.Time{}, true
}

// takeReadSlot takes the slot of a read that is due. If there is none, it returns when to look
// again at the latest. The reads at the deadline may get their slots a little later.
func (e *engine[R, S]) takeReadSlot(now time.Time) (wake time.Time, ok bool) {
	if e.deadline.IsZero() || now.Before(e.deadline) {
		return e.deadline, e.readLane.take(now)
	}
	last := e.config.lastStart(e.deadline)
	if now.Before(last) && e.readLane.take(now) {
		return time.Time{}, true
	}
	e.over = !e.readLane.pacer.canGrantBy(last) || !now.Before(last)
	return last, false
}

// earliestRead returns the heap with the read that is due first, or nil.
func (e *engine[R, S]) earliestRead() *dueHeap[*task[R, S]] {
	first := &e.singles
	for i := range e.groups {
		h := &e.groups[i]
		if len(*h) > 0 && (len(*first) == 0 || h.first().at.Before(first.first().at)) {
			first = h
		}
	}
	if len(*first) == 0 {
		return nil
	}
	return first
}

// nextBatch removes the tasks of one read from their heaps: those that are due, and as many as
// fit of those that are due next.
func (e *engine[R, S]) nextBatch(h *dueHeap[*task[R, S]]) []*task[R, S] {
	limit := e.batch
	if h == &e.singles {
		limit = 1
	}
	var tasks []*task[R, S]
	for len(*h) > 0 {
		t := h.first().owner
		if limit = min(limit, t.batching.limit(e.batch)); len(tasks) >= limit {
			break
		}
		e.dequeue(t)
		tasks = append(tasks, t)
	}
	return tasks
}

// startCommand starts a command if one is wanted and has its slot. Otherwise it returns when to
// look again.
func (e *engine[R, S]) startCommand(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	first := e.commands.first()
	if first == nil || !now.Before(e.deadline) {
		e.commandLane.withdraw()
		return time.Time{}, false
	}
	if e.commandsInFlight >= max(e.concurrency/2, 1) { // commands that hang must not delay reads
		e.commandLane.giveBack()
		return time.Time{}, false
	}
	if first.owner.isLate(now) {
		e.commandLane.giveBack()
		if e.deciding != nil {
			return time.Time{}, false
		}
		e.deciding = first.owner
		e.dequeue(first.owner)
		e.decideAgain(first.owner)
		return now, false
	}
	if !e.config.commands.dryRun && !e.commandLane.take(now) { // a dry run sends nothing
		return e.deadline, false
	}
	e.inFlight++
	e.commandsInFlight++
	t := first.owner
	e.dequeue(t)
	t.command = nil
	t.reportCommand(ctx, ProgressCommand, nil, now)
	go func() {
		c := callResult[R, S]{kind: callCommand, tasks: []*task[R, S]{t}, start: time.Now()}
		defer func() { e.results <- c }()
		guard(&c.abort, func() {
			scope, timeout := e.newScope(ctx), e.config.opts.ReadTimeout
			c.at, c.err = runWithTimeout(ctx, scope, c.start, timeout, t.runPreflight)
			ready := c.err == nil && !e.config.commands.dryRun && c.at.Before(e.deadline)
			c.late = ready && t.isLate(c.at)
			if c.sent = ready && !c.late; c.sent {
				c.start = c.at
				c.at, c.err = runWithTimeout(ctx, scope, c.start, timeout, t.sendCommand)
			}
		})
	}()
	return time.Time{}, true
}

// newScope returns the parent of the contexts of calls for the same tasks.
func (e *engine[R, S]) newScope(ctx context.Context) *callScope {
	return &callScope{Context: ctx, limit: e.config.limit(e.deadline)}
}

// wantCommand gives the command its place among those of the other tasks.
func (t *task[R, S]) wantCommand() {
	if t.command == nil {
		t.command = &entry[*task[R, S]]{at: t.track.Now, order: t.read.order, owner: t}
	}
}

// isLate reports whether the command was decided more than MaxDelay before the time at, and not yet
// again.
func (t *task[R, S]) isLate(at time.Time) bool {
	return !t.late && !t.config.commands.dryRun && at.Sub(t.track.Now) > t.track.MaxDelay
}

// decideAgain makes the engine read the task before all others. Its command keeps its place.
func (e *engine[R, S]) decideAgain(t *task[R, S]) {
	t.late, t.due, t.batching.alone = true, time.Time{}, true
	e.enqueue(t)
}

// callRead makes one read in its own goroutine, and adds its result to c.
func (e *engine[R, S]) callRead(ctx context.Context, c *callResult[R, S]) {
	resources := make([]string, len(c.tasks))
	for i, t := range c.tasks {
		resources[i] = t.resource
	}
	scope, timeout := e.newScope(ctx), e.config.opts.ReadTimeout
	c.results, c.at, c.err = callWithTimeout(ctx, scope, time.Now(), timeout, func(ctx context.Context) ([]Result[R], error) {
		if c.kind == callReadMany {
			return e.readMany(ctx, resources)
		}
		v, err := e.read(ctx, resources[0])
		return []Result[R]{{Value: v}}, err
	})
}

// handleResult processes the result of a call.
func (e *engine[R, S]) handleResult(ctx context.Context, c callResult[R, S]) {
	e.inFlight--
	c.abort.repeat()
	if c.kind == callCommand {
		e.commandsInFlight--
		t := c.tasks[0]
		if c.late {
			t.wantCommand()
			e.decideAgain(t)
			return
		}
		t.late = false
		e.commandLane.pacer.report(e.config.kind, c.err, c.at)
		e.apply(t, t.handleCommandResult(ctx, c.sent, c.err, c.start, c.at))
		return
	}
	e.readLane.pacer.report(e.config.kind, pacingErr(c.results, c.err, e.config.kind), c.at)
	for i, r := range byResource(len(c.tasks), c.results, c.err) {
		t := c.tasks[i]
		e.apply(t, t.handleRead(ctx, c.kind == callReadMany, r.Value, r.Err, c.at))
	}
}

// apply carries out the step of a job.
func (e *engine[R, S]) apply(t *task[R, S], next step) {
	if e.deciding == t {
		e.deciding = nil
	}
	if next != stepCommand {
		t.command, t.late = nil, false
	}
	switch next {
	case stepRead:
		e.enqueue(t)
	case stepYield:
		e.publish(t, false)
		e.enqueue(t)
	case stepCommand:
		t.wantCommand()
		e.commands.add(t.command)
		// The command may wait long for its slot; re-read within MaxDelay in case the state
		// changes.
		t.due = t.track.clamp(t.track.Now, t.track.MaxDelay)
		e.enqueue(t)
	case stepDone:
		e.publish(t, true)
	}
}

// publish passes a result to the caller's loop.
func (e *engine[R, S]) publish(t *task[R, S], end bool) {
	r := Result[Ensured[R]]{Index: t.read.order, Value: t.result(), Err: t.endErr()}
	if end {
		t.reportEnd(r.Err)
	}
	e.out.push(r, e.config.mode == modeWatch)
	if end {
		var none R
		t.value, t.finished = none, true
		e.open--
	}
}
