package statemachine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// config are what all resources of one call share: the fields of the Waiter, Ensurer or Fleet, with the options
// resolved.
type config[R any, S ~string] struct {
	machine *Machine[S]
	state   func(R) S
	kind    func(error) Kind
	check   func(R) error
	same    func(a, b R) bool
	opts    WaitOptions
	aim     mode

	readPacer *Pacer
	ensure    *EnsureOptions[R] // nil: nothing is commanded
}

// mode is what a call wants of each resource.
type mode int

const (
	modeWait  mode = iota // until a state
	modeWatch             // whatever happens, as it happens
	modeGet               // what is there
)

// maxGetReads is how many reads a resource has in a Get before a failure that is tolerable in a wait ends it.
const maxGetReads = 10

// job is one resource on its way: everything that is decided about it, without a clock and, but for run,
// without I/O. The loop of one (alone.go) and the loop of many (engine.go) do what the returned step says.
type job[R any, S ~string] struct {
	rules    *config[R, S]
	resource string
	track    Track[S]
	due      time.Time // of the next read
	value    R
	hasValue bool               // value shows what is there: the last read that succeeded gave it
	failure  error              // of the last read or command, if that failed
	err      error              // why the job ended, once it did; nil: well
	ensure   *ensureState[R, S] // nil: this job only reads
}

// step is what a loop does next with a job.
type step int

const (
	stepRead    step = iota // read when it is due
	stepReread              // read now, this resource alone: what a read of many showed would end the job badly
	stepCommand             // run the ensure's operation
	stepYield               // tell the value, then read when it is due
	stepDone                // the job has ended
)

// begin prepares a job for its first read. A zero deadline is none.
func (j *job[R, S]) begin(target S, at, deadline time.Time) {
	history := j.track.History
	j.track = newTrack(target, at, deadline, &j.rules.opts)
	j.track.History = history
	j.due = at
	if j.ensure != nil {
		j.ensure.target = target
		j.track.Grace = 0 // nothing was commanded yet that an old read could not show
	}
}

// handleRead takes a read. alone tells that it was of this resource alone: only such a read ends a job badly.
func (j *job[R, S]) handleRead(ctx context.Context, v R, err error, at time.Time, alone bool) step {
	kind := j.kindOf(ctx, err)
	if kind == Interrupted {
		j.failure = err
		j.track.countRead(at)
		next := j.endCanceled(ctx)
		j.notify(ctx, next, false, at)
		return next
	}
	seen := j.track.stateChanges()
	var next step
	switch {
	case !alone && err != nil && !kind.Retryable():
		j.failure = err
		j.track.countRead(at)
		next = j.endWait(ReadFailed)
	case j.rules.aim == modeWatch:
		next = j.handleWatchRead(v, err, kind, at)
	case j.rules.aim == modeGet:
		next = j.handleGetRead(v, err, kind, at)
	default:
		next = j.handleWaitRead(v, err, kind, at)
	}
	if next == stepRead && j.rules.aim != modeWatch { // a watch has its own delays
		next = j.rescheduleRead(at)
	}
	if next == stepDone && j.err != nil && !alone && !kind.Retryable() && !errors.Is(j.err, TimedOut) {
		if j.track.timedOut() == "" {
			j.err, next = nil, stepReread
		} else {
			if _, ok := errors.AsType[*WaitError](j.err); !ok {
				j.failure = j.err
			}
			j.endWait(TimedOut) // no read starts after the deadline
		}
	}
	j.notify(ctx, next, j.track.stateChanges() > seen, at)
	return next
}

// kindOf is what the error of a read or command means. Only the caller's own context interrupts.
func (j *job[R, S]) kindOf(ctx context.Context, err error) Kind {
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return Interrupted
	case isTimeout(err):
		return Unavailable
	}
	if k := j.rules.kind(err); k != Interrupted {
		return k
	}
	return Unavailable
}

// handleWaitRead decides about a read of a wait or an ensure.
func (j *job[R, S]) handleWaitRead(v R, err error, kind Kind, at time.Time) step {
	m, t := j.rules.machine, &j.track
	j.failure = err
	var reached bool
	var ended Reason
	if err == nil {
		j.value, j.hasValue = v, true
		reached, ended = m.Observe(t, j.rules.state(v), at)
		if !reached && j.rules.check != nil {
			if j.failure = j.rules.check(v); j.failure != nil {
				return j.endWait(Unreachable)
			}
		}
	} else {
		ended = m.ObserveFailure(t, kind, at)
		if kind == NotFound && m.def.Absent != "" {
			reached, j.failure, j.hasValue = ended == "" && t.Reached(), nil, false
		}
	}
	switch {
	case j.ensure != nil && j.failure == nil:
		return j.handleEnsureRead(reached, ended, at)
	case reached:
		return stepDone
	case ended != "":
		return j.endWait(ended)
	}
	return stepRead
}

