package statemachine

import (
	"context"
	"time"
)

// alone is the loop of one job. It reads and commands in the caller's goroutine: a goroutine for each read
// would cost more than the rest of the loop together.
//
// A goroutine that waits costs its stack above all, which after a call of an SDK is 4 KiB at least, and 8 if more
// than some 1,200 bytes are in use while it sleeps: that is why start is not inlined, and command not a part of
// until. A goroutine that never calls anything deep could do with 2 KiB; that was tried, with smaller
// frames, and not reached: by a few bytes, in Observe, and the job itself would be a third of what is left.
type alone[R any, S ~string] struct {
	job   *job[R, S]
	read  func(context.Context) (R, error)
	timer *time.Timer // nil until the first sleep
	now   time.Time   // when it began, or looked at the clock last
}

// finish runs a job to its end.
func (j *job[R, S]) finish(ctx context.Context, read func(context.Context) (R, error)) {
	l := alone[R, S]{job: j, read: read, now: j.track.Start}
	l.until(ctx)
}

// until reads and commands until the job has something to tell, or has ended.
func (l *alone[R, S]) until(ctx context.Context) step {
	j := l.job
	next := stepRead
	for {
		switch next {
		case stepRead, stepAlone:
			if !l.sleep(ctx, j.due) || !l.pace(ctx, j.rules.reads) {
				return j.canceled(ctx, time.Now())
			}
			v, at, err := timed(ctx, l.now, j.rules.opts.ReadTimeout, l.read)
			next = j.took(ctx, v, err, at, true)
			j.rules.answered(j.rules.reads, err, at)
		case stepCommand:
			next = l.command(ctx)
		case stepTell, stepDone:
			return next
		}
	}
}

// command runs the operation of the ensure.
func (l *alone[R, S]) command(ctx context.Context) step {
	j := l.job
	l.now = time.Now() // not the read's: somebody may have been told of that, and taken his time
	if !l.pace(ctx, j.rules.cmd.Pacer) {
		return j.canceled(ctx, time.Now())
	}
	if j.late(l.now) {
		return stepRead
	}
	start := l.now
	sent, at, err := timed(ctx, start, j.rules.opts.ReadTimeout, j.run)
	next := j.ran(ctx, sent, err, start, at)
	j.rules.answered(j.rules.cmd.Pacer, err, at)
	return next
}

// late reports whether the deadline came while a command waited for its place.
func (j *job[R, S]) late(at time.Time) bool {
	t := &j.track
	return !t.Deadline.IsZero() && !at.Before(t.Deadline)
}

// answered passes on to the pacer what the service made of a call.
func (r *rules[R, S]) answered(p *Pacer, err error, at time.Time) {
	if err == nil {
		p.Served(at)
	} else if r.kind(err) == Throttled {
		p.Throttled(at)
	}
}

// pace waits for the call's place under the quota, but not beyond the deadline. It is false if the context ended.
func (l *alone[R, S]) pace(ctx context.Context, p *Pacer) bool {
	if p == nil {
		return ctx.Err() == nil
	}
	deadline := l.job.track.Deadline
	for place := p.Reserve(l.now); place.After(l.now); {
		if !deadline.IsZero() && place.After(deadline) {
			return l.sleep(ctx, deadline)
		}
		if !l.sleep(ctx, place) {
			return false
		}
		if held := p.Held(l.now); held.After(place) {
			place = held
		}
	}
	return ctx.Err() == nil
}

// sleep sleeps until the instant t. It is false if the context ended.
func (l *alone[R, S]) sleep(ctx context.Context, t time.Time) bool {
	if ctx.Err() != nil {
		return false
	}
	if !t.After(l.now) {
		return true
	}
	if d := time.Until(t); d > 0 { // not since now: somebody may have been told of the last read, and taken his time
		if l.timer == nil {
			l.timer = time.NewTimer(d)
		} else {
			l.timer.Reset(d)
		}
		select {
		case <-ctx.Done():
		case <-l.timer.C:
		}
	}
	l.now = time.Now()
	return ctx.Err() == nil
}
