package statemachine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// ensuring is the part of a job that commands. It reacts to what would end a wait as Unreachable or Lapsed.
type ensuring[R any, S ~string] struct {
	goal   *Goal[R, S]
	target S // in the end; the track's own target may be a state on the way there

	op      Operation // the next to run, or the last that was
	from    S         // where op was run
	via     S         // what to wait for once op was accepted
	sent    time.Time // when op was run
	lost    bool      // op's answer was lost: it may have been carried out
	refusal error     // why the last command was not accepted; nil once one was
	refused bool      // the service refused it as InvalidState or Conflict

	done Ensured[R] // all but the value
}

// ensured decides about a read that showed a state, be it the absent one.
func (j *job[R, S]) ensured(reached bool, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.rules.machine
	s := t.last()
	if to, ok := m.Next(e.from, e.op); e.lost && ok && s != e.from && m.Settles(to, s) && m.Settles(s, t.Target) {
		j.accepted()
		t.Since = t.Latest // it may just have taken effect, or somebody else's did: an old read can show what was before
	}
	if e.refusal != nil && !e.lost && s != e.from { // it moved on by itself: what was refused is past
		e.refusal, e.refused = nil, false
	}
	if e.refused && !reached && j.isStuck(e.refusal) {
		return stepDone
	}
	switch {
	case j.rules.cmd.DryRun && m.Known(s):
		return j.planned(s)
	case reached && t.Target == e.target:
		return j.arrived(s, at)
	case reached:
		return j.advance(s, Unreachable, at)
	case ended == Unreachable, ended == Lapsed:
		return j.advance(s, ended, at)
	case ended != "":
		return j.end(ended)
	}
	return stepRead
}

// arrived decides about a resource in the state asked for: has it the settings that were asked for?
func (j *job[R, S]) arrived(s S, at time.Time) step {
	e, t := j.ensure, &j.track
	drift := j.drift()
	switch {
	case drift == nil:
		if !e.done.GapFrom.IsZero() {
			e.done.GapTo = at
		}
		return stepDone
	case t.overdue() != "":
		return j.fail(drift)
	case t.Latest.Sub(t.Since) < t.Grace: // it may be an old read of what was before the last command
		return stepRead
	}
	ops, via, ok := j.rules.machine.cycle(s)
	if !ok || !j.rules.cmd.Restart || !j.mayRun(ops) {
		return j.fail(drift)
	}
	return j.commandNext(s, ops[0], via)
}

// drift is what differs from the settings asked for, or nil.
func (j *job[R, S]) drift() error {
	if j.ensure.goal.Drift == nil || !j.have {
		return nil
	}
	return j.ensure.goal.Drift(j.value)
}

// advance reacts to a state that does not lead to the target by itself: it waits out what is transient, and
// else commands.
func (j *job[R, S]) advance(s S, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.rules.machine
	ops, ok := m.Plan(s, e.target)
	switch {
	case t.overdue() != "":
		return j.end(TimedOut)
	case ok && len(ops) == 0: // somebody went on beyond the state on the way: join
		t.Target, t.Streak = e.target, 0
		if s == e.target {
			t.Streak = 1
		}
		if t.Reached() {
			return j.arrived(s, at)
		}
		return stepRead
	case ended == Lapsed && len(e.done.Operations) > 0, !ok, !j.mayRun(ops):
		return j.end(ended)
	case m.Transient(s) && !m.Permits(s, ops[0]):
		return stepRead
	}
	return j.commandNext(s, ops[0], m.via(s, ops, e.target))
}

// mayRun reports whether this ensure runs these operations, each of them once, and had none accepted before: a
// command may restart a production database.
func (j *job[R, S]) mayRun(ops []Operation) bool {
	runs := j.rules.cmd.Operations
	for i, op := range ops {
		if runs != nil && !slices.Contains(runs, op) || slices.Contains(j.ensure.done.Operations, op) || slices.Contains(ops[:i], op) {
			return false
		}
	}
	return true
}

// commandNext makes op the next command.
func (j *job[R, S]) commandNext(s S, op Operation, via S) step {
	e := j.ensure
	e.op, e.from, e.via, e.lost = op, s, via, false
	return stepCommand
}

