package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// restartAt is when a restart begins: once all reads of a grace period have shown other settings.
const restartAt = grace

// drift brings the resource to the target with other settings, long before the call.
func (w *fixture) drift() {
	w.set(false)
	w.rest()
}

// undone returns the text of the first command of a restart.
func (w *fixture) undone(at time.Duration) string { return fmt.Sprintf("%s %s accepted", at, w.undo) }

// bothHalves returns the operations of a restart.
func (w *fixture) bothHalves() []statemachine.Operation {
	return []statemachine.Operation{w.undo, w.op}
}

// secondHalfAt returns when the second command of a restart is sent.
func (w *fixture) secondHalfAt() time.Duration {
	if w.back == "" {
		return restartAt + w.least
	}
	return restartAt + settle
}

// wantRestored restarts the resource and expects that the third command, at the instant third,
// restores the former settings. A read that shows them is believed only after the grace period,
// because it may be from before the restart.
func (w *fixture) wantRestored(third time.Duration, summary string, ops []statemachine.Operation, commands ...string) error {
	w.Helper()
	at := max(w.reachedAt(third), third+grace)
	err := w.wantEnsure(time.Hour, outcome{
		Summary: summary, State: w.to, At: at, Reads: w.readCount(at), Operations: ops, Commands: commands, GapFrom: restartAt, GapTo: at,
	}, restart)
	assert.ErrorContains(w, err, restored)
	assert.Equal(w, "own settings", false, w.isOwn())
	return err
}

// beforeNth calls do before the nth command of the scenario's operation is executed.
func (w *fixture) beforeNth(n int, do func()) {
	sent := 0
	w.before = func(c simulator.Call) *simulator.Failure {
		if c.Operation == w.op {
			if sent++; sent == n {
				do()
			}
		}
		return nil
	}
}

const (
	restored    = "the former settings are restored"
	notRestored = "the former settings are not restored"
	notBack     = "and it is not back: "
	drifted     = string(statemachine.Drifted)
)

