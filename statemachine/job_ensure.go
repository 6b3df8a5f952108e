package statemachine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ensureState is the part of a job that sends commands. It handles what would end a wait as
// Unreachable or Lapsed.
type ensureState[R any, S ~string] struct {
	goal Goal[R, S] // its Target may be beyond that of the track, a waypoint
	left bool       // the call ended for Leave or NotBefore of the goal

	Command[S]       // never OutcomePending: that is stepCommand
	err        error // of the command, unless it was accepted
	result     Ensured[R]
	Evidence

	refusal     error // why the restart failed, once Restore is used
	restoreFrom int   // how many operations were accepted before that
}

// decideEnsure processes a successful read. reached and ended are what Observe returned for it.
func (j *job[R, S]) decideEnsure(reached bool, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.config.machine
	s := t.last()
	if j.mayPrecedeCommand(s) {
		if t.Streak = 0; j.hasAcceptedGrace() { // it shows no effect of the command
			t.forgetProgress()
		}
		return j.keepReading()
	}
	j.updateOutcome(s)
	j.remember(s)
	if e.Outcome == OutcomeBlocked && !reached && j.endIfStuck(e.err) {
		return stepDone
	}
	switch {
	case j.config.commands.dryRun && m.Known(s):
		return j.dryRun(s)
	case reached && t.Target == e.goal.Target:
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

// mayPrecedeCommand reports whether a read of s, the target or a state on the way to it, may be
// older than the last command. On the way that matters only while AcceptedGrace applies, because
// an effect ends it.
func (j *job[R, S]) mayPrecedeCommand(s S) bool {
	e, t := j.ensure, &j.track
	executed := e.Outcome == OutcomeAccepted || e.Outcome == OutcomeUnknown
	if !executed || t.Now.Sub(t.Since) >= j.grace() {
		return false
	}
	if s == e.goal.Target {
		return e.refusal != nil || !e.TargetSeenAt.IsZero() && j.justBeforeCommand(e.TargetSeenAt)
	}
	firstRead := t.History[len(t.History)-1].At.Equal(t.Now) // that shows s: one read proves nothing
	return j.hasAcceptedGrace() && j.config.machine.Settles(s, t.Target) && (firstRead || j.sawProgressBeforeCommand())
}

// justBeforeCommand reports whether a read at the time at was made within Grace before the last
// command.
func (j *job[R, S]) justBeforeCommand(at time.Time) bool {
	sent := j.ensure.SentAt
	return !at.After(sent) && sent.Sub(at) < j.grace()
}

// sawProgressBeforeCommand reports whether a read within Grace before the last command may have
// shown a state that settles into the target of the track.
func (j *job[R, S]) sawProgressBeforeCommand() bool {
	h := j.track.History
	for i := 1; i < len(h); i++ { // the last read that showed h[i-1] was before h[i]
		if j.config.machine.Settles(h[i-1].State, j.track.Target) && j.justBeforeCommand(h[i].At) {
			return true
		}
	}
	return false
}

// hasAcceptedGrace reports whether a longer AcceptedGrace replaces the ordinary grace period.
func (j *job[R, S]) hasAcceptedGrace() bool { return j.track.Grace > j.grace() }

// remember records what a read of the state s is evidence of.
func (j *job[R, S]) remember(s S) {
	e, t := j.ensure, &j.track
	drifted := s == e.goal.Target && j.driftErr() != nil
	switch {
	case !drifted:
		e.DriftSince = time.Time{}
	case e.DriftSince.IsZero():
		e.DriftSince = t.Now
	}
	if s == e.goal.Target && !drifted {
		e.TargetSeenAt = t.Now
	}
	if ops, ok := j.config.machine.Plan(s, e.goal.Target); ok && j.allowed(ops) {
		e.PlannedAt = t.Now
	}
	if t.Progressing && j.hasAcceptedGrace() { // the command had an effect, so a later read is an ordinary one
		t.Grace = j.grace()
	}
}

// pending returns the accepted command that no read has shown an effect of, if any.
func (j *job[R, S]) pending() Operation {
	if e, t := j.ensure, &j.track; e.Outcome != OutcomeAccepted || t.Progressing || t.last() != e.SentFrom {
		return ""
	}
	return j.ensure.Operation
}

// updateOutcome records what the state s shows about the last command.
func (j *job[R, S]) updateOutcome(s S) {
	e, t, m := j.ensure, &j.track, j.config.machine
	if s == e.SentFrom {
		return
	}
	switch e.Outcome {
	case OutcomeUnknown:
		to, ok := m.Next(e.SentFrom, e.Operation)
		// Drift shows that the target is that from before the command, unless it is the former settings.
		if ok && m.Settles(to, s) && m.Settles(s, t.Target) && (s != e.goal.Target || e.refusal != nil || j.driftErr() == nil) {
			j.recordAccepted()
			// The effect (ours or another actor's) may be recent, so a read may still be stale.
			t.Since = t.Now
		}
	case OutcomeRejected, OutcomeBlocked: // no longer applies, because the state changed
		e.Outcome, e.err = "", nil
	case OutcomePending, OutcomeAccepted:
	}
}

// handleTargetReached checks a resource in the target state for drift.
func (j *job[R, S]) handleTargetReached(s S, at time.Time) step {
	e, t := j.ensure, &j.track
	drift := j.driftErr()
	switch {
	case e.refusal != nil && len(e.result.Operations) > e.restoreFrom:
		e.result.GapTo = at
		return j.endWithError(e.refusal)
	case drift == nil:
		if !e.result.GapFrom.IsZero() {
			e.result.GapTo = at
		}
		return j.endReached()
	case t.timedOut() != "":
		if e.err != nil { // of the restart
			drift = withCause(drift, fmt.Errorf("the last command failed: %w", e.err))
		}
		return j.endWithError(drift)
	case t.Now.Sub(t.Since) < t.Grace: // the read may be older than the last command
		return stepRead
	}
	ops, waypoint, ok := j.restartPlan(s)
	switch {
	case !ok:
		if !e.result.GapFrom.IsZero() {
			drift = withCause(drift, errors.New("the restart was reverted, by the service or another actor"))
		}
		return j.endWithError(drift)
	case t.Now.Sub(e.DriftSince) < j.grace(): // the service would not reject a mistaken restart
		return stepRead
	}
	e.result.Before = j.value
	return j.setNextCommand(s, ops[0], waypoint)
}

// driftErr returns an error if the settings that were read last are not those that were requested.
func (j *job[R, S]) driftErr() error {
	if j.ensure.goal.Drift == nil || !j.hasValue {
		return nil
	}
	return j.ensure.goal.Drift(j.value)
}

// restartPlan returns the operations that restart a drifted resource, if this call may run them.
func (j *job[R, S]) restartPlan(s S) (ops []Operation, waypoint S, ok bool) {
	ops, waypoint, ok = j.config.machine.restartPlan(s)
	return ops, waypoint, ok && j.config.commands.restart && j.ensure.refusal == nil && j.allowed(ops)
}

// proceed handles a state that does not settle into the target: it waits if the state is transient,
// and otherwise chooses the next command.
func (j *job[R, S]) proceed(s S, ended Reason, at time.Time) step {
	e, t, m := j.ensure, &j.track, j.config.machine
	ops, ok := m.Plan(s, e.goal.Target)
	reverted := ended == Lapsed && len(e.result.Operations) > e.restoreFrom && e.Outcome != OutcomeUnknown
	switch {
	case t.timedOut() != "":
		return j.endWait(TimedOut)
	case ok && len(ops) == 0: // another actor moved it past the waypoint; wait for the final target
		t.Target, t.Streak = e.goal.Target, 0
		t.progress()
		if s == e.goal.Target {
			t.Streak = 1
		}
		if t.Reached() {
			return j.handleTargetReached(s, at)
		}
		return stepRead
	case reverted, !ok, !j.allowed(ops):
		switch {
		case !reverted && !j.mayEnd():
			return stepRead
		case !ok || !j.rolledBack() || !j.beginRestore(j.rollback(ended)) || !j.allowed(ops):
			return j.endWait(ended)
		}
	case m.Transient(s) && !m.Permits(s, ops[0]):
		return stepRead
	}
	return j.setNextCommand(s, ops[0], m.waypoint(s, ops, e.goal.Target))
}

// allowed reports whether this call may run these operations. Each is accepted at most once per
// call, because a command may restart a production database. After a restart that failed, those
// that restore the former settings may be accepted once more.
func (j *job[R, S]) allowed(ops []Operation) bool {
	permitted, accepted := j.config.commands.operations, j.ensure.result.Operations[j.ensure.restoreFrom:]
	for i, op := range ops {
		if permitted != nil && !slices.Contains(permitted, op) ||
			slices.Contains(accepted, op) || slices.Contains(ops[:i], op) {
			return false
		}
	}
	return true
}

// setNextCommand makes op the next command. Until it is sent, Outcome and err are those of the
// command before it. A later read can no longer show that a lost command took effect.
func (j *job[R, S]) setNextCommand(s S, op Operation, waypoint S) step {
	e := j.ensure
	e.Operation, e.SentFrom, e.Waypoint = op, s, waypoint
	if e.Outcome == OutcomeUnknown {
		e.Outcome = OutcomeRejected
	}
	if j.tooEarly() {
		e.left = true
		return stepDone
	}
	return stepCommand
}

// tooEarly reports whether the first command is not to be sent yet.
func (j *job[R, S]) tooEarly() bool {
	e := j.ensure
	return len(e.result.Operations) == 0 && j.track.Now.Before(e.goal.NotBefore)
}

// dryRun decides what a call would run in the state s.
func (j *job[R, S]) dryRun(s S) step {
	e := j.ensure
	ops, ok := j.config.machine.Plan(s, e.goal.Target)
	if s == e.goal.Target {
		if drift := j.driftErr(); drift != nil {
			if ops, _, ok = j.restartPlan(s); !ok {
				return j.endWithError(drift)
			}
		}
	}
	switch {
	case !ok || !j.allowed(ops):
		if !j.mayEnd() {
			return j.keepReading()
		}
		return j.endWait(Unreachable)
	case len(ops) == 0:
		return j.endReached()
	}
	if e.Operation = ops[0]; j.tooEarly() {
		e.left = true
		return stepDone
	}
	e.result.Planned = slices.Clone(ops)
	if j.track.timedOut() != "" { // there is no time left for the preflight
		return j.endWait(TimedOut)
	}
	return stepCommand
}

// runPreflight does what comes before the next command. Neither it nor sendCommand modifies the
// job, so they may run concurrently with the loop.
func (j *job[R, S]) runPreflight(ctx context.Context) error {
	if e := j.ensure; e.goal.Preflight != nil && e.refusal == nil {
		return e.goal.Preflight(ctx, j.value, e.Operation)
	}
	return nil
}

// sendCommand sends the next command.
func (j *job[R, S]) sendCommand(ctx context.Context) error {
	e := j.ensure
	if e.refusal != nil {
		return e.goal.Restore(ctx, e.result.Before, e.Operation)
	}
	return e.goal.Command(ctx, e.Operation)
}

// handleCommandResult processes the result of the command that was sent at the time start and
// completed at the time at. A command that was not sent, without an error, is one whose deadline
// had passed after the preflight, or that of a dry run.
func (j *job[R, S]) handleCommandResult(ctx context.Context, sent bool, err error, start, at time.Time) step {
	if !sent && err == nil && !j.config.commands.dryRun {
		j.track.setNow(at)
		return j.endWait(TimedOut)
	}
	sent = sent && !notSent(err)
	next := j.decideCommandResult(ctx, sent, err, start, at)
	typ := ProgressRejected
	switch {
	case err == nil:
		typ = ProgressAccepted
	case j.ensure.Outcome == OutcomeUnknown, sent && j.reason == Canceled:
		typ = ProgressLost
	}
	j.reportCommand(ctx, typ, err, at)
	return next
}

// decideCommandResult processes the result of a command without reporting it.
func (j *job[R, S]) decideCommandResult(ctx context.Context, sent bool, err error, start, at time.Time) step {
	e, t := j.ensure, &j.track
	j.failure, e.err = err, err
	if sent {
		e.SentAt = later(start, t.Now) // the read before it may have come from a clock that is ahead
	}
	t.setNow(at)
	if err == nil {
		if j.config.commands.dryRun {
			return stepDone
		}
		j.recordAccepted()
		next := j.awaitEffect(at)
		if e.goal.Leave && next != stepDone {
			e.left = true
			return stepDone
		}
		return next
	}
	e.Outcome = OutcomeRejected
	switch kind := callKind(ctx, err, j.config.commands.kind); {
	case kind == Interrupted:
		return j.endCanceled(ctx, at)
	case kind == Unavailable && sent:
		e.Outcome = OutcomeUnknown
		return j.awaitEffect(at)
	case kind == InvalidState || kind == Conflict:
		e.Outcome = OutcomeBlocked
		if j.endIfStuck(err) {
			return stepDone
		}
	case kind == AlreadyInState, kind == Throttled, kind == Unavailable:
	case kind == NotFound && sent && j.removesResource():
	default:
		if !j.beginRestore(err) {
			return j.endWithError(err)
		}
	}
	if t.timedOut() != "" {
		return j.endWait(TimedOut)
	}
	return j.rescheduleRead(at)
}

// outOfTarget reports whether a restart took the resource out of its target state, and no read
// showed it there again. Within Grace after the first command, one that shows it there may be from
// before it.
func (j *job[R, S]) outOfTarget() bool {
	e, t := j.ensure, &j.track
	left := t.last() != e.goal.Target || j.pending() != "" && t.Now.Sub(t.Since) < j.grace()
	return left && !e.result.GapFrom.IsZero() && e.result.GapTo.IsZero()
}

// beginRestore makes the next commands restore the former settings, because the rest of a restart
// was refused for good, or rolled back. It returns false if that is not possible.
func (j *job[R, S]) beginRestore(refusal error) bool {
	e := j.ensure
	if e.goal.Restore == nil || e.refusal != nil || !j.outOfTarget() {
		return false
	}
	e.refusal, e.restoreFrom = refusal, len(e.result.Operations)
	return true
}

// rolledBack reports whether the service reverted the command that was accepted last: the resource
// went back by a lapse, or no read has shown a change. Otherwise another actor reverted it.
func (j *job[R, S]) rolledBack() bool {
	t := &j.track
	n := len(t.History)
	switch {
	case j.ensure.Outcome != OutcomeAccepted || n == 0:
		return false
	case !t.Progressing:
		return !t.History[n-1].At.After(t.Since)
	}
	return n > 1 && j.config.machine.lapses(t.History[n-2].State, t.last())
}

// rollback returns the error of an accepted command that the service reverted.
func (j *job[R, S]) rollback(ended Reason) error {
	j.reason = ended
	err := j.waitError()
	j.reason, err.Plan, err.Hint = "", nil, ""
	return err
}

// withRestart adds to an error what a restart did to the resource.
func (j *job[R, S]) withRestart(err error) error {
	e := j.ensure
	restored := e.refusal != nil && !e.result.GapTo.IsZero()
	if !restored && !j.outOfTarget() {
		return err
	}
	if e.refusal != nil && !restored {
		err = fmt.Errorf("%w; the former settings are not restored: %w", e.refusal, err)
	}
	return &RestartError{
		Resource: j.resource, Target: string(e.goal.Target), Outage: j.config.machine.def.Outage,
		From: e.result.GapFrom, To: e.result.GapTo, Err: err,
	}
}

// recordAccepted records that the command was accepted or took effect.
func (j *job[R, S]) recordAccepted() {
	e := j.ensure
	e.Outcome, e.err = OutcomeAccepted, nil
	e.result.Operations = append(e.result.Operations, e.Operation)
	if j.config.commands.restart && e.SentFrom == e.goal.Target && e.result.GapFrom.IsZero() {
		e.result.GapFrom = e.SentAt
	}
}

// awaitEffect begins to wait for the waypoint of a command that was, or may have been, accepted.
func (j *job[R, S]) awaitEffect(at time.Time) step {
	e, t := j.ensure, &j.track
	t.Target = e.Waypoint
	t.Grace = j.grace()
	if e.Outcome == OutcomeAccepted && e.goal.AcceptedGrace != 0 {
		t.Grace = max(e.goal.AcceptedGrace, 0)
	}
	t.Commanded(at)
	if t.timedOut() != "" { // no read starts after the deadline
		return j.endWait(TimedOut)
	}
	return j.rescheduleRead(at)
}

// endIfStuck ends the job and returns true if the resource can no longer accept any command.
func (j *job[R, S]) endIfStuck(rejection error) bool {
	if j.config.commands.stuck == nil || !j.hasValue {
		return false
	}
	why := j.config.commands.stuck(j.value)
	if why == nil {
		return false
	}
	err := fmt.Errorf("%w: %w", rejection, why)
	if f, ok := errors.AsType[*Fault](rejection); ok {
		f = new(*f)
		f.Kind, f.Err = InvalidState, err
		f.Message = strings.TrimPrefix(strings.TrimSuffix(f.Message, ".")+"; "+why.Error(), "; ")
		err = f
	} else if KindOf(err) != InvalidState { // such as a Conflict that does not end
		err = fmt.Errorf("%w: %w", InvalidState, err)
	}
	j.endWithError(err)
	return true
}

// removesResource reports whether the command deletes the resource, so that NotFound is not an
// error.
func (j *job[R, S]) removesResource() bool {
	m := j.config.machine
	to, ok := m.Next(j.ensure.SentFrom, j.ensure.Operation)
	return ok && m.def.Absent != "" && m.Settles(to, m.def.Absent)
}