// planned decides about a dry run: what would be run from s?
func (j *job[R, S]) planned(s S) step {
	e, m := j.ensure, j.rules.machine
	ops, ok := m.Plan(s, e.target)
	if s == e.target {
		if drift := j.drift(); drift != nil {
			if ops, _, ok = m.cycle(s); !ok || !j.rules.cmd.Restart || !j.mayRun(ops) {
				return j.fail(drift)
			}
		}
	}
	switch {
	case !ok || !j.mayRun(ops):
		return j.end(Unreachable)
	case len(ops) == 0:
		return stepDone
	}
	e.op, e.done.Planned = ops[0], slices.Clone(ops)
	if j.track.overdue() != "" { // no time is left to ask Before
		return j.end(TimedOut)
	}
	return stepCommand
}

// run runs the next command, or in a dry run only what comes before it. It changes nothing in the job, so that
// it may run beside the loop. sent reports whether anything may have been carried out.
func (j *job[R, S]) run(ctx context.Context) (sent bool, err error) {
	e := j.ensure
	if e.goal.Before != nil {
		if err := e.goal.Before(ctx, j.value, e.op); err != nil {
			return false, err
		}
	}
	if j.rules.cmd.DryRun {
		return false, nil
	}
	return true, e.goal.Command(ctx, e.op)
}

// ran takes the outcome of the command that was sent at the instant start and answered at the instant at.
func (j *job[R, S]) ran(ctx context.Context, sent bool, err error, start, at time.Time) step {
	e, t := j.ensure, &j.track
	t.advance(at)
	j.failure, e.refusal, e.refused, e.sent = err, err, false, start
	if err == nil {
		if j.rules.cmd.DryRun {
			return stepDone
		}
		j.log(ctx, slog.LevelInfo, "command accepted", slog.String("operation", string(e.op)))
		j.accepted()
		return j.await(at)
	}
	j.log(ctx, slog.LevelWarn, "command failed", slog.String("operation", string(e.op)), slog.Any("error", err))
	kind := j.commandKind(ctx, sent, err)
	switch {
	case kind == Interrupted:
		return j.canceled(ctx)
	case kind == Unavailable && sent:
		e.lost = true
		return j.await(at)
	case kind == InvalidState || kind == Conflict:
		e.refused = true
		if j.isStuck(err) {
			return stepDone
		}
	case kind == AlreadyInState, kind == Throttled, kind == Unavailable, kind == NotFound && sent && j.removes():
	default:
		return j.fail(err)
	}
	if t.overdue() != "" {
		return j.end(TimedOut)
	}
	return j.again(at)
}

// commandKind is what the error of a command means.
func (j *job[R, S]) commandKind(ctx context.Context, sent bool, err error) Kind {
	kind := j.kindOf(ctx, err)
	if !sent || j.rules.cmd.Kind == nil || kind == Interrupted || isTimeout(err) {
		return kind
	}
	if kind = j.rules.cmd.Kind(err); kind == Interrupted { // only the caller's own context interrupts
		return Unavailable
	}
	return kind
}

// accepted notes that op took effect.
func (j *job[R, S]) accepted() {
	e := j.ensure
	e.lost, e.refusal, e.refused = false, nil, false
	e.done.Operations = append(e.done.Operations, e.op)
	if j.rules.cmd.Restart && e.from == e.target && e.done.GapFrom.IsZero() {
		e.done.GapFrom = e.sent
	}
}

// await begins the wait for what the command that was answered, or lost, at the instant at leads to.
func (j *job[R, S]) await(at time.Time) step {
	t := &j.track
	t.Target = j.ensure.via
	t.Grace = max(j.rules.opts.Grace, 0)
	if g := j.ensure.goal.Grace; g != 0 {
		t.Grace = max(g, 0)
	}
	t.Commanded(at)
	if t.overdue() != "" { // no read starts after the deadline
		return j.end(TimedOut)
	}
	return j.again(at)
}

// isStuck ends the job if no command can be accepted any more.
func (j *job[R, S]) isStuck(refusal error) bool {
	if j.rules.cmd.Stuck == nil || !j.have {
		return false
	}
	why := j.rules.cmd.Stuck(j.value)
	if why == nil {
		return false
	}
	err := fmt.Errorf("%w: %w", refusal, why)
	if KindOf(err) != InvalidState { // a Conflict that will not pass
		err = fmt.Errorf("%w: %w", InvalidState, err)
	}
	j.fail(err)
	return true
}

// removes reports whether op is to remove the resource, so that its absence is no refusal.
func (j *job[R, S]) removes() bool {
	m := j.rules.machine
	to, ok := m.Next(j.ensure.from, j.ensure.op)
	return ok && m.def.Absent != "" && m.Settles(to, m.def.Absent)
}
