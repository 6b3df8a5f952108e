package statemachine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// maxGetReads is how many reads of a resource a Get makes before a retryable failure ends it.
const maxGetReads = 10

// job decides everything about one resource of a call. It reads no clock and, except for
// runPreflight and sendCommand, does no I/O. The loops, runner and engine, carry out the steps that
// it returns.
type job[R any, S ~string] struct {
	config   *config[R, S]
	resource string
	track    Track[S]
	due      time.Time // of the next read
	value    R
	hasValue bool               // value is that of the last read that succeeded
	failure  error              // of the last read or command, if it failed
	reason   Reason             // why the wait failed; empty if it did not, or if err is set
	err      error              // what ended the job in place of a Reason
	ensure   *ensureState[R, S] // nil if the job sends no commands
	batching batching
}

// step is what a loop does next with a job.
type step int

const (
	stepRead    step = iota // read when the next read is due
	stepCommand             // run the command of the ensure state
	stepYield               // report the value, then read when the next read is due
	stepDone                // the job has ended
)

// begin prepares a job for its first read. A zero deadline means none.
func (j *job[R, S]) begin(target S, at, deadline time.Time) {
	j.track = newTrack(target, at, deadline, &j.config.opts)
	j.due = at
	if j.ensure != nil {
		j.track.Grace = 0 // no command has been sent, so there is nothing for a stale read to miss
	}
}

// decide processes a read without reporting it.
func (j *job[R, S]) decide(ctx context.Context, v R, err error, at time.Time) step {
	kind := callKind(ctx, err, j.config.kind)
	if kind == Interrupted {
		j.countFailure(err, at)
		return j.endCanceled(ctx, at)
	}
	var next step
	switch j.config.mode {
	case modeWatch:
		return j.decideWatch(v, err, kind, at)
	case modeGet:
		next = j.decideGet(v, err, kind, at)
	case modeWait:
		next = j.decideWait(v, err, kind, at)
	}
	if next == stepRead {
		return j.rescheduleRead(at)
	}
	return next
}

// callKind returns the kind of the error of a read or command: that of classify, except that only
// the end of the caller's context is Interrupted.
func callKind(ctx context.Context, err error, classify func(error) Kind) Kind {
	switch _, late := errors.AsType[*timeoutError](err); {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return Interrupted
	case late:
		return Unavailable
	}
	if k := classify(err); k != Interrupted {
		return k
	}
	return Unavailable
}

// decideWait processes a read of a wait, with or without commands.
func (j *job[R, S]) decideWait(v R, err error, kind Kind, at time.Time) step {
	m := j.config.machine
	j.failure = err
	switch {
	case err == nil:
		j.value, j.hasValue = v, true
		if next, other := j.decideIdentity(v, at); other {
			return next
		}
		s := j.config.state(v)
		var blocked error
		if j.config.check != nil && s != j.track.Target {
			blocked = j.config.check(v)
		}
		return j.decideState(s, blocked, at)
	case kind == NotFound && m.def.Absent != "":
		j.failure, j.hasValue = nil, false
		return j.decideState(m.def.Absent, nil, at)
	}
	ended := m.ObserveFailure(&j.track, kind, at)
	switch {
	case ended == Gone && !j.mayEnd():
		return j.keepReading()
	case ended != "":
		return j.endWait(ended)
	}
	return stepRead
}

// decideState processes a read that showed the state s. blocked is the error of a Check, if any.
func (j *job[R, S]) decideState(s S, blocked error, at time.Time) step {
	reached, ended := j.config.machine.observe(&j.track, s, blocked != nil, at)
	if !reached {
		j.failure = blocked
	}
	switch {
	case j.ensure != nil && j.failure == nil:
		return j.decideEnsure(reached, ended, at)
	case reached:
		return j.endReached()
	case blocked != nil && KindOf(blocked) == Unsupported: // which no stale read changes
		return j.endWait(Unreachable)
	case ended == Unreachable && !j.mayEnd():
		return j.keepReading()
	case ended != "":
		return j.endWait(ended)
	}
	return stepRead
}

// decideIdentity processes the identity of what was read. It returns true if that is not the
// resource that the job is about.
func (j *job[R, S]) decideIdentity(v R, at time.Time) (next step, other bool) {
	if j.config.identity == nil || j.config.machine.def.Absent != "" { // the lifecycle has the end of one resource and the next one
		return stepRead, false
	}
	t := &j.track
	id := j.config.identity(v)
	if e := j.ensure; e != nil && e.SentAt.IsZero() && t.Identity != "" && id != "" && t.Identity != id {
		// No command was sent to the resource that had the name before.
		t.Identity = ""
		t.forgetProgress()
		t.setReadAt(at)
		e.Evidence = Evidence{PlannedAt: t.Now}
	}
	same, ended := t.identify(id, j.grace(), at)
	if same {
		return stepRead, false
	}
	j.failure = &IdentityError{Was: t.Identity, Is: id}
	if ended != "" {
		return j.endWait(ended), true
	}
	return stepRead, true
}

// grace returns the ordinary grace period.
func (j *job[R, S]) grace() time.Duration { return max(j.config.opts.Grace, 0) }

