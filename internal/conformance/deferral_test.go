package conformance

import (
	"context"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// deferralRules returns the rules of a command that waits for the maintenance window, in which the
// service shows no effect of it. They belong to rule 2 of [statemachine.Ensurer.Ensure], and to the
// fields AcceptedGrace, Leave and NotBefore.
func deferralRules() []rule {
	const says = "; it takes effect in the next maintenance window"
	const later = "Call again after the maintenance window: the command was accepted, and takes effect then."
	return []rule{
		{
			name:  "window: it does not open",
			why:   "the command was accepted, and the error says when it takes effect, whatever the grace period",
			needs: deferrable,
			check: func(w *fixture) {
				for _, grace := range []time.Duration{0, statemachine.NoGrace, time.Second} {
					err := w.wantEnsure(time.Hour, outcome{
						Summary: timedOut, State: w.from, At: time.Hour, Reads: len(w.schedule(time.Hour, w.least, w.most)),
						Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)},
					}, defers, graceOf(grace))
					assert.ErrorContains(w, err, string(w.op)+" accepted, waiting for "+w.to, says)
					assert.Equal(w, "advice", later, statemachine.Advice(err))
				}
			},
		},
		{
			name:  "window: it opens",
			why:   "the change is seen like any other",
			needs: deferrable,
			check: func(w *fixture) {
				w.runAt(seventy, w.open)
				at := seventy + settle
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)}}, defers)
			},
		},
		{
			name:  "window: the service rolls the change back",
			why:   "once a read showed an effect, the ordinary grace period applies again",
			needs: deferrable | lapses,
			check: func(w *fixture) {
				w.runAt(seventy, func() { w.open(); w.lapse() })
				at := w.lapseAt(seventy + settle)
				err := w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.from, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)},
				}, defers)
				if strings.Contains(err.Error(), says) {
					w.Errorf("error says that an executed command takes effect later: %v", err)
				}
			},
		},
		{
			name:  "window: it opens, and the change is reverted in the first minute",
			why:   "reads showed an effect, and none of them from before the command, so it is not pending until the deadline",
			needs: deferrable,
			check: func(w *fixture) {
				w.runAt(ten, w.open)
				w.moveAt(forty, w.from)
				at := w.lapseAt(forty)
				w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.from, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)},
				}, defers)
			},
		},
		{
			name:  "window: a stale read of a change that was reverted before the command",
			why:   "the call saw that change, so the read may be older than the command, which is pending",
			needs: deferrable,
			check: func(w *fixture) {
				w.moveTo(w.via)
				w.moveAt(twenty, w.from)
				w.runAt(twenty+w.least, func() { w.stale(ten) })
				w.runAt(twenty+2*w.least, func() { w.stale(0) })
				reads := w.readCount(twenty) + len(w.schedule(time.Hour-twenty, w.least, w.most)) - 1
				err := w.wantEnsure(time.Hour, outcome{
					Summary: timedOut, State: w.from, At: time.Hour, Reads: reads, Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(twenty)},
				}, defers)
				assert.ErrorContains(w, err, says)
			},
		},
		{
			name:  "window: a lost response",
			why:   "nothing was accepted, so only the ordinary grace period passes before it is sent again",
			needs: deferrable,
			check: func(w *fixture) {
				for _, f := range []simulator.Failure{{Lost: true}, {Drop: true}, {Code: "ServiceUnavailable", Status: 503}} {
					w.fail(w.op, f)
					w.runAt(2*grace, w.open)
					at := 2*grace + settle
					w.wantEnsure(time.Hour, outcome{
						State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(),
						Commands: []string{w.refused(0, resultOf(f)), w.accepted(grace)},
					}, defers)
					w.move(w.from)
					w.rest()
				}
			},
		},
		{
			name:  "window: the context ends after the command",
			why:   "the error and the output say that the command is pending",
			needs: deferrable,
			check: func(w *fixture) {
				ctx, cancel := context.WithTimeoutCause(w.Context(), short, errStop)
				defer cancel()
				began := time.Now()
				err := w.wantEnsureIn(ctx, time.Hour, outcome{
					Summary: canceled, State: w.from, At: short, Reads: w.readCountBefore(short),
					Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)},
				}, defers)
				assert.ErrorContains(w, err, says)
				assert.Equal(w, "advice", later, statemachine.Advice(err))
				assert.Equal(w, "PendingSince", began, w.output.PendingSince)
			},
		},
		{
			name:  "leave: once the command was accepted",
			why:   "a later call continues, and does not command twice",
			needs: deferrable,
			check: func(w *fixture) {
				began := time.Now()
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)}}, defers, leaves)
				assert.Equal(w, "PendingSince", began, w.output.PendingSince)
				again := since(w.output.PendingSince)
				w.rest()
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Pending: w.op}, defers, leaves, again)
				w.rest()
				w.open()
				w.wantEnsure(time.Hour, outcome{State: w.to, At: settle, Reads: w.readCount(settle)}, defers, leaves, again)
				w.rest()
				w.wantEnsure(time.Hour, outcome{State: w.to, Reads: 1}, defers, leaves, again)
			},
		},
		{
			name:  "leave: an effect at once",
			why:   "there is nothing to leave without a maintenance window",
			needs: deferrable,
			check: func(w *fixture) {
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)}}, leaves)
			},
		},
		{
			name:  "leave: the command fails first",
			why:   "only an accepted command is left, with the time at which it was sent",
			needs: deferrable,
			check: func(w *fixture) {
				for _, test := range []struct {
					failure simulator.Failure
					again   time.Duration
				}{
					{simulator.Failure{Lost: true}, grace},
					{simulator.Failure{Drop: true}, grace},
					{throttled, w.least},
					{w.retryableRow().failure(1), w.least},
				} {
					w.fail(w.op, test.failure)
					began := time.Now()
					w.wantEnsure(time.Hour, outcome{
						State: w.from, At: test.again, Reads: w.readCount(test.again), Operations: w.ops(), Pending: w.op,
						Commands: []string{w.refused(0, resultOf(test.failure)), w.accepted(test.again)},
					}, defers, leaves)
					assert.Equal(w, "PendingSince", began.Add(test.again), w.output.PendingSince)
					w.move(w.from)
					w.rest()
				}
			},
		},
		{
			name:  "leave: the response is lost until the deadline",
			why:   "nothing is known to be pending, so it is not a success",
			needs: deferrable,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Lost: true})
				err := w.wantEnsure(short, outcome{
					Summary: timedOut, State: w.from, At: short, Reads: w.readCount(short), Commands: []string{w.refused(0, lost)},
				}, defers, leaves)
				if strings.Contains(err.Error(), says) {
					w.Errorf("error says that a command takes effect, which may not be: %v", err)
				}
			},
		},
		{
			name:  "leave: a change away from the target is under way",
			why:   "the command is sent once it is accepted, and then left",
			needs: deferrable | returns,
			check: func(w *fixture) {
				w.moveTo(w.back)
				w.wantEnsure(time.Hour, outcome{
					State: w.from, At: settle, Reads: w.readCount(settle), Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(settle)},
				}, defers, leaves)
			},
		},
		{
			name:  "leave: another actor starts the change between read and command",
			why:   "the call joins the change, because nothing of its own is pending",
			needs: deferrable | settles,
			check: func(w *fixture) {
				w.interfere(w.via)
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Commands: []string{w.refused(0, w.busy)}}, defers, leaves)
			},
		},
		{
			name:  "leave: the window passed without an effect",
			why:   "the service lost the command, or another actor withdrew it, so it is sent again",
			needs: deferrable,
			check: func(w *fixture) {
				const longest = 8 * 24 * time.Hour
				sent := time.Now()
				time.Sleep(longest - time.Second)
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Pending: w.op}, defers, leaves, since(sent))
				time.Sleep(time.Second)
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)}}, defers, leaves, since(sent))
			},
		},
		{
			name:  "leave: at once after all",
			why:   "a command that takes effect at once does not wait for one that is pending",
			needs: deferrable,
			check: func(w *fixture) {
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)}}, since(time.Now()))
			},
		},
		{
			name:  "leave: a dry run",
			why:   "it plans what the call would send, which is nothing while a command is pending",
			needs: deferrable,
			check: func(w *fixture) {
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Planned: w.ops()}, defers, leaves, dryRun)
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Pending: w.op}, defers, leaves, dryRun, since(time.Now()))
			},
		},
	}
}

func defers(o *settings) { o.defers = true }
func leaves(o *settings) { o.leave = true }

// since returns the setting of a call after an earlier one that sent the command at a time.
func since(at time.Time) func(*settings) { return func(o *settings) { o.since = at } }

// resultOf returns the result of a call that fails.
func resultOf(f simulator.Failure) string {
	switch {
	case f.Lost:
		return lost
	case f.Drop:
		return dropped
	}
	return f.Code
}
