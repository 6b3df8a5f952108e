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

	reads    []dueHeap[*task[R, S]] // tasks by the time of their next read: those read alone, then each group
	commands dueHeap[*task[R, S]]   // tasks by the time since which they want to send a command

	readLane, commandLane ticket      // of the next call of each kind
	commandsFirst         bool        // reads and commands take turns
	deciding              *task[R, S] // whose read has to come before its command, if any

	inFlight, commandsInFlight int

	completed chan completedCall
	wake      chan struct{} // receives a value when a lane gets a slot
	over      bool          // no read can start before the end
	aborted   *abort        // a function of the caller ended the loop
	out       outbox[Ensured[R]]
}

// task is a job of an engine. While a call for it is in flight, it is in no heap.
type task[R any, S ~string] struct {
	job[R, S]
	read     entry[*task[R, S]]  // in a heap of reads
	command  *entry[*task[R, S]] // in the heap of commands; nil means that no command is wanted
	group    int                 // an index of the engine's reads
	late     bool                // the command was decided again by a read of its own, because it waited too long
	finished bool                // ended and published
}

// completedCall is a call that is no longer in flight.
type completedCall struct {
	handle func() // processes its result
	abort  *abort // the call did not return
}

// run runs all tasks until they end or ctx ends. cancel ends ctx.
func (e *engine[R, S]) run(ctx context.Context, cancel context.CancelFunc, maxWait time.Duration) {
	e.completed = make(chan completedCall, e.concurrency)
	e.wake = make(chan struct{}, 1)
	e.readLane.wake, e.commandLane.wake = e.wake, e.wake
	e.commandLane.kind = commandTicket
	defer func() {
		e.readLane.withdraw()
		e.commandLane.withdraw()
		cancel() // no call is in flight, unless the loop was aborted
		for ; e.inFlight > 0; e.inFlight-- {
			<-e.completed
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
		case c := <-e.completed:
			e.complete(c)
		}
	}
	e.readLane.withdraw()
	e.commandLane.withdraw()
	for e.inFlight > 0 {
		e.complete(<-e.completed)
	}
	for i := range e.tasks {
		if t := &e.tasks[i]; !t.finished {
			t.endUnread(ctx, time.Now())
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
	e.reads = make([]dueHeap[*task[R, S]], 1)
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

// groupOf returns the index of the heap of a resource's group, and adds the group if it is new.
func (e *engine[R, S]) groupOf(resource string, groups map[string]int) int {
	key := ""
	if e.group != nil {
		key = e.group(resource)
	}
	if _, ok := groups[key]; !ok {
		groups[key] = len(e.reads)
		e.reads = append(e.reads, nil)
	}
	return groups[key]
}

// readHeap returns the heap of reads that the task belongs to.
func (e *engine[R, S]) readHeap(t *task[R, S]) *dueHeap[*task[R, S]] {
	if e.readMany != nil && !t.batching.alone {
		return &e.reads[t.group]
	}
	return &e.reads[0]
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
		if wake, started := e.startNext(ctx, time.Now()); !started {
			return wake
		}
	}
	e.readLane.giveBack()
	e.commandLane.giveBack()
	return time.Time{}
}

// startNext starts a read or a command, in turns. If neither may start now, it returns when to look
// again.
func (e *engine[R, S]) startNext(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	for range 2 {
		e.commandsFirst = !e.commandsFirst
		start := e.startRead
		if e.commandsFirst {
			start = e.startCommand
		}
		at, ok := start(ctx, now)
		if ok {
			return time.Time{}, true
		}
		wake = earlier(wake, at)
	}
	return wake, false
}

// startRead starts a read if one is due and has its slot. Otherwise it returns when to look again.
func (e *engine[R, S]) startRead(ctx context.Context, now time.Time) (wake time.Time, started bool) {
	h := e.earliestRead()
	if h != nil {
		wake = h.first().at
	}
	if h == nil || wake.After(now) {
		e.readLane.withdraw()
		return wake, false
	}
	if wake, ok := e.takeReadSlot(now); !ok {
		return wake, false
	}
	tasks, together := e.nextBatch(h), h != &e.reads[0]
	e.start(func() func() { return e.callRead(ctx, tasks, together) })
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
	var first *dueHeap[*task[R, S]]
	for i := range e.reads {
		h := &e.reads[i]
		if len(*h) > 0 && (first == nil || h.first().at.Before(first.first().at)) {
			first = h
		}
	}
	return first
}

// nextBatch removes the tasks of one read from their heaps: those that are due, and as many as
// fit of those that are due next.
func (e *engine[R, S]) nextBatch(h *dueHeap[*task[R, S]]) []*task[R, S] {
	limit := e.batch
	if h == &e.reads[0] {
		limit = 1
	}
	tasks := make([]*task[R, S], 0, min(limit, len(*h)))
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
	e.commandsInFlight++
	t := first.owner
	e.dequeue(t)
	t.command = nil
	t.reportCommand(ctx, ProgressCommand, nil, now)
	e.start(func() func() {
		handle := e.callCommand(ctx, t)
		return func() {
			e.commandsInFlight--
			handle()
		}
	})
	return time.Time{}, true
}

// start makes a call in a goroutine of its own. call returns what the loop does once it completed.
func (e *engine[R, S]) start(call func() (handle func())) {
	e.inFlight++
	go func() {
		var c completedCall
		defer func() { e.completed <- c }()
		guard(&c.abort, func() { c.handle = call() })
	}()
}

// complete processes a call that has completed.
func (e *engine[R, S]) complete(c completedCall) {
	e.inFlight--
	c.abort.repeat()
	c.handle()
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

// callRead makes one read, of one task or of many together.
func (e *engine[R, S]) callRead(ctx context.Context, tasks []*task[R, S], together bool) (handle func()) {
	scope, timeout := e.newScope(ctx), e.config.opts.ReadTimeout
	results, at, err := callWithTimeout(ctx, scope, time.Now(), timeout, func(ctx context.Context) ([]Result[R], error) {
		if !together {
			v, err := e.read(ctx, tasks[0].resource)
			return []Result[R]{{Value: v}}, err
		}
		resources := make([]string, len(tasks))
		for i, t := range tasks {
			resources[i] = t.resource
		}
		return e.readMany(ctx, resources)
	})
	return func() {
		e.readLane.pacer.report(e.config.kind, pacingErr(results, err, e.config.kind), at)
		for i, r := range byResource(len(tasks), results, err) {
			e.apply(tasks[i], tasks[i].handleRead(ctx, together, r.Value, r.Err, at))
		}
	}
}

// callCommand runs the preflight of the task's command and then sends it, unless it is too late.
func (e *engine[R, S]) callCommand(ctx context.Context, t *task[R, S]) (handle func()) {
	scope, timeout, start := e.newScope(ctx), e.config.opts.ReadTimeout, time.Now()
	at, err := runWithTimeout(ctx, scope, start, timeout, t.runPreflight)
	send := err == nil && !e.config.commands.dryRun && at.Before(e.deadline)
	if send && t.isLate(at) {
		return func() {
			t.wantCommand()
			e.decideAgain(t)
		}
	}
	if send {
		start = at
		at, err = runWithTimeout(ctx, scope, start, timeout, t.sendCommand)
	}
	return func() {
		t.late = false
		e.commandLane.pacer.report(e.config.kind, err, at)
		e.apply(t, t.handleCommandResult(ctx, send, err, start, at))
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