// restartRules returns the rules of a resource in the target state with other settings. They belong
// to rule 4 of [statemachine.Ensurer.Ensure].
func restartRules() []rule {
	return []rule{
		{
			name:  "restart: not allowed",
			why:   "a restart leaves a gap, so the caller decides; drift is reported at once",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.wantEnsure(time.Hour, outcome{Summary: drifted, State: w.to, Reads: 1})
			},
		},
		{
			name:  "restart: other settings",
			why:   "the output says when the resource was out of its target state",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				second := w.secondHalfAt()
				at := w.reachedAt(second)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at), Operations: w.bothHalves(), Commands: []string{w.undone(restartAt), w.accepted(second)},
					GapFrom: restartAt, GapTo: at,
				}, restart)
				assert.Equal(w, "own settings", true, w.isOwn())
			},
		},
		{
			name:  "restart: stale reads of other settings",
			why:   "another actor has just corrected them, and the service would not reject the restart",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.set(true)
				time.Sleep(time.Second)
				w.stale(forty)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: forty, Reads: w.readCount(forty)}, restart)
			},
		},
		{
			name:  "restart: one read of other settings is stale",
			why:   "a restart is never decided from one read",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.runAt(twenty, func() { w.set(true) })
				w.runAt(twenty+w.least, func() { w.stale(2 * w.least) })
				w.runAt(twenty+2*w.least, func() { w.stale(0) })
				w.wantEnsure(time.Hour, outcome{State: w.to, At: twenty, Reads: w.readCount(twenty)}, restart)
			},
		},
		{
			name:  "restart: a dry run",
			why:   "it plans both operations",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.wantEnsure(time.Hour, outcome{State: w.to, Reads: 1, Planned: w.bothHalves()}, restart, dryRun)
			},
		},
		{
			name:  "restart: the second half never arrives",
			why:   "it is sent again after the grace period, as any command",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.fail(w.op, simulator.Failure{Drop: true})
				second := w.secondHalfAt()
				at := w.reachedAt(second + grace)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at), Operations: w.bothHalves(),
					Commands: []string{w.undone(restartAt), w.refused(second, dropped), w.accepted(second + grace)}, GapFrom: restartAt, GapTo: at,
				}, restart)
			},
		},
		{
			name:  "restart: the second half is rejected",
			why:   "what worked must not be taken away: the former settings come back, and the error has the rejection",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.fail(w.op, w.unusable.failure(1))
				second := w.secondHalfAt()
				err := w.wantRestored(second+w.least, string(w.unusable.kind), w.bothHalves(),
					w.undone(restartAt), w.refused(second, w.unusable.code), w.accepted(second+w.least))
				w.checkChain(err, w.unusable)
			},
		},
		{
			name:  "restart: the second half is rejected, and the response to the third command is lost",
			why:   "two faults at once do not leave the resource out of its target state",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.fail(w.op, w.unusable.failure(1))
				w.fail(w.op, simulator.Failure{Lost: true})
				second := w.secondHalfAt()
				third := second + w.least
				w.wantRestored(third, string(w.unusable.kind), w.bothHalves(),
					w.undone(restartAt), w.refused(second, w.unusable.code), w.refused(third, lost))
			},
		},
		{
			name:  "restart: the second half is rolled back",
			why:   "the service cannot use the settings, so the former ones come back",
			needs: restarts | lapses,
			check: func(w *fixture) {
				w.drift()
				w.beforeNth(1, w.lapse)
				second := w.secondHalfAt()
				third := w.lapseAt(second + settle)
				w.wantRestored(third, lapsed, append(w.bothHalves(), w.op), w.undone(restartAt), w.accepted(second), w.accepted(third))
			},
		},
		{
			name:  "restart: the former settings are rejected, too",
			why:   "the error says since when the resource is out of its target state",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.fail(w.op, w.unusable.failure(1))
				w.fail(w.op, denied)
				second := w.secondHalfAt()
				third := second + w.least
				err := w.wantEnsure(time.Hour, outcome{
					Summary: string(w.unusable.kind), State: w.from, At: third, Reads: w.readCount(third), Operations: w.bothHalves()[:1],
					Commands: []string{w.undone(restartAt), w.refused(second, w.unusable.code), w.refused(third, denied.Code)}, GapFrom: restartAt,
				}, restart)
				assert.ErrorContains(w, err, notBack, notRestored)
				assert.ErrorIs(w, err, statemachine.AccessDenied)
			},
		},
		{
			name:  "restart: another actor takes the place in between",
			why:   "it is reported, and not fought",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				w.beforeNth(1, func() { w.set(false) })
				second := w.secondHalfAt()
				at := second + grace // until then it may be a read from before the restart
				w.wantEnsure(time.Hour, outcome{
					Summary: drifted, State: w.to, At: at, Reads: w.readCount(at), Operations: w.bothHalves()[:1],
					Commands: []string{w.undone(restartAt), w.refused(second, w.already)}, GapFrom: restartAt,
				}, restart)
			},
		},
		{
			name:  "restart: deadline between the halves",
			why:   "the error says since when the resource is out of its target state",
			needs: restarts | returns,
			check: func(w *fixture) {
				w.drift()
				const d = restartAt + forty
				err := w.wantEnsure(d, outcome{
					Summary: timedOut, State: w.back, At: d, Reads: w.readCount(d), Operations: w.bothHalves()[:1],
					Commands: []string{w.undone(restartAt)}, GapFrom: restartAt,
				}, restart)
				assert.ErrorContains(w, err, notBack, string(w.undo)+" accepted")
			},
		},
		{
			name:  "restart: the context ends between the halves",
			why:   "another call brings the resource back, with the same settings: nothing is wrong with them",
			needs: restarts | returns,
			check: func(w *fixture) {
				w.drift()
				const d = restartAt + short
				ctx, cancel := context.WithTimeoutCause(w.Context(), d, errStop)
				defer cancel()
				err := w.wantEnsureIn(ctx, time.Hour, outcome{
					Summary: canceled, State: w.back, At: d, Reads: w.readCountBefore(d), Operations: w.bothHalves()[:1],
					Commands: []string{w.undone(restartAt)}, GapFrom: restartAt,
				}, restart)
				assert.ErrorContains(w, err, "call again to bring it back: ")
				assert.Equal(w, "advice", statemachine.Advice(statemachine.TimedOut), statemachine.Advice(err))
			},
		},
		{
			name:  "restart: the context ends before a read shows the first half",
			why:   "the service accepted it, so the last read is no evidence that the resource is in its target state",
			needs: restarts,
			check: func(w *fixture) {
				w.drift()
				const d = restartAt + time.Second
				ctx, cancel := context.WithTimeoutCause(w.Context(), d, errStop)
				defer cancel()
				err := w.wantEnsureIn(ctx, time.Hour, outcome{
					Summary: canceled, State: w.to, At: d, Reads: w.readCount(restartAt), Operations: w.bothHalves()[:1], Pending: w.undo,
					Commands: []string{w.undone(restartAt)}, GapFrom: restartAt,
				}, restart)
				assert.ErrorContains(w, err, notBack)
			},
		},
	}
}

func restart(o *settings) { o.restart = true }
