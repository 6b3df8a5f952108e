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
	clock

	readPacer, commandPacer *Pacer

	ownConfig  config[R, S]   // the job's config
	ownHistory [1]Sighting[S] // the first memory of the job's history
}

// start makes the first read due now, and the last one after maxWait. A zero maxWait means no
// last one.
func (r *runner[R, S]) start(target S, maxWait time.Duration) {
	r.now = time.Now()
	var deadline time.Time
	if maxWait != 0 {
		deadline = r.now.Add(maxWait)
	}
	r.begin(target, r.now, deadline)
}

// run reads and sends commands, in the caller's goroutine, until the job yields a value or ends.
func (r *runner[R, S]) run(ctx context.Context, read func(context.Context) (R, error)) step {
	next := stepRead
	for next != stepYield && next != stepDone {
		if ctx.Err() != nil {
			return r.endCanceledNow(ctx)
		}
		switch {
		case next == stepCommand:
			next = r.command(ctx)
		case r.resetTimer(r.due):
			select { // as in clock.sleep, with one stack frame less
			case <-ctx.Done():
			case <-r.timer.C:
			}
		default:
			next = r.read(ctx, read)
		}
	}
	return next
}

// end reports the end of the job and returns its error.
func (r *runner[R, S]) end() error {
	err := r.endErr()
	r.reportEnd(err)
	return err
}

// read makes one read.
func (r *runner[R, S]) read(ctx context.Context, read func(context.Context) (R, error)) step {
	if !r.waitForSlot(ctx, r.readPacer, true) {
		if ctx.Err() != nil {
			return r.endCanceledNow(ctx)
		}
		return r.endUnread(time.Now())
	}
	v, at, err := callWithTimeout(ctx, r.now, r.config.opts.ReadTimeout, r.config.limit(r.track.Deadline), read)
	next := r.handleRead(ctx, v, err, at)
	r.readPacer.report(r.config.kind, err, at)
	return next
}

// command runs the next command. It returns stepRead if there is no time left for it.
func (r *runner[R, S]) command(ctx context.Context) step {
	r.now = time.Now() // OnRead may have blocked since the read, so take the time again
	if !r.waitForSlot(ctx, r.commandPacer, false) {
		if ctx.Err() != nil {
			return r.endCanceledNow(ctx)
		}
		return stepRead
	}
	if deadline := r.track.Deadline; !deadline.IsZero() && !r.now.Before(deadline) {
		return stepRead
	}
	r.reportCommand(ctx, ProgressCommand, nil, r.now)
	start := r.now
	sent, at, err := callWithTimeout(ctx, start, r.config.opts.ReadTimeout, r.config.limit(r.track.Deadline), r.runCommand)
	next := r.handleCommandResult(ctx, sent, err, start, at)
	r.commandPacer.report(r.config.kind, err, at)
	return next
}

// endCanceledNow ends the job because the caller's context ended now.
func (r *runner[R, S]) endCanceledNow(ctx context.Context) step {
	r.track.setNow(time.Now())
	return r.endCanceled(ctx)
}

// waitForSlot waits for a slot of p until the deadline, or for the last read a little longer. It
// returns false if there is no slot in time, or if the context ended.
func (r *runner[R, S]) waitForSlot(ctx context.Context, p *Pacer, read bool) bool {
	if ctx.Err() != nil {
		return false
	}
	if p.tryTake(r.now) {
		return true
	}
	wake := make(chan struct{}, 1)
	t := &ticket{wake: wake}
	for granted := p.takeOrQueue(t, time.Now()); !granted; granted = p.claim(t) {
		if !r.sleepInQueue(ctx, p, wake, read) {
			p.withdraw(t, time.Now())
			return false
		}
	}
	r.now = time.Now()
	return true
}

// sleepInQueue sleeps until wake receives a value, or something else happened. It returns false if
// there is nothing left to wait for.
func (r *runner[R, S]) sleepInQueue(ctx context.Context, p *Pacer, wake <-chan struct{}, read bool) bool {
	var due <-chan time.Time
	if until := r.track.Deadline; !until.IsZero() {
		r.now = time.Now()
		if read && !r.now.Before(until) {
			if until = r.config.lastStart(until); !p.canGrantBy(until) {
				return false
			}
		}
		if !r.resetTimer(until) {
			return false
		}
		due = r.timer.C
	}
	select {
	case <-wake:
	case <-due:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// endUnread ends the job because it could not be read at or after the deadline.
func (j *job[R, S]) endUnread(now time.Time) step {
	t := &j.track
	switch {
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
