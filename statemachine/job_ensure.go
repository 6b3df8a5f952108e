package statemachine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// ensureState is the part of a job that commands. It reacts to what would end a wait as Unreachable or Lapsed.
type ensureState[R any, S ~string] struct {
	goal   *Goal[R, S]
	target S // in the end; the track's own target may be a state on the way there

	op       Operation // the next to run, or the last that was
	sentFrom S         // where op was run
	waypoint S         // what to wait for once op was accepted
	sent     time.Time // when op was run
	lost     bool      // op's answer was lost: it may have been carried out
	err      error     // why the last command was not accepted; nil once one was
	refused  bool      // the service refused it as InvalidState or Conflict

	result Ensured[R] // all but the value
}

// handleEnsureRead decides about a read that showed a state, be it the absent one.
func (j *job[R, S]) handleEnsureRead(reached bool, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.rules.machine
	s := t.last()
	if to, ok := m.Next(e.sentFrom, e.op); e.lost && ok && s != e.sentFrom && m.Settles(to, s) && m.Settles(s, t.Target) {
		j.recordAccepted()
		t.Since = t.Now // it may just have taken effect, or somebody else's did: an old read can show what was before
	}
	if e.err != nil && !e.lost && s != e.sentFrom { // it moved on by itself: what was refused is past
		e.err, e.refused = nil, false
	}
	if e.refused && !reached && j.endIfStuck(e.err) {
		return stepDone
	}
	switch {
	case j.rules.ensure.DryRun && m.Known(s):
		return j.dryRun(s)
	case reached && t.Target == e.target:
		return j.handleTargetReached(s, at)
	case reached:
		return j.proceed(s, Unreachable, at)
	case ended == Unreachable, ended == Lapsed:
		return j.proceed(s, ended, at)
	case ended != "":
		return j.endWait(ended)
	}
	return stepRead
}

// handleTargetReached decides about a resource in the state asked for: has it the settings that were asked for?
func (j *job[R, S]) handleTargetReached(s S, at time.Time) step {
	e, t := j.ensure, &j.track
	drift := j.drift()
	switch {
	case drift == nil:
		if !e.result.GapFrom.IsZero() {
			e.result.GapTo = at
		}
		return stepDone
	case t.timedOut() != "":
		return j.endWithError(drift)
	case t.Now.Sub(t.Since) < t.Grace: // it may be an old read of what was before the last command
		return stepRead
	}
	ops, via, ok := j.rules.machine.restartPlan(s)
	if !ok || !j.rules.ensure.Restart || !j.allowed(ops) {
		return j.endWithError(drift)
	}
	return j.setNextCommand(s, ops[0], via)
}

// drift is what differs from the settings asked for, or nil.
func (j *job[R, S]) drift() error {
	if j.ensure.goal.Drift == nil || !j.hasValue {
		return nil
	}
	return j.ensure.goal.Drift(j.value)
}

// proceed reacts to a state that does not lead to the target by itself: it waits out what is transient, and
// else commands.
func (j *job[R, S]) proceed(s S, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.rules.machine
	ops, ok := m.Plan(s, e.target)
	switch {
	case t.timedOut() != "":
		return j.endWait(TimedOut)
	case ok && len(ops) == 0: // somebody went on beyond the state on the way: join
		t.Target, t.Streak = e.target, 0
		if s == e.target {
			t.Streak = 1
		}
		if t.Reached() {
			return j.handleTargetReached(s, at)
		}
		return stepRead
	case ended == Lapsed && len(e.result.Operations) > 0, !ok, !j.allowed(ops):
		return j.endWait(ended)
	case m.Transient(s) && !m.Permits(s, ops[0]):
		return stepRead
	}
	return j.setNextCommand(s, ops[0], m.waypoint(s, ops, e.target))
}

// allowed reports whether this ensure runs these operations, each of them once, and had none accepted before: a
// command may restart a production database.
func (j *job[R, S]) allowed(ops []Operation) bool {
	runs := j.rules.ensure.Operations
	for i, op := range ops {
		if runs != nil && !slices.Contains(runs, op) || slices.Contains(j.ensure.result.Operations, op) || slices.Contains(ops[:i], op) {
			return false
		}
	}
	return true
}

// setNextCommand makes op the next command.
func (j *job[R, S]) setNextCommand(s S, op Operation, via S) step {
	e := j.ensure
	e.op, e.sentFrom, e.waypoint, e.lost = op, s, via, false
	return stepCommand
}

