package statemachine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// rules are what all resources of one call share: the fields of the Waiter, Ensurer or Fleet, with the options
// resolved.
type rules[R any, S ~string] struct {
	machine *Machine[S]
	state   func(R) S
	kind    func(error) Kind
	check   func(R) error
	same    func(a, b R) bool
	opts    WaitOptions
	aim     aim

	reads *Pacer
	cmd   *Commands[R] // nil: nothing is commanded
}

// aim is what a call wants of each resource.
type aim int

const (
	aimWait  aim = iota // until a state
	aimWatch            // whatever happens, as it happens
	aimGet              // what is there
)

// getAttempts is how many reads a resource has in a Get before a failure that is tolerable in a wait ends it.
const getAttempts = 10

// job is one resource on its way: everything that is decided about it, without a clock and, but for run,
// without I/O. The loop of one (alone.go) and the loop of many (engine.go) do what the returned step says.
type job[R any, S ~string] struct {
	rules    *rules[R, S]
	resource string
	track    Track[S]
	due      time.Time // of the next read
	value    R
	have     bool            // value shows what is there: the last read that succeeded gave it
	failure  error           // of the last read or command, if that failed
	err      error           // why the job ended, once it did; nil: well
	ensure   *ensuring[R, S] // nil: this job only reads
}

// step is what a loop does next with a job.
type step int

const (
	stepRead    step = iota // read when it is due
	stepAlone               // read now, this resource alone: what a read of many showed would end the job badly
	stepCommand             // run the ensure's operation
	stepTell                // tell the value, then read when it is due
	stepDone                // the job has ended
)

// begin prepares a job for its first read. A zero deadline is none.
func (j *job[R, S]) begin(target S, at, deadline time.Time) {
	room := j.track.History
	j.track = newTrack(target, at, deadline, &j.rules.opts)
	j.track.History = room
	j.due = at
	if j.ensure != nil {
		j.ensure.target = target
		j.track.Grace = 0 // nothing was commanded yet that an old read could not show
	}
}

// took takes a read. alone tells that it was of this resource alone: only such a read ends a job badly.
func (j *job[R, S]) took(ctx context.Context, v R, err error, at time.Time, alone bool) step {
	kind := j.kindOf(ctx, err)
	if kind == Interrupted {
		j.failure = err
		j.track.told(at)
		next := j.canceled(ctx)
		j.report(ctx, next, false, at)
		return next
	}
	seen := j.track.changes()
	var next step
	switch {
	case !alone && err != nil && !kind.Tolerable():
		j.failure = err
		j.track.told(at)
		next = j.end(ReadFailed)
	case j.rules.aim == aimWatch:
		next = j.watched(v, err, kind, at)
	case j.rules.aim == aimGet:
		next = j.got(v, err, kind, at)
	default:
		next = j.waited(v, err, kind, at)
	}
	if next == stepRead && j.rules.aim != aimWatch { // a watch has its own delays
		next = j.again(at)
	}
	if next == stepDone && j.err != nil && !alone && !kind.Tolerable() && !errors.Is(j.err, TimedOut) {
		if j.track.overdue() == "" {
			j.err, next = nil, stepAlone
		} else {
			if _, ok := errors.AsType[*WaitError](j.err); !ok {
				j.failure = j.err
			}
			j.end(TimedOut) // no read starts after the deadline
		}
	}
	j.report(ctx, next, j.track.changes() > seen, at)
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

// waited decides about a read of a wait or an ensure.
func (j *job[R, S]) waited(v R, err error, kind Kind, at time.Time) step {
	m, t := j.rules.machine, &j.track
	j.failure = err
	var reached bool
	var ended Reason
	if err == nil {
		j.value, j.have = v, true
		reached, ended = m.Observe(t, j.rules.state(v), at)
		if !reached && j.rules.check != nil {
			if j.failure = j.rules.check(v); j.failure != nil {
				return j.end(Unreachable)
			}
		}
	} else {
		ended = m.ObserveFailure(t, kind, at)
		if kind == NotFound && m.def.Absent != "" {
			reached, j.failure, j.have = ended == "" && t.Reached(), nil, false
		}
	}
	switch {
	case j.ensure != nil && j.failure == nil:
		return j.ensured(reached, ended, at)
	case reached:
		return stepDone
	case ended != "":
		return j.end(ended)
	}
	return stepRead
}

// watched decides about a read of a watch.
func (j *job[R, S]) watched(v R, err error, kind Kind, at time.Time) step {
	t, delay := &j.track, j.rules.opts.WatchDelay
	t.told(at)
	j.failure = err
	next := stepRead
	switch {
	case err == nil:
		if !j.have || !j.rules.same(j.value, v) {
			next = stepTell
		}
		j.value, j.have = v, true
		if s := j.rules.state(v); len(t.History) == 0 || s != t.last() {
			t.saw(s)
		}
	case kind.Tolerable():
		delay *= 2
	case kind == NotFound:
		return j.end(Gone)
	default:
		return j.end(ReadFailed)
	}
	j.due = at.Add(j.rules.opts.jittered(delay))
	return next
}

// got decides about a read of a get.
func (j *job[R, S]) got(v R, err error, kind Kind, at time.Time) step {
	t := &j.track
	t.told(at)
	j.failure = err
	switch {
	case err == nil:
		j.value, j.have = v, true
		t.saw(j.rules.state(v))
		return stepDone
	case kind.Tolerable() && t.Reads < getAttempts:
		t.Failed = true
		return stepRead
	}
	j.err = err
	return stepDone
}

// again has the job read when the next read is due.
func (j *job[R, S]) again(at time.Time) step {
	j.due = j.track.within(at, j.rules.opts.jittered(j.track.delay(at)))
	return stepRead
}

// canceled ends the job because the caller's context did, at the latest instant that the job was told of.
func (j *job[R, S]) canceled(ctx context.Context) step {
	j.failure = contextError(ctx, j.failure)
	return j.end(Canceled)
}

// fail ends the job with an error that says everything already.
func (j *job[R, S]) fail(err error) step {
	j.err = err
	return stepDone
}

// end ends the job with a WaitError.
func (j *job[R, S]) end(reason Reason) step {
	m, t := j.rules.machine, &j.track
	e := &WaitError{
		Machine: m.Name(), Resource: j.resource, Target: string(t.Target), Last: string(t.last()),
		Reason: reason, Reads: t.Reads, Elapsed: t.Latest.Sub(t.Start), Err: j.failure,
	}
	if j.ensure != nil {
		e.Target = string(j.ensure.target)
		e.Accepted = j.ensure.done.Operations
		if e.Err == nil {
			e.Err = j.ensure.refusal
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

// report tells the options' OnRead and Logger about the read that led to next. changed tells that it showed another state than the one before.
func (j *job[R, S]) report(ctx context.Context, next step, changed bool, at time.Time) {
	if j.rules.opts.OnRead != nil {
		j.tellOnRead(next, at)
	}
	if j.rules.opts.Logger != nil {
		j.logRead(ctx, next, changed)
	}
}

// tellOnRead tells OnRead about a read.
func (j *job[R, S]) tellOnRead(next step, at time.Time) {
	t := &j.track
	r := Reading{
		Resource: j.resource, Target: string(t.Target), State: string(t.last()),
		Reads: t.Reads, Elapsed: t.Latest.Sub(t.Start), Err: j.failure,
	}
	if j.ensure != nil {
		r.Target = string(j.ensure.target)
	}
	if next == stepRead || next == stepTell {
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
