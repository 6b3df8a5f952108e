package statemachine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// runner is the loop of one job, with all that it needs in one allocation.
//
// The stack dominates the cost of a sleeping goroutine: 4 KiB after an SDK call, 8 KiB if more
// than about 1,200 bytes are live. So run sleeps in its own frame, and large locals are kept in
// functions that return before the sleep.
type runner[R any, S ~string] struct {
	job[R, S]
	scope callScope   // of its calls
	timer *time.Timer // nil until the first resetTimer
	now   time.Time   // when the clock was last read

	readPacer, commandPacer *Pacer

	shared *SharedReads[R] // may be nil
	seat   *seat[R]        // in shared; nil until the first sleep

	ownConfig  config[R, S]   // the job's config
	ownHistory [1]Sighting[S] // the first memory of the job's history
}

// start makes the first read due now, and the last one after maxWait. A zero maxWait means no
// last one.
func (r *runner[R, S]) start(ctx context.Context, target S, maxWait time.Duration) {
	r.now = time.Now()
	var deadline time.Time
	if maxWait != 0 {
		deadline = r.now.Add(maxWait)
	}
	r.begin(target, r.now, deadline)
	r.track.History = r.ownHistory[:0]
	r.scope.Context, r.scope.limit = ctx, r.config.limit(deadline) //nolint:fatcontext // set once
}

// run reads and sends commands, in the caller's goroutine, until the job yields a value or ends.
func (r *runner[R, S]) run(ctx context.Context, read func(context.Context) (R, error)) step {
	next := stepRead
	for next != stepYield && next != stepDone {
		if ctx.Err() != nil {
			if r.seat != nil {
				r.shared.leave(r.seat) // if another caller reads for this one already, the result is lost
			}
			return r.endCanceled(ctx, time.Now())
		}
		switch {
		case next == stepCommand:
			next = r.command(ctx, read)
		case r.resetTimer(r.wakeAt()):
			select {
			case <-ctx.Done():
			case <-r.timer.C:
			case <-r.wake():
			}
		default:
			next = r.read(ctx, read)
		}
	}
	return next
}

// resetTimer sets the timer to the time t. It returns false if t has passed.
func (r *runner[R, S]) resetTimer(t time.Time) bool {
	if t.After(r.now) {
		r.now = time.Now() // OnProgress may have blocked since the read
	}
	d := t.Sub(r.now)
	switch {
	case d <= 0:
		return false
	case r.timer == nil:
		r.timer = time.NewTimer(d)
	default:
		r.timer.Reset(d)
	}
	return true
}

// end reports the end of the job and returns its error.
func (r *runner[R, S]) end() error {
	err := r.endErr()
	r.reportEnd(err)
	return err
}

// mayShare reports whether other callers may make the next read.
func (r *runner[R, S]) mayShare() bool { return r.shared != nil && !r.batching.alone }

// wake returns a channel that receives a value when another caller reads for this one, and when it
// has the result.
func (r *runner[R, S]) wake() <-chan struct{} {
	if r.seat == nil {
		return nil
	}
	return r.seat.wake
}

// wakeAt returns when to read. It lets other callers read until then.
func (r *runner[R, S]) wakeAt() time.Time {
	if !r.mayShare() || r.seat == nil && !r.due.After(r.now) {
		return r.due
	}
	return r.join()
}

// join lets other callers make the next read. It returns when to look again: when the read is due
// or, if another caller reads for this one, when that has taken too long. It returns zero if that
// caller has finished.
func (r *runner[R, S]) join() time.Time {
	if r.seat == nil {
		r.seat = r.shared.newSeat(r.resource)
	}
	last := !r.track.Deadline.IsZero() && !r.due.Before(r.track.Deadline)
	takenAt, finished := r.shared.join(r.seat, r.due, r.batching.limit(r.shared.size()), last)
	switch {
	case finished:
		return time.Time{}
	case takenAt.IsZero():
		return r.due
	}
	return earlier(takenAt.Add(r.config.opts.ReadTimeout), r.scope.limit)
}

// read makes one read, or handles one that another caller made.
func (r *runner[R, S]) read(ctx context.Context, read func(context.Context) (R, error)) step {
	batch, slot := r.tryTake()
	switch slot {
	case slotGranted:
	case slotShared:
		return r.handleSharedRead(ctx)
	case slotNone:
		switch r.waitForSlot(ctx, r.readPacer, readTicket) {
		case slotGranted:
		case slotShared:
			return stepRead
		case slotNone:
			return r.endUnread(ctx, time.Now())
		}
		if r.mayShare() {
			batch = r.shared.take(r.seat, r.batching.limit(r.shared.size()))
		}
	}
	if len(batch) > 1 {
		own := r.shared.read(ctx, &r.scope, r.readPacer, r.config.kind, batch, r.config.opts.ReadTimeout)
		return r.handleRead(ctx, true, own.Value, own.Err, own.at)
	}
	v, at, err := callWithTimeout(ctx, &r.scope, r.now, r.config.opts.ReadTimeout, read)
	next := r.handleRead(ctx, false, v, err, at)
	r.readPacer.report(r.config.kind, err, at)
	return next
}

