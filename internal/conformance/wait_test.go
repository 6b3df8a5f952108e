package conformance

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The reasons, as outcomes name them.
const (
	timedOut    = string(statemachine.TimedOut)
	canceled    = string(statemachine.Canceled)
	unreachable = string(statemachine.Unreachable)
	lapsed      = string(statemachine.Lapsed)
	gone        = string(statemachine.Gone)
	readFailed  = string(statemachine.ReadFailed)
)

var (
	throttled = simulator.Failure{Code: "ThrottlingException", Message: "Rate exceeded"}
	denied    = simulator.Failure{Code: "AccessDeniedException", Message: "Access denied", Status: 403}
)

var errStop = errors.New("stop")

func consecutive(n int) func(*settings) {
	return func(o *settings) { o.wait.Consecutive = n }
}

func graceOf(d time.Duration) func(*settings) { return func(o *settings) { o.wait.Grace = d } }

// The instants of the rules are the same for both delays, 2 s and 5 s: a read is made at each
// multiple of 10 s.
const (
	ten     = 10 * time.Second
	twenty  = 20 * time.Second
	forty   = 40 * time.Second
	seventy = 70 * time.Second // after the grace period
)

// waitRules returns the rules of waiting, with their numbers in the documentation of
// [statemachine.Waiter.Wait].
func waitRules() []rule {
	return []rule{
		{
			name: "wait 1: target on the first read",
			why:  "one read is enough, and it is made at once",
			live: atTarget,
			check: func(w *fixture) {
				w.wantWait(time.Hour, outcome{State: w.to, Reads: 1})
			},
		},
		{
			name: "wait 1: Consecutive reads in a row",
			why:  "a target that flaps is not reached",
			check: func(w *fixture) {
				w.moveAt(ten, w.to)
				w.wantWait(time.Hour, outcome{State: w.to, At: ten + 2*w.least, Reads: w.readCount(ten + 2*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: another state resets the count",
			why:  "the reads must be consecutive",
			check: func(w *fixture) {
				w.moveAt(ten, w.to)
				w.moveAt(ten+w.least/2, w.from)
				w.moveAt(ten+3*w.least/2, w.to)
				w.wantWait(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.readCount(ten + 4*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: an unknown state resets the count",
			why:  "it is another state, whatever it means",
			check: func(w *fixture) {
				w.moveAt(ten, w.to)
				w.moveAt(ten+w.least/2, unknownState)
				w.moveAt(ten+3*w.least/2, w.to)
				w.wantWait(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.readCount(ten + 4*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: a failed read neither counts nor resets the count",
			why:  "it says nothing about the state",
			check: func(w *fixture) {
				w.moveAt(ten, w.to)
				w.failAt(ten+w.least/2, throttled) // the second of the three reads; twice the delay follows
				w.wantWait(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.readCount(ten+4*w.least) - 1}, consecutive(3))
			},
		},
		{
			name: "wait 2: keep waiting in an unknown state",
			why:  "the service added a value, and it is not known where it leads",
			check: func(w *fixture) {
				w.moveTo(unknownState)
				w.wantWait(2*time.Minute, outcome{Summary: timedOut, State: w.shown(unknownState), At: 2 * time.Minute, Reads: w.readCount(2 * time.Minute)})
			},
		},
		{
			name: "wait 2: target after an unknown state",
			why:  "the state after it decides",
			check: func(w *fixture) {
				w.moveTo(unknownState).moveAt(seventy, w.to)
				w.wantWait(time.Hour, outcome{State: w.to, At: seventy, Reads: w.readCount(seventy)})
			},
		},
		{
			name: "wait 2: an unknown state is not on the way",
			why:  "to leave it is not a lapse",
			check: func(w *fixture) {
				w.moveTo(unknownState).moveAt(seventy, w.from)
				w.wantWait(time.Hour, outcome{Summary: unreachable, State: w.from, At: seventy, Reads: w.readCount(seventy)})
			},
		},
		{
			name: "wait 2: an unknown state does not end the way",
			why:  "the states before it are still known",
			check: func(w *fixture) {
				w.moveTo(w.to).moveAt(ten+w.least, unknownState)
				w.moveAt(seventy, w.from)
				w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.from, At: seventy, Reads: w.readCount(seventy)}, consecutive(1000))
			},
		},
		{
			name:  "wait 3: keep waiting in a state that settles into the target",
			why:   "the service completes it on its own",
			needs: settles,
			check: func(w *fixture) {
				w.moveTo(w.via)
				w.wantWait(time.Hour, outcome{State: w.to, At: settle, Reads: w.readCount(settle)})
			},
		},
		{
			name:  "wait 3: a return to such a state is not a lapse",
			why:   "it still leads to the target",
			needs: settles,
			check: func(w *fixture) {
				w.moveTo(w.via).moveAt(settle+w.least/2, w.via) // after one read of the target, the whole transition starts again
				at := 2*settle + w.least                        // the first read after it
				w.wantWait(time.Hour, outcome{State: w.to, At: at + w.least, Reads: w.readCountUntil(at) + 1}, consecutive(2), func(o *settings) { o.wait.MaxDelay = w.least })
			},
		},
		{
			name:  "wait 5: a state that settles elsewhere is not on the way",
			why:   "it does not lead to the target",
			needs: returns,
			check: func(w *fixture) {
				w.moveTo(w.back)
				w.wantWait(time.Hour, outcome{Summary: unreachable, State: w.back, At: grace, Reads: w.readCount(grace)})
			},
		},
		{
			name: "wait 4: a stale read within the grace period",
			why:  "reads right after a change may show the state before it",
			check: func(w *fixture) {
				w.stale(forty)
				w.moveTo(w.to)
				w.wantWait(time.Hour, outcome{State: w.to, At: forty, Reads: w.readCount(forty)})
			},
		},
		{
			name:  "wait 4: stale reads delay the whole change",
			why:   "the change shows late, and so does its end",
			needs: settles,
			check: func(w *fixture) {
				w.stale(forty)
				w.moveTo(w.via)
				w.wantWait(time.Hour, outcome{State: w.to, At: forty + settle, Reads: w.readCount(forty + settle)})
			},
		},
		{
			name:  "wait 4: one stale read on the way",
			why:   "replicas of a service may disagree for a while",
			needs: settles,
			check: func(w *fixture) {
				w.moveTo(w.via)
				w.runAt(forty, func() { w.stale(time.Minute) })
				w.runAt(forty+w.least, func() { w.stale(0) })
				w.wantWait(time.Hour, outcome{State: w.to, At: settle, Reads: w.readCount(settle)})
			},
		},
		{
			name: "wait 4: a lapse within the grace period",
			why:  "it may be a stale read until a grace period after the last progress; then it is reported",
			check: func(w *fixture) {
				w.moveAt(ten, w.to)
				w.moveAt(twenty, w.from)
				w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.from, At: w.lapseAt(twenty), Reads: w.readCount(w.lapseAt(twenty))}, consecutive(1000))
			},
		},
		{
			name:  "wait 4: another actor commands the change late, and a read is stale",
			why:   "a grace period after the wait began, a read may still be older than that command",
			needs: settles,
			check: func(w *fixture) {
				w.runAt(forty, func() { w.moveTo(w.via) })
				w.runAt(seventy, func() { w.stale(seventy - forty + w.least) })
				w.runAt(seventy+w.least, func() { w.stale(0) })
				w.wantWait(time.Hour, outcome{State: w.to, At: forty + settle, Reads: w.readCount(forty + settle)})
			},
		},
		{
			name: "wait 5: unreachable",
			why:  "after the grace period the read is believed: only a command leads to the target",
			check: func(w *fixture) {
				err := w.wantWait(time.Hour, outcome{Summary: unreachable, State: w.from, At: grace, Reads: w.readCount(grace)})
				if w.op != "" {
					we, _ := errors.AsType[*statemachine.WaitError](err)
					assert.Equal(w, "plan of the error", []statemachine.Operation{w.op}, we.Plan)
					assert.ErrorContains(w, err, string(w.op)+" would lead to "+w.to)
				}
			},
		},
		{
			name: "wait 5: the caller sets the grace period",
			why:  "a command for the maintenance window shows late, and some reads are never stale",
			check: func(w *fixture) {
				w.wantWait(time.Hour, outcome{Summary: unreachable, State: w.from, At: twenty, Reads: w.readCount(twenty)}, graceOf(twenty))
			},
		},
		{
			name:  "wait 5: without a grace period the other end is unreachable",
			why:   "one read is enough",
			live:  opposite,
			needs: commands,
			check: func(w *fixture) {
				err := w.wantWait(time.Hour, outcome{Summary: unreachable, State: w.from, Reads: 1}, graceOf(-1))
				assert.ErrorContains(w, err, string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name:  "wait 5: the service rolls the change back",
			why:   "it was on its way, and the service reverted it",
			needs: settles | lapses,
			check: func(w *fixture) {
				w.moveTo(w.via).lapse()
				err := w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.from, At: w.lapseAt(settle), Reads: w.readCount(w.lapseAt(settle))})
				assert.ErrorContains(w, err, w.via+" → "+w.from+" after 1m30s", string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name:  "wait 5: another actor reverts the change",
			why:   "it was on its way",
			needs: settles,
			check: func(w *fixture) {
				w.moveTo(w.via).moveAt(seventy, w.from)
				w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.from, At: w.lapseAt(seventy), Reads: w.readCount(w.lapseAt(seventy))})
			},
		},
		{
			name:  "wait 5: another actor is reverting the change",
			why:   "it was on its way, and its new state leads elsewhere",
			needs: settles | returns,
			check: func(w *fixture) {
				w.moveTo(w.via).moveAt(seventy, w.back)
				err := w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.back, At: w.lapseAt(seventy), Reads: w.readCount(w.lapseAt(seventy))})
				assert.ErrorContains(w, err, w.via+" → "+w.back+" after 1m10s")
			},
		},
		{
			name: "wait 5: another actor reverts the target state",
			why:  "it was reached, but not for long enough",
			check: func(w *fixture) {
				w.moveTo(w.to).moveAt(seventy, w.from)
				w.wantWait(time.Hour, outcome{Summary: lapsed, State: w.from, At: w.lapseAt(seventy), Reads: w.readCount(w.lapseAt(seventy))}, consecutive(1000))
			},
		},
		{
			name: "wait 6: twice the delay after a tolerated failure",
			why:  "growing delays would detect the target late",
			check: func(w *fixture) {
				w.moveTo(w.to)
				for range 3 {
					w.fail(w.read, throttled)
				}
				w.wantWait(time.Hour, outcome{State: w.to, At: 6 * w.least, Reads: 4})
				for i, r := range w.readings[:3] {
					if r.NextDelay != 2*w.least || !errors.Is(r.Err, statemachine.Throttled) {
						w.Errorf("reading %d: %+v", i+1, r)
					}
				}
			},
		},
		{
			name: "wait 6: failures are tolerated until the deadline",
			why:  "an unavailable service says nothing about the resource",
			check: func(w *fixture) {
				w.fail(w.read, simulator.Failure{Drop: true, Times: -1})
				err := w.wantWait(2*time.Minute, outcome{Summary: timedOut, At: 2 * time.Minute, Reads: int(time.Minute/w.least) + 1})
				assert.ErrorIs(w, err, statemachine.Unavailable)
			},
		},
		{
			name:  "wait 6: the resource does not exist",
			why:   "there is nothing to wait for",
			needs: vanishes,
			check: func(w *fixture) {
				w.remove()
				err := w.wantWait(time.Hour, outcome{Summary: gone, Reads: 1})
				assert.ErrorIs(w, err, statemachine.NotFound)
				assert.ErrorContains(w, err, "there is no such resource")
			},
		},
		{
			name:  "wait 6: the resource is deleted",
			why:   "the error has its last state",
			needs: vanishes,
			check: func(w *fixture) {
				w.runAt(ten, w.remove)
				w.wantWait(time.Hour, outcome{Summary: gone, State: w.from, At: ten, Reads: w.readCount(ten)})
			},
		},
		{
			name:  "wait 6: absence is a state if the machine has one",
			why:   "rules 1 to 5 then decide",
			needs: absence,
			check: func(w *fixture) {
				w.remove()
				w.wantWaitFor(w.Context(), absent, time.Hour, outcome{State: absent, Reads: 1})
				w.rest()
				w.wantWaitFor(w.Context(), present, time.Hour, outcome{Summary: unreachable, State: absent, At: grace, Reads: w.readCount(grace)})
			},
		},
		{
			name:  "wait 6: an unconfirmed absence",
			why:   "the same response may mean that access was denied, so it is not a state",
			needs: absence,
			check: func(w *fixture) {
				for _, r := range w.rows() {
					if r.kind == statemachine.NotFound {
						w.fail("", r.failure(-1))
						assert.ErrorIs(w, w.wantWaitFor(w.Context(), absent, time.Hour, outcome{Summary: readFailed, Reads: 1}), statemachine.NotFound)
						w.clear()
					}
				}
			},
		},
		{
			name: "wait 6: a done context takes precedence",
			why:  "the error of an interrupted read says nothing about the resource",
			check: func(w *fixture) {
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(ten, func() { cancel(errStop) })
				w.fail(w.read, simulator.Failure{Hang: true})
				err := w.wantWaitFor(ctx, w.to, time.Hour, outcome{Summary: canceled, At: ten, Reads: 1})
				assert.ErrorIs(w, err, context.Canceled, errStop, statemachine.Interrupted)
			},
		},
		{
			name:  "wait 6: another resource gets the name",
			why:   "no verdict is read off another resource; within the grace period the read may be stale",
			needs: settles | replaces,
			check: func(w *fixture) {
				w.moveTo(w.via)
				w.runAt(twenty, func() { w.other(w.to) })
				at := w.lapseAt(twenty)
				w.wantWait(time.Hour, outcome{Summary: string(statemachine.Replaced), State: w.to, At: at, Reads: w.readCount(at)})
			},
		},
		{
			name: "wait 7: the delay is an eightieth of the time waited, within its bounds",
			why:  "the lag stays in proportion, and the reads stay under the quota",
			check: func(w *fixture) {
				w.moveTo(unknownState)
				const long = 3 * time.Hour
				began := time.Now()
				reads := w.schedule(long, w.least, w.most)
				w.wantWait(long, outcome{Summary: timedOut, State: w.shown(unknownState), At: long, Reads: len(reads)})
				w.wantReadsAt(began, reads)
			},
		},
		{
			name: "wait 7: the caller sets the bounds of the delay",
			why:  "the caller knows the quota and the urgency",
			check: func(w *fixture) {
				w.moveTo(unknownState)
				const long = 20 * time.Minute
				began := time.Now()
				reads := w.schedule(long, time.Second, 7*time.Second)
				w.wantWait(long, outcome{Summary: timedOut, State: w.shown(unknownState), At: long, Reads: len(reads)}, func(o *settings) {
					o.wait.MinDelay, o.wait.MaxDelay = time.Second, 7*time.Second
				})
				w.wantReadsAt(began, reads)
			},
		},
		{
			name: "wait 7: jitter of up to a tenth either way",
			why:  "many waits must not read in step",
			check: func(w *fixture) {
				w.moveTo(unknownState)
				var at []time.Duration
				began := time.Now()
				_, err := w.wait(w.Context(), w.to, time.Minute, settings{wait: statemachine.WaitOptions{OnRead: func(r statemachine.Reading) {
					at = append(at, time.Since(began))
				}}})
				assert.Equal(w, "summary of the error", timedOut, assert.ErrorSummary(err))
				var odd bool
				for i := 1; i < len(at)-1; i++ { // the last read is at the deadline, whatever the delay
					d := at[i] - at[i-1]
					odd = odd || d != w.least
					if d < w.least*9/10 || d > w.least*11/10 {
						w.Errorf("delay is %s, want within a tenth of %s", d, w.least)
					}
				}
				if !odd || len(at) < 10 {
					w.Errorf("reads at %v have no jitter", at)
				}
			},
		},
		{
			name: "wait 8: ReadTimeout limits a read",
			why:  "a response that never arrives is a failed read",
			check: func(w *fixture) {
				w.moveTo(w.to).fail(w.read, simulator.Failure{Hang: true})
				w.wantWait(time.Hour, outcome{State: w.to, At: 30*time.Second + 2*w.least, Reads: 2})
				w.rest()
				w.fail(w.read, simulator.Failure{Hang: true})
				w.wantWait(time.Hour, outcome{State: w.to, At: ten + 2*w.least, Reads: 2}, func(o *settings) { o.wait.ReadTimeout = ten })
			},
		},
		{
			name: "wait 8: one last read at the deadline",
			why:  "the wait uses exactly the time that it was given",
			check: func(w *fixture) {
				const d = 13 * time.Second // between two reads
				w.wantWait(d, outcome{Summary: timedOut, State: w.from, At: d, Reads: w.readCount(d)})
				w.rest()
				w.moveAt(d, w.to)
				w.wantWait(d, outcome{State: w.to, At: d, Reads: w.readCount(d)})
			},
		},
		{
			name: "wait 8: the last read hangs",
			why:  "the wait ends at most one ReadTimeout after the deadline",
			check: func(w *fixture) {
				w.failAt(13*time.Second, simulator.Failure{Hang: true})
				const d = 13 * time.Second
				assert.ErrorContains(w, w.wantWait(d, outcome{Summary: timedOut, State: w.from, At: d + 30*time.Second, Reads: w.readCount(d)}), "no response within 30s")
			},
		},
		{
			name: "wait 8: the last read finds no slot",
			why:  "it must not take the quota of others, and the error says how old the last state is",
			check: func(w *fixture) {
				pacer := statemachine.NewPacer(1.0/3600, 2)
				_ = pacer.Wait(w.Context())
				w.moveTo(unknownState) // an absent resource needs a second call to confirm it
				const d = 13 * time.Second
				err := w.wantWait(d, outcome{Summary: timedOut, State: w.shown(unknownState), At: d, Reads: 1}, func(o *settings) { o.pacer = pacer })
				assert.ErrorContains(w, err, "the last read was 13s ago")
			},
		},
		{
			name: "wait 9: maxWait is required and positive",
			why:  "a wait without an end is a leak",
			live: atTarget,
			check: func(w *fixture) {
				for _, d := range []time.Duration{0, -time.Second} {
					err := w.wantWait(d, outcome{Summary: string(statemachine.InvalidInput)})
					assert.Equal(w, "invalid fields", []string{"maxWait"}, assert.InputFields(err))
				}
			},
		},
		{
			name:  "wait 9: an invalid target and invalid options",
			why:   "all are reported at once, before a request is sent",
			live:  atTarget,
			needs: commands,
			check: func(w *fixture) {
				err := w.wantWaitFor(w.Context(), unknownState, 0, outcome{Summary: string(statemachine.InvalidInput)}, func(o *settings) {
					o.wait.ReadTimeout, o.wait.Consecutive = -1, -1
				})
				got := assert.InputFields(err)
				slices.Sort(got)
				assert.Equal(w, "invalid fields", []string{"Consecutive", "ReadTimeout", "maxWait", "target"}, got)
			},
		},
		{
			name: "wait 9: maxWait expires",
			why:  "the error is a deadline exceeded, and has the last state",
			live: atTarget,
			check: func(w *fixture) {
				const d = 3 * time.Second
				err := w.wantWait(d, outcome{Summary: timedOut, State: w.to, At: d, Reads: w.readCount(d)}, consecutive(1000))
				assert.ErrorContains(w, err, "last seen "+w.to)
			},
		},
		{
			name: "wait 9: the context's own deadline",
			why:  "it is the caller's deadline, not the wait's",
			live: atTarget,
			check: func(w *fixture) {
				const d = 3 * time.Second
				ctx, cancel := context.WithTimeoutCause(w.Context(), d, errStop)
				defer cancel()
				err := w.wantWaitFor(ctx, w.to, time.Hour, outcome{Summary: canceled, State: w.to, At: d, Reads: w.readCountBefore(d)}, consecutive(1000))
				assert.ErrorIs(w, err, context.DeadlineExceeded, errStop, statemachine.Interrupted)
			},
		},
		{
			name: "wait 9: canceled with a cause",
			why:  "the cause says which caller canceled",
			live: atTarget,
			check: func(w *fixture) {
				const d = 3 * time.Second
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(d, func() { cancel(errStop) })
				err := w.wantWaitFor(ctx, w.to, time.Hour, outcome{Summary: canceled, State: w.to, At: d, Reads: w.readCountBefore(d)}, consecutive(1000))
				assert.ErrorIs(w, err, context.Canceled, errStop, statemachine.Interrupted)
			},
		},
		{
			name: "wait 9: canceled before the first read",
			why:  "no request is sent",
			live: atTarget,
			check: func(w *fixture) {
				ctx, cancel := context.WithCancelCause(w.Context())
				cancel(errStop)
				err := w.wantWaitFor(ctx, w.to, time.Hour, outcome{Summary: canceled})
				assert.ErrorIs(w, err, context.Canceled, errStop)
			},
		},
		{
			name: "wait 10: the error has the last value and the last failure",
			why:  "the value says what to do, and the failure why the state is not known",
			check: func(w *fixture) {
				w.runAt(ten, func() { w.fail(w.read, simulator.Failure{Drop: true, Times: -1}) })
				const d = ten + forty
				err := w.wantWait(d, outcome{Summary: timedOut, State: w.from, At: d, Reads: w.readCount(ten) + int(forty/(2*w.least))})
				assert.ErrorIs(w, err, statemachine.Unavailable)
				assert.Equal(w, "kind", statemachine.Unavailable, statemachine.KindOf(err))
			},
		},
		{
			name: "wait 10: the error lacks an earlier failure",
			why:  "it is not why the wait ended",
			check: func(w *fixture) {
				w.failAt(ten, throttled)
				err := w.wantWait(forty, outcome{Summary: timedOut, State: w.from, At: forty, Reads: w.readCount(forty) - 1})
				if errors.Is(err, statemachine.Throttled) {
					w.Errorf("error has a failure that is not the last: %v", err)
				}
			},
		},
		{
			name: "wait 10: OnRead is called after each read",
			why:  "progress, logs and metrics are built on it",
			live: atTarget,
			check: func(w *fixture) {
				w.wantWait(3*time.Second, outcome{Summary: timedOut, State: w.to, At: 3 * time.Second, Reads: w.readCount(3 * time.Second)}, consecutive(1000))
				for i, r := range w.readings {
					if r.Resource != w.resource || r.Target != w.to || r.State != w.to || r.Reads != i+1 || r.Err != nil ||
						(r.NextDelay > 0) != (i+1 < len(w.readings)) {
						w.Errorf("reading %d of %d: %+v", i+1, len(w.readings), r)
					}
				}
				if len(w.readings) == 0 {
					w.Error("OnRead was not called")
				}
			},
		},
	}
}

// readCountBefore returns the number of reads before d.
func (w *fixture) readCountBefore(d time.Duration) int { return int((d-1)/w.least) + 1 }

// readCountUntil returns the number of reads until d, all at the shortest delay.
func (w *fixture) readCountUntil(d time.Duration) int { return int(d/w.least) + 1 }

// schedule returns the instants of the reads of a wait that ends at its deadline, by rule 7.
func (w *fixture) schedule(deadline, least, most time.Duration) []time.Duration {
	var reads []time.Duration
	for at := time.Duration(0); at < deadline; at += min(max(at/80, least), most) {
		reads = append(reads, at)
	}
	return append(reads, deadline)
}

// wantReadsAt compares the instants of the reads with want.
func (w *fixture) wantReadsAt(began time.Time, want []time.Duration) {
	w.Helper()
	var got []time.Duration
	for _, c := range w.calls() {
		if c.Operation == w.read && !c.At.Before(began) {
			got = append(got, c.At.Sub(began))
		}
	}
	assert.Equal(w, "reads", want, got)
}