// dryRun decides about a dry run: what would be run from s?
func (j *job[R, S]) dryRun(s S) step {
	e, m := j.ensure, j.rules.machine
	ops, ok := m.Plan(s, e.target)
	if s == e.target {
		if drift := j.drift(); drift != nil {
			if ops, _, ok = m.restartPlan(s); !ok || !j.rules.ensure.Restart || !j.allowed(ops) {
				return j.endWithError(drift)
			}
		}
	}
	switch {
	case !ok || !j.allowed(ops):
		return j.endWait(Unreachable)
	case len(ops) == 0:
		return stepDone
	}
	e.op, e.result.Planned = ops[0], slices.Clone(ops)
	if j.track.timedOut() != "" { // no time is left to ask Before
		return j.endWait(TimedOut)
	}
	return stepCommand
}

// runCommand runs the next command, or in a dry run only what comes before it. It changes nothing in the job, so that
// it may run beside the loop. sent reports whether anything may have been carried out.
func (j *job[R, S]) runCommand(ctx context.Context) (sent bool, err error) {
	e := j.ensure
	if e.goal.Preflight != nil {
		if err := e.goal.Preflight(ctx, j.value, e.op); err != nil {
			return false, err
		}
	}
	if j.rules.ensure.DryRun {
		return false, nil
	}
	return true, e.goal.Command(ctx, e.op)
}

// handleCommandResult takes the outcome of the command that was sent at the instant start and answered at the instant at.
func (j *job[R, S]) handleCommandResult(ctx context.Context, sent bool, err error, start, at time.Time) step {
	e, t := j.ensure, &j.track
	t.setNow(at)
	j.failure, e.err, e.refused, e.sent = err, err, false, start
	if err == nil {
		if j.rules.ensure.DryRun {
			return stepDone
		}
		j.log(ctx, slog.LevelInfo, "command accepted", slog.String("operation", string(e.op)))
		j.recordAccepted()
		return j.awaitEffect(at)
	}
	j.log(ctx, slog.LevelWarn, "command failed", slog.String("operation", string(e.op)), slog.Any("error", err))
	kind := j.commandKind(ctx, sent, err)
	switch {
	case kind == Interrupted:
		return j.endCanceled(ctx)
	case kind == Unavailable && sent:
		e.lost = true
		return j.awaitEffect(at)
	case kind == InvalidState || kind == Conflict:
		e.refused = true
		if j.endIfStuck(err) {
			return stepDone
		}
	case kind == AlreadyInState, kind == Throttled, kind == Unavailable, kind == NotFound && sent && j.opRemovesResource():
	default:
		return j.endWithError(err)
	}
	if t.timedOut() != "" {
		return j.endWait(TimedOut)
	}
	return j.rescheduleRead(at)
}

// commandKind is what the error of a command means.
func (j *job[R, S]) commandKind(ctx context.Context, sent bool, err error) Kind {
	kind := j.kindOf(ctx, err)
	if !sent || j.rules.ensure.Kind == nil || kind == Interrupted || isTimeout(err) {
		return kind
	}
	if kind = j.rules.ensure.Kind(err); kind == Interrupted { // only the caller's own context interrupts
		return Unavailable
	}
	return kind
}

// recordAccepted notes that op took effect.
func (j *job[R, S]) recordAccepted() {
	e := j.ensure
	e.lost, e.err, e.refused = false, nil, false
	e.result.Operations = append(e.result.Operations, e.op)
	if j.rules.ensure.Restart && e.sentFrom == e.target && e.result.GapFrom.IsZero() {
		e.result.GapFrom = e.sent
	}
}

// awaitEffect begins the wait for what the command that was answered, or lost, at the instant at leads to.
func (j *job[R, S]) awaitEffect(at time.Time) step {
	t := &j.track
	t.Target = j.ensure.waypoint
	t.Grace = max(j.rules.opts.Grace, 0)
	if g := j.ensure.goal.Grace; g != 0 {
		t.Grace = max(g, 0)
	}
	t.Commanded(at)
	if t.timedOut() != "" { // no read starts after the deadline
		return j.endWait(TimedOut)
	}
	return j.rescheduleRead(at)
}

// endIfStuck ends the job if no command can be accepted any more.
func (j *job[R, S]) endIfStuck(refusal error) bool {
	if j.rules.ensure.Stuck == nil || !j.hasValue {
		return false
	}
	why := j.rules.ensure.Stuck(j.value)
	if why == nil {
		return false
	}
	err := fmt.Errorf("%w: %w", refusal, why)
	if KindOf(err) != InvalidState { // a Conflict that will not pass
		err = fmt.Errorf("%w: %w", InvalidState, err)
	}
	j.endWithError(err)
	return true
}

// opRemovesResource reports whether op is to remove the resource, so that its absence is no refusal.
func (j *job[R, S]) opRemovesResource() bool {
	m := j.rules.machine
	to, ok := m.Next(j.ensure.sentFrom, j.ensure.op)
	return ok && m.def.Absent != "" && m.Settles(to, m.def.Absent)
}