// mayEnd reports whether a read that shows no way to the target may end the job. Before its first
// command, the track of an Ensure call has no grace period.
func (j *job[R, S]) mayEnd() bool {
	t, e := &j.track, j.ensure
	if e == nil {
		return true
	}
	grace := j.grace()
	if e.Outcome == OutcomeAccepted {
		grace = t.Grace
	}
	return t.Now.Sub(later(later(t.Since, t.ProgressAt), e.PlannedAt)) >= grace
}

// keepReading makes the job read again, or ends it at its deadline.
func (j *job[R, S]) keepReading() step {
	if j.track.timedOut() != "" {
		return j.endWait(TimedOut)
	}
	return stepRead
}

// endReached ends the job in its target state.
func (j *job[R, S]) endReached() step {
	if !j.hasValue { // the resource is absent, and so is its value
		var none R
		j.value = none
	}
	return stepDone
}

// decideWatch processes a read of a watch.
func (j *job[R, S]) decideWatch(v R, err error, kind Kind, at time.Time) step {
	delay := j.config.opts.WatchDelay
	j.countFailure(err, at)
	next := stepRead
	switch {
	case err == nil:
		if !j.hasValue || !j.config.skips(j.value, v) {
			next = stepYield
		}
		j.value, j.hasValue = v, true
		j.track.appendHistory(j.config.state(v))
	case kind.Retryable():
		delay *= 2
	case kind == NotFound:
		return j.endWait(Gone)
	default:
		return j.endWait(ReadFailed)
	}
	j.due = at.Add(max(j.config.opts.withJitter(delay), RetryAfter(err)))
	return next
}

// decideGet processes a read of a get.
func (j *job[R, S]) decideGet(v R, err error, kind Kind, at time.Time) step {
	t := &j.track
	j.countFailure(err, at)
	switch {
	case err == nil:
		j.value, j.hasValue = v, true
		t.appendHistory(j.config.state(v))
		return stepDone
	case kind.Retryable() && t.Reads < maxGetReads:
		t.Failed = true
		return stepRead
	}
	return j.endWithError(err)
}

// countFailure counts a read and records its error, or nil.
func (j *job[R, S]) countFailure(err error, at time.Time) {
	j.failure = err
	j.track.countRead(at)
}

// rescheduleRead makes the next read due after the track's delay, or after the longer one that a
// failed request asks for.
func (j *job[R, S]) rescheduleRead(at time.Time) step {
	j.due = j.track.clamp(at, max(j.config.opts.withJitter(j.track.delay(at)), RetryAfter(j.failure)))
	return stepRead
}

// endCanceled ends the job at the time at because the caller's context ended.
func (j *job[R, S]) endCanceled(ctx context.Context, at time.Time) step {
	j.track.setNow(at)
	j.failure = contextError(ctx, j.failure)
	return j.endWait(Canceled)
}

// endWithError ends the job with an error that is complete.
func (j *job[R, S]) endWithError(err error) step {
	j.err = err
	return stepDone
}

// endWait ends the job with a Reason, from which endErr makes a WaitError.
func (j *job[R, S]) endWait(reason Reason) step {
	j.reason = reason
	return stepDone
}

// endErr returns the error that the job ended with, or nil.
func (j *job[R, S]) endErr() error {
	err := j.err
	if j.reason != "" {
		err = j.waitError()
	}
	if err != nil && j.ensure != nil {
		return j.withRestart(err)
	}
	return err
}

// waitError returns the error of a job that ended for a Reason.
func (j *job[R, S]) waitError() *WaitError {
	m, t := j.config.machine, &j.track
	e := &WaitError{
		Machine: m.Name(), Resource: j.resource, Target: string(j.target()), Last: string(t.last()),
		Reason: j.reason, Reads: t.Reads, Elapsed: t.Now.Sub(t.Start), Err: j.failure,
	}
	if j.ensure != nil {
		e.Accepted, e.Pending = j.ensure.result.Operations, j.pending()
		e.Err = cmp.Or(e.Err, j.ensure.err)
	}
	for _, s := range t.History {
		e.History = append(e.History, Sighting[string]{State: string(s.State), At: s.At})
	}
	outside := j.reason == TimedOut && len(t.History) > 0 && (e.Last == "" || m.Known(t.last())) && !m.Settles(t.last(), j.target())
	if (outside || j.reason == Unreachable || j.reason == Lapsed) && e.Pending == "" {
		plan, _ := m.Plan(S(e.Last), S(e.Target))
		e.Plan = slices.Clone(plan) // the machine's own is shared
	}
	switch {
	case e.Pending != "" && j.ensure.goal.AcceptedGrace != 0:
		e.Hint = m.def.Deferral
	case j.ensure != nil && len(e.Plan) > 0: // the hint is for a caller that commands and waits apart
	case outside && e.Pending == "", j.reason == Unreachable:
		e.Hint = m.def.Hint
	}
	return e
}

// target returns the state to reach in the end.
func (j *job[R, S]) target() S {
	if j.ensure != nil {
		return j.ensure.goal.Target
	}
	return j.track.Target
}