// tryTake takes a slot for a read that is due, if one is free. With the slot it returns the readers
// for which the read is made, if there are others.
func (r *runner[R, S]) tryTake() ([]*seat[R], slot) {
	if r.mayShare() {
		return r.shared.tryTake(r.seat, r.resource, r.readPacer, r.batching.limit(r.shared.size()), r.now)
	}
	if r.readPacer.TryTake(r.now) {
		return nil, slotGranted
	}
	return nil, slotNone
}

// handleSharedRead handles a read that another caller makes for this one.
func (r *runner[R, S]) handleSharedRead(ctx context.Context) step {
	own := r.shared.collect(r.seat)
	if own == nil {
		r.now = time.Now()
		if at := r.join(); at.IsZero() || r.now.Before(at) {
			return stepRead // the other caller has only just begun, so wait for it
		}
		r.seat = nil // the result comes too late
		own = &sharedResult[R]{at: r.now}
		own.Err = &timeoutError{after: r.config.opts.ReadTimeout, err: context.DeadlineExceeded}
	}
	if own.abandoned {
		return stepRead
	}
	return r.handleRead(ctx, true, own.Value, own.Err, own.at)
}

// command runs the preflight of the next command, waits for a slot, and sends the command. If that
// took longer than MaxDelay, it reads again before. It returns stepRead if there is no time left
// for the command, or if ctx ended.
func (r *runner[R, S]) command(ctx context.Context, read func(context.Context) (R, error)) step {
	r.now = time.Now() // OnProgress may have blocked since the read, so take the time again
	timeout := r.config.opts.ReadTimeout
	for hasSlot := false; ; hasSlot = true {
		start := r.now
		at, err := runWithTimeout(ctx, &r.scope, start, timeout, r.runPreflight)
		if r.now = at; err != nil || r.config.commands.dryRun || r.isOver() {
			return r.handleCommandResult(ctx, false, err, start, at)
		}
		if hasSlot {
			break
		}
		granted := r.commandPacer.TryTake(r.now) || r.waitForSlot(ctx, r.commandPacer, commandTicket) == slotGranted
		if !granted || ctx.Err() != nil || r.isOver() {
			return stepRead
		}
		if r.now.Sub(r.track.Now) <= r.track.MaxDelay {
			break
		}
		r.batching.alone = true // so that the read is made now
		if next := r.read(ctx, read); next != stepCommand {
			return next
		}
		r.now = time.Now()
	}
	r.reportCommand(ctx, ProgressCommand, nil, r.now)
	start := r.now
	at, err := runWithTimeout(ctx, &r.scope, start, timeout, r.sendCommand)
	next := r.handleCommandResult(ctx, true, err, start, at)
	r.commandPacer.report(r.config.kind, err, at)
	return next
}

// isOver reports whether no command may start anymore.
func (r *runner[R, S]) isOver() bool {
	return !r.track.Deadline.IsZero() && !r.now.Before(r.track.Deadline)
}

// waitForSlot waits for a slot of p until the deadline, or for the last read a little longer. For a
// read, another caller may read for this one instead.
func (r *runner[R, S]) waitForSlot(ctx context.Context, p *Pacer, kind int) slot {
	share := kind == readTicket && r.mayShare()
	wake := make(chan struct{}, 1)
	if share {
		if r.seat == nil {
			r.seat = r.shared.newSeat(r.resource)
		}
		if !r.shared.leave(r.seat) {
			return slotShared
		}
		wake = r.seat.wake
	}
	t := &ticket{pacer: p, wake: wake, kind: kind}
	granted := t.queue(func() bool {
		if share {
			r.join()
		}
		awake := r.sleepInQueue(ctx, p, wake, kind)
		return (!share || r.shared.leave(r.seat)) && awake
	})
	switch {
	case granted:
		r.now = time.Now()
		return slotGranted
	case share && !r.shared.leave(r.seat):
		return slotShared
	}
	return slotNone
}

// sleepInQueue sleeps until wake receives a value, or something else happened. It returns false if
// there is nothing left to wait for.
func (r *runner[R, S]) sleepInQueue(ctx context.Context, p *Pacer, wake <-chan struct{}, kind int) bool {
	var due <-chan time.Time
	if until := r.track.Deadline; !until.IsZero() {
		r.now = time.Now()
		if kind == readTicket && !r.now.Before(until) {
			if until = r.config.lastStart(until); !p.canGrantBy(until) {
				return false
			}
		}
		if !r.resetTimer(until) {
			return false
		}
		due = r.timer.C
	}
	return sleep(ctx, wake, due)
}

// endUnread ends the job because ctx ended, or because it could not be read at or after the
// deadline.
func (j *job[R, S]) endUnread(ctx context.Context, now time.Time) step {
	t := &j.track
	switch {
	case ctx.Err() != nil:
		return j.endCanceled(ctx, now)
	case j.failure != nil || t.timedOut() != "":
	case t.Reads == 0:
		j.failure = errors.New("no read could be made under the rate limit")
	default:
		j.failure = fmt.Errorf("no read could be made at the deadline under the rate limit; the last read was %s ago",
			now.Sub(t.Now).Round(time.Millisecond))
	}
	t.setNow(now)
	return j.endWait(TimedOut)
}