// handleWatchRead decides about a read of a watch.
func (j *job[R, S]) handleWatchRead(v R, err error, kind Kind, at time.Time) step {
	t, delay := &j.track, j.rules.opts.WatchDelay
	t.countRead(at)
	j.failure = err
	next := stepRead
	switch {
	case err == nil:
		if !j.hasValue || !j.rules.same(j.value, v) {
			next = stepYield
		}
		j.value, j.hasValue = v, true
		if s := j.rules.state(v); len(t.History) == 0 || s != t.last() {
			t.appendHistory(s)
		}
	case kind.Retryable():
		delay *= 2
	case kind == NotFound:
		return j.endWait(Gone)
	default:
		return j.endWait(ReadFailed)
	}
	j.due = at.Add(j.rules.opts.withJitter(delay))
	return next
}

// handleGetRead decides about a read of a get.
func (j *job[R, S]) handleGetRead(v R, err error, kind Kind, at time.Time) step {
	t := &j.track
	t.countRead(at)
	j.failure = err
	switch {
	case err == nil:
		j.value, j.hasValue = v, true
		t.appendHistory(j.rules.state(v))
		return stepDone
	case kind.Retryable() && t.Reads < maxGetReads:
		t.Failed = true
		return stepRead
	}
	j.err = err
	return stepDone
}

// rescheduleRead has the job read when the next read is due.
func (j *job[R, S]) rescheduleRead(at time.Time) step {
	j.due = j.track.clamp(at, j.rules.opts.withJitter(j.track.delay(at)))
	return stepRead
}

// endCanceled ends the job because the caller's context did, at the latest instant that the job was told of.
func (j *job[R, S]) endCanceled(ctx context.Context) step {
	j.failure = contextError(ctx, j.failure)
	return j.endWait(Canceled)
}

// endWithError ends the job with an error that says everything already.
func (j *job[R, S]) endWithError(err error) step {
	j.err = err
	return stepDone
}

// endWait ends the job with a WaitError.
func (j *job[R, S]) endWait(reason Reason) step {
	m, t := j.rules.machine, &j.track
	e := &WaitError{
		Machine: m.Name(), Resource: j.resource, Target: string(t.Target), Last: string(t.last()),
		Reason: reason, Reads: t.Reads, Elapsed: t.Now.Sub(t.Start), Err: j.failure,
	}
	if j.ensure != nil {
		e.Target = string(j.ensure.target)
		e.Accepted = j.ensure.result.Operations
		if e.Err == nil {
			e.Err = j.ensure.err
		}
	}
	for _, s := range t.History {
		e.History = append(e.History, Sighting[string]{State: string(s.State), At: s.At})
	}
	if reason == Unreachable || reason == Lapsed {
		plan, _ := m.Plan(S(e.Last), S(e.Target))
		e.Plan = slices.Clone(plan) // the machine's own is shared
	}
	if reason == Unreachable {
		e.Hint = m.def.Hint
	}
	j.err = e
	return stepDone
}

// notify tells the options' OnRead and Logger about the read that led to next. changed tells that it showed another state than the one before.
func (j *job[R, S]) notify(ctx context.Context, next step, changed bool, at time.Time) {
	if j.rules.opts.OnRead != nil {
		j.callOnRead(next, at)
	}
	if j.rules.opts.Logger != nil {
		j.logRead(ctx, next, changed)
	}
}

// callOnRead tells OnRead about a read.
func (j *job[R, S]) callOnRead(next step, at time.Time) {
	t := &j.track
	r := Reading{
		Resource: j.resource, Target: string(t.Target), State: string(t.last()),
		Reads: t.Reads, Elapsed: t.Now.Sub(t.Start), Err: j.failure,
	}
	if j.ensure != nil {
		r.Target = string(j.ensure.target)
	}
	if next == stepRead || next == stepYield {
		r.NextDelay = max(j.due.Sub(at), 0)
	}
	j.rules.opts.OnRead(r)
}

// logRead writes a line about a read.
func (j *job[R, S]) logRead(ctx context.Context, next step, changed bool) {
	switch t := &j.track; {
	case j.failure != nil && next != stepDone:
		j.log(ctx, slog.LevelWarn, "read failed", slog.Any("error", j.failure))
	case changed:
		var from S
		if n := len(t.History); n > 1 {
			from = t.History[n-2].State
		}
		j.log(ctx, slog.LevelInfo, "state changed", slog.String("from", string(from)), slog.String("to", string(t.last())))
	default:
		j.log(ctx, slog.LevelDebug, "read", slog.String("state", string(t.last())))
	}
}

// log writes one line about the job.
func (j *job[R, S]) log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	if l := j.rules.opts.Logger; l != nil && l.Enabled(ctx, level) {
		l.LogAttrs(ctx, level, msg, append([]slog.Attr{
			slog.String("machine", j.rules.machine.Name()), slog.String("resource", j.resource),
		}, attrs...)...)
	}
}
