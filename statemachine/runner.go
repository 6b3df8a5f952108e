package statemachine

import (
	"context"
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

// read makes one read.
func (r *runner[R, S]) read(ctx context.Context, read func(context.Context) (R, error)) step {
	if !r.waitForPacer(ctx, r.readPacer) {
		return r.endCanceledNow(ctx)
	}
	v, at, err := callWithTimeout(ctx, r.now, r.config.opts.ReadTimeout, read)
	next := r.handleRead(ctx, v, err, at)
	r.readPacer.report(r.config.kind, err, at)
	return next
}

// command runs the next command. It returns stepRead if there is no time left for it.
func (r *runner[R, S]) command(ctx context.Context) step {
	r.now = time.Now() // OnRead may have blocked since the read, so take the time again
	if !r.waitForPacer(ctx, r.commandPacer) {
		return r.endCanceledNow(ctx)
	}
	if deadline := r.track.Deadline; !deadline.IsZero() && !r.now.Before(deadline) {
		return stepRead
	}
	start := r.now
	sent, at, err := callWithTimeout(ctx, start, r.config.opts.ReadTimeout, r.runCommand)
	next := r.handleCommandResult(ctx, sent, err, start, at)
	r.commandPacer.report(r.config.kind, err, at)
	return next
}

// endCanceledNow ends the job because the caller's context ended now.
func (r *runner[R, S]) endCanceledNow(ctx context.Context) step {
	r.track.setNow(time.Now())
	return r.endCanceled(ctx)
}

// waitForPacer waits until the call's reservation is due, but not beyond the deadline. It returns
// false if the context ended.
func (r *runner[R, S]) waitForPacer(ctx context.Context, p *Pacer) bool {
	if p == nil {
		return ctx.Err() == nil
	}
	deadline := r.track.Deadline
	for slot := p.Reserve(r.now); slot.After(r.now); {
		if !deadline.IsZero() && slot.After(deadline) {
			return r.sleep(ctx, deadline)
		}
		if !r.sleep(ctx, slot) {
			return false
		}
		if paused := p.PausedUntil(r.now); paused.After(slot) {
			slot = paused
		}
	}
	return ctx.Err() == nil
}