// result returns what the job did and read.
func (j *job[R, S]) result() Ensured[R] {
	var done Ensured[R]
	if j.ensure != nil {
		done = j.ensure.result
		switch {
		case j.ensure.left && len(done.Operations) == 0:
			done.Pending = j.ensure.Operation
		case j.ensure.left, j.reason != "", j.err != nil:
			if done.Pending = j.pending(); done.Pending != "" {
				done.PendingSince = j.ensure.SentAt
			}
		}
	}
	done.Value = j.value
	return done
}

// counts is how much a job has seen, to find out what one read added.
type counts struct{ changes, accepted int }

// counts returns how much the job has seen.
func (j *job[R, S]) counts() counts {
	if j.ensure == nil {
		return counts{changes: j.track.stateChanges()}
	}
	return counts{changes: j.track.stateChanges(), accepted: len(j.ensure.result.Operations)}
}

// reportRead reports the read that led to next. before is what the job had seen before it.
func (j *job[R, S]) reportRead(ctx context.Context, next step, before counts, at time.Time) {
	if !j.reports() {
		return
	}
	p, now := j.newProgress(ProgressRead, at), j.counts()
	if next == stepRead || next == stepYield {
		p.NextDelay = max(j.due.Sub(at), 0)
	}
	p.Err = j.failure
	j.report(ctx, p, next == stepDone)
	p.Err = nil
	if now.changes > before.changes {
		p.Type = ProgressChanged
		if n := len(j.track.History); n > 1 {
			p.From = string(j.track.History[n-2].State)
		}
		j.report(ctx, p, false)
	}
	if now.accepted > before.accepted { // the read shows that a lost command was executed
		p.Type, p.From, p.Operation = ProgressAccepted, "", j.ensure.result.Operations[now.accepted-1]
		j.report(ctx, p, false)
	}
}

// reportCommand reports a command that begins, or its result. A dry run has no command.
func (j *job[R, S]) reportCommand(ctx context.Context, typ ProgressType, err error, at time.Time) {
	if !j.reports() || j.config.commands.dryRun && err == nil {
		return
	}
	p := j.newProgress(typ, at)
	p.Operation, p.Err = j.ensure.Operation, err
	if typ != ProgressCommand && j.reason == "" && j.err == nil {
		p.NextDelay = max(j.due.Sub(at), 0)
	}
	j.report(ctx, p, false)
}

// reportEnd reports the end of the job, with the error that endErr returned.
func (j *job[R, S]) reportEnd(err error) {
	if j.config.onProgress != nil {
		p := j.newProgress(ProgressEnded, j.track.Now)
		p.Err = err
		j.config.onProgress(p)
	}
}

// reports returns whether anything receives what the job reports.
func (j *job[R, S]) reports() bool { return j.config.onProgress != nil || j.config.opts.Logger != nil }

// newProgress returns a report at the time at.
func (j *job[R, S]) newProgress(typ ProgressType, at time.Time) Progress {
	t, target := &j.track, j.target()
	p := Progress{
		Type: typ, Resource: j.resource, Target: string(target), State: string(t.last()), Reads: t.Reads,
		Elapsed: max(later(t.Now, at).Sub(t.Start), 0),
	}
	if !t.Deadline.IsZero() {
		p.TimeLeft = max(t.Deadline.Sub(later(t.Now, at)), 0)
	}
	if target != "" {
		p.Plan, _ = j.config.machine.Plan(t.last(), target)
	}
	return p
}

// report logs p and passes it to OnProgress. last reports whether it is the last read, whose
// failure is returned and not logged.
func (j *job[R, S]) report(ctx context.Context, p Progress, last bool) {
	if j.config.opts.Logger != nil {
		j.logProgress(ctx, &p, last)
	}
	if j.config.onProgress != nil {
		j.config.onProgress(p)
	}
}

// logProgress logs a report.
func (j *job[R, S]) logProgress(ctx context.Context, p *Progress, last bool) {
	level, msg, attrs := slog.LevelDebug, "read", []slog.Attr{slog.String("state", p.State)}
	operation, failure := slog.String("operation", string(p.Operation)), slog.Any("error", p.Err)
	switch {
	case p.Type == ProgressChanged:
		level, msg, attrs = slog.LevelInfo, "state changed", []slog.Attr{slog.String("from", p.From), slog.String("to", p.State)}
	case p.Type == ProgressAccepted:
		level, msg, attrs = slog.LevelInfo, "command accepted", []slog.Attr{operation}
	case p.Type == ProgressCommand:
		msg, attrs = "command", []slog.Attr{operation}
	case p.Type != ProgressRead:
		level, msg, attrs = slog.LevelWarn, "command failed", []slog.Attr{operation, failure}
	case p.Err != nil && !last:
		level, msg, attrs = slog.LevelWarn, "read failed", []slog.Attr{failure}
	}
	j.config.opts.Logger.LogAttrs(ctx, level, msg, append([]slog.Attr{
		slog.String("machine", j.config.machine.Name()), slog.String("resource", j.resource),
	}, attrs...)...)
}
