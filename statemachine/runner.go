package statemachine

import (
	"context"
	"time"
)

// runner is a job by itself: with all that it needs, in one allocation, and a loop.
//
// A goroutine that waits costs its stack above all. One that has called an SDK has 4 KiB at least, and 8 if more than
// some 1,200 bytes are in use while it sleeps; one that never called anything deep does with 2, if nothing here is
// deep. So the loop sleeps in its own frame, but for a place under a quota, and what is large and not needed for that is in
// functions that return before: make, start, read, command.
type runner[R any, S ~string] struct {
	job[R, S]
	clock

	config     config[R, S]   // the job's
	historyBuf [1]Sighting[S] // of the history
}

// start prepares the first read, which is now, and a last one after maxWait; zero: no last one.
func (j *runner[R, S]) start(target S, maxWait time.Duration) {
	j.now = time.Now()
	var deadline time.Time
	if maxWait != 0 {
		deadline = j.now.Add(maxWait)
	}
	j.begin(target, j.now, deadline)
}

// run reads and commands until the job has something to tell, or has ended. It does so in the caller's goroutine: one for
// each read would cost more than the rest of the loop together.
func (j *runner[R, S]) run(ctx context.Context, read func(context.Context) (R, error)) step {
	next := stepRead
	for next != stepYield && next != stepDone {
		if ctx.Err() != nil {
			return j.endCanceledNow(ctx)
		}
		switch {
		case next == stepCommand:
			next = j.command(ctx)
		case j.resetTimer(j.due):
			select { // as in clock.sleep, but one frame less
			case <-ctx.Done():
			case <-j.timer.C:
			}
		default:
			next = j.read(ctx, read)
		}
	}
	return next
}

// read reads once.
func (j *runner[R, S]) read(ctx context.Context, read func(context.Context) (R, error)) step {
	if !j.waitForPacer(ctx, j.rules.readPacer) {
		return j.endCanceledNow(ctx)
	}
	v, at, err := callWithTimeout(ctx, j.now, j.rules.opts.ReadTimeout, read)
	next := j.handleRead(ctx, v, err, at, true)
	j.rules.reportToPacer(j.rules.readPacer, err, at)
	return next
}

// command runs the operation of the ensure.
func (j *runner[R, S]) command(ctx context.Context) step {
	j.now = time.Now() // not the read's: somebody may have been told of that, and taken his time
	if !j.waitForPacer(ctx, j.rules.ensure.Pacer) {
		return j.endCanceledNow(ctx)
	}
	if j.pastDeadline(j.now) {
		return stepRead
	}
	start := j.now
	sent, at, err := callWithTimeout(ctx, start, j.rules.opts.ReadTimeout, j.runCommand)
	next := j.handleCommandResult(ctx, sent, err, start, at)
	j.rules.reportToPacer(j.rules.ensure.Pacer, err, at)
	return next
}

// endCanceledNow ends the job because the caller's context did, now.
func (j *runner[R, S]) endCanceledNow(ctx context.Context) step {
	j.track.setNow(time.Now())
	return j.endCanceled(ctx)
}

// pastDeadline reports whether the deadline came while a command waited for its place.
func (j *job[R, S]) pastDeadline(at time.Time) bool {
	t := &j.track
	return !t.Deadline.IsZero() && !at.Before(t.Deadline)
}

// reportToPacer passes on to the pacer what the service made of a call.
func (r *config[R, S]) reportToPacer(p *Pacer, err error, at time.Time) {
	if err == nil {
		p.Succeeded(at)
	} else if r.kind(err) == Throttled {
		p.Throttled(at)
	}
}

// waitForPacer waits for the call's place under the quota, but not beyond the deadline. It is false if the context ended.
func (j *runner[R, S]) waitForPacer(ctx context.Context, p *Pacer) bool {
	if p == nil {
		return ctx.Err() == nil
	}
	deadline := j.track.Deadline
	for place := p.Reserve(j.now); place.After(j.now); {
		if !deadline.IsZero() && place.After(deadline) {
			return j.sleep(ctx, deadline)
		}
		if !j.sleep(ctx, place) {
			return false
		}
		if held := p.PausedUntil(j.now); held.After(place) {
			place = held
		}
	}
	return ctx.Err() == nil
}

// clock is what one loop has of the time.
type clock struct {
	timer *time.Timer // nil until the first sleep
	now   time.Time   // when it was looked at last
}

// sleep sleeps until the instant t. It is false if the context ended.
func (c *clock) sleep(ctx context.Context, t time.Time) bool {
	for ctx.Err() == nil {
		if !c.resetTimer(t) {
			return true
		}
		select {
		case <-ctx.Done():
		case <-c.timer.C:
		}
	}
	return false
}

// resetTimer sets the timer to the instant t, and reports whether it did: not if t has come.
func (c *clock) resetTimer(t time.Time) bool {
	if t.After(c.now) {
		c.now = time.Now() // somebody may have been told of the last read, and taken his time
	}
	d := t.Sub(c.now)
	switch {
	case d <= 0:
		return false
	case c.timer == nil:
		c.timer = time.NewTimer(d)
	default:
		c.timer.Reset(d)
	}
	return true
}
