package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// reachedAt returns when a read shows the target after a command at the instant d.
func (w *fixture) reachedAt(d time.Duration) time.Duration {
	switch {
	case !w.exact:
		return 0
	case w.via == "":
		return d + w.least
	}
	return d + settle
}

// ops returns the operations that the scenario's ensure method runs.
func (w *fixture) ops() []statemachine.Operation { return []statemachine.Operation{w.op} }

// interfere moves the resource into a state between the first read and the first command, as
// another actor does.
func (w *fixture) interfere(state string) {
	moved := false
	w.before = func(c simulator.Call) *simulator.Failure {
		if c.Operation == w.op && !moved {
			moved = true
			w.move(state)
		}
		return nil
	}
}

// short is the maxWait of a call that times out, between two reads.
const short = 13 * time.Second

// ensureRules returns the rules of Ensure that all services share, with their numbers in the
// documentation of [statemachine.Ensurer.Ensure].
func ensureRules() []rule {
	return []rule{
		{
			name:  "ensure 1: the resource is in the target state",
			why:   "an unnecessary command may restart a production database",
			needs: commands,
			live:  atTarget,
			check: func(w *fixture) {
				w.wantEnsure(time.Hour, outcome{State: w.to, Reads: 1})
			},
		},
		{
			name:  "ensure 1: the resource is at the other end",
			why:   "the command is sent at once: before the first command no read is stale",
			needs: commands,
			live:  changed,
			check: func(w *fixture) {
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name:  "ensure 1: a change to the target is under way",
			why:   "the call joins it: a second command would be rejected, or do harm",
			needs: commands | settles,
			check: func(w *fixture) {
				w.moveTo(w.via)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: settle, Reads: w.readCount(settle)})
			},
		},
		{
			name:  "ensure 1: a change away from the target is under way",
			why:   "the call waits it out: no command is accepted until then",
			needs: commands | returns,
			check: func(w *fixture) {
				w.moveTo(w.back)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: 2 * settle, Reads: w.readCount(2 * settle), Operations: w.ops(), Commands: []string{w.accepted(settle)},
				})
			},
		},
		{
			name:  "ensure 1: an unknown state",
			why:   "it is not known which operation it permits",
			needs: commands,
			check: func(w *fixture) {
				w.moveTo(unknownState)
				w.wantEnsure(2*time.Minute, outcome{Summary: timedOut, State: w.shown(unknownState), At: 2 * time.Minute, Reads: w.readCount(2 * time.Minute)})
			},
		},
		{
			name:  "ensure 2: the service rolls the change back",
			why:   "each operation is accepted at most once: the cause needs attention",
			needs: commands | lapses,
			check: func(w *fixture) {
				w.lapse()
				err := w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.from, At: w.lapseAt(settle), Reads: w.readCount(w.lapseAt(settle)), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				assert.ErrorContains(w, err, string(w.op)+" accepted, waiting for "+w.to, w.via+" → "+w.from)
			},
		},
		{
			name:  "ensure 2: another actor reverts the change",
			why:   "it is reported, and not commanded again",
			needs: commands | settles,
			check: func(w *fixture) {
				w.moveAt(seventy, w.from)
				w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.from, At: w.lapseAt(seventy), Reads: w.readCount(w.lapseAt(seventy)), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name:  "ensure 2: another actor reverts the change within the grace period",
			why:   "it may be a stale read until then",
			needs: commands | settles,
			check: func(w *fixture) {
				w.moveAt(twenty, w.from)
				err := w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.from, At: w.lapseAt(twenty), Reads: w.readCount(w.lapseAt(twenty)), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				assert.ErrorContains(w, err, w.via+" → "+w.from, string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name:  "ensure 2: another actor commands the opposite",
			why:   "to wait for it and command again would be a fight",
			needs: commands | settles | returns,
			check: func(w *fixture) {
				w.moveAt(twenty, w.back)
				w.wantEnsure(time.Hour, outcome{
					Summary: lapsed, State: w.back, At: w.lapseAt(twenty), Reads: w.readCount(w.lapseAt(twenty)), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name:  "ensure 2: another actor reverts the change before a read shows it",
			why:   "after the grace period it is not a stale read, and it is not commanded again",
			needs: commands,
			check: func(w *fixture) {
				w.moveAt(w.least, w.from)
				err := w.wantEnsure(time.Hour, outcome{
					Summary: unreachable, State: w.from, At: grace, Reads: w.readCount(grace),
					Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)},
				})
				assert.Equal(w, "advice", statemachine.Advice(statemachine.Lapsed), statemachine.Advice(err))
			},
		},
		{
			name:  "ensure 2: a plan with an operation that the method does not run",
			why:   "the wait would never end; until the grace period ends, the read may be stale",
			needs: commands | unplannable,
			check: func(w *fixture) {
				w.moveTo(w.stuck)
				w.wantEnsure(time.Hour, outcome{Summary: unreachable, State: w.shown(w.stuck), At: grace, Reads: w.readCount(grace)})
			},
		},
		{
			name:  "ensure 2: several concurrent calls with the same target",
			why:   "one command is accepted, and the other calls join",
			needs: commands,
			check: func(w *fixture) {
				const n = 5
				errs := make(chan error)
				for range n {
					go func() { errs <- errOf(w.ensure(w.Context(), time.Hour, settings{})) }()
				}
				for range n {
					if err := <-errs; err != nil {
						w.Error(err)
					}
				}
				assert.Equal(w, "accepted commands", 1, w.count(w.op))
			},
		},
		{
			name:  "ensure 3: a command that never arrives",
			why:   "it may have been executed: one HTTP attempt, and none again within the grace period",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Drop: true})
				at := w.reachedAt(grace)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.refused(0, dropped), w.accepted(grace)},
				})
			},
		},
		{
			name:  "ensure 3: a command that is not sent",
			why:   "it cannot have been executed, so it is sent again at the next delay",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Unsent: "dial refused"})
				at := w.reachedAt(w.least)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(w.least)},
				})
			},
		},
		{
			name:  "ensure 3: a lost response",
			why:   "the read shows that the command took effect, so it counts",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Lost: true})
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.refused(0, lost)}})
			},
		},
		{
			name:  "ensure 3: a lost response and stale reads",
			why:   "a second command would be one too many",
			needs: commands,
			check: func(w *fixture) {
				w.stale(50 * time.Second)
				w.fail(w.op, simulator.Failure{Lost: true})
				at := 50 * time.Second
				if w.via != "" {
					at += settle
				}
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.refused(0, lost)}})
			},
		},
		{
			name:  "ensure 3: a response that never arrives",
			why:   "after ReadTimeout it counts as lost",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Lost: true, Hang: true})
				at := settle
				if w.via == "" {
					at = 30*time.Second + w.least
				}
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at - 30*time.Second), Operations: w.ops(), Commands: []string{w.refused(0, lost)},
				})
			},
		},
		{
			name:  "ensure 3: a command that hangs and was not executed",
			why:   "the grace period starts when the call gives up",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Hang: true})
				again := 30*time.Second + grace
				at := w.reachedAt(again)
				w.wantEnsure(time.Hour, outcome{
					State: w.to, At: at, Reads: w.readCount(at - 30*time.Second), Operations: w.ops(), Commands: []string{w.refused(0, dropped), w.accepted(again)},
				})
			},
		},
		{
			name:  "ensure 3: a web page instead of the response",
			why:   "a response of another program says nothing about the command's execution",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Lost: true, Body: "<html>Welcome</html>", ContentType: "text/html"})
				at := w.reachedAt(0)
				out, err := w.ensure(w.Context(), time.Hour, w.settings(nil))
				assert.Equal(w, "output", ensureResult{State: w.to, Operations: w.ops()}, out)
				assert.Equal(w, "summary of the error", "", assert.ErrorSummary(err))
				assert.Equal(w, "reads", w.readCount(at), len(w.readings))
				assert.Equal(w, "commands", 1, w.count(w.op))
			},
		},
		{
			name:  "ensure 3: failed reads after the command",
			why:   "they say nothing about the command",
			needs: commands | settles,
			check: func(w *fixture) {
				w.failAt(ten, throttled)
				w.failAt(forty, simulator.Failure{Drop: true})
				w.wantEnsure(time.Hour, outcome{State: w.to, At: settle, Reads: w.readCount(settle) - 2, Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name:  "ensure 3: another actor starts the change between read and command",
			why:   "the call reads after the rejection, and joins the change",
			needs: commands,
			check: func(w *fixture) {
				state := w.via
				if state == "" {
					state = w.to
				}
				w.interfere(state)
				at := w.reachedAt(0)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Commands: []string{w.refused(0, w.busy)}})
			},
		},
		{
			name:  "ensure 3: another actor completes the change between read and command",
			why:   "nothing is left to do",
			needs: commands,
			check: func(w *fixture) {
				w.interfere(w.to)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: w.least, Reads: 2, Commands: []string{w.refused(0, w.already)}})
			},
		},
		{
			name:  "ensure 3: rejected until the deadline",
			why:   "one command per delay, and the error has the rejection",
			needs: commands,
			check: func(w *fixture) {
				r := w.retryableRow()
				w.fail(w.op, simulator.Failure{Code: r.code, Message: r.message, Times: -1})
				var refused []string
				for at := time.Duration(0); at < short; at += w.least {
					refused = append(refused, w.refused(at, r.code))
				}
				err := w.wantEnsure(short, outcome{Summary: timedOut, State: w.from, At: short, Reads: w.readCount(short), Commands: refused})
				assert.ErrorIs(w, err, r.kind, context.DeadlineExceeded)
				assert.ErrorContains(w, err, r.message)
				if r.kind != statemachine.AlreadyInState { // which is a success, once reads show it
					assert.Equal(w, "advice", statemachine.Advice(r.kind), statemachine.Advice(err))
				}
			},
		},
		{
			name:  "ensure 4: stale reads after the command",
			why:   "the response starts a new wait: earlier states are not a lapse",
			needs: commands,
			check: func(w *fixture) {
				w.stale(forty)
				at := forty
				if w.via != "" {
					at += settle
				}
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name:  "ensure 5: the target was seen right before the command",
			why:   "within the grace period it may be a stale read of then",
			needs: commands,
			check: func(w *fixture) {
				w.moveTo(w.to)
				w.rest()
				w.moveAt(w.least, w.from)
				w.runAt(2*w.least, func() { w.stale(4 * w.least) }) // two reads show what was before the command
				w.runAt(4*w.least, func() { w.stale(0) })
				at := w.least + settle + w.least
				if w.via == "" { // the target is there at once, and believed after the grace period
					at = w.least + grace + w.least
				}
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(w.least)}},
					func(o *settings) { o.wait.Consecutive = 2 })
			},
		},
		{
			name:  "ensure 5: no command at the deadline",
			why:   "no read could show its effect",
			needs: commands | returns,
			check: func(w *fixture) {
				w.moveTo(w.back)
				w.wantEnsure(settle, outcome{Summary: timedOut, State: w.from, At: settle, Reads: w.readCount(settle)})
			},
		},
		{
			name:  "ensure 5: deadline during a change away from the target",
			why:   "no command was sent, and the error has the last state",
			needs: commands | returns,
			check: func(w *fixture) {
				w.moveTo(w.back)
				err := w.wantEnsure(short, outcome{Summary: timedOut, State: w.back, At: short, Reads: w.readCount(short)})
				assert.ErrorContains(w, err, "last seen "+w.back)
			},
		},
		{
			name:  "ensure 5: deadline on the way",
			why:   "the error has the accepted operation and the last state",
			needs: commands | settles,
			check: func(w *fixture) {
				err := w.wantEnsure(short, outcome{
					Summary: timedOut, State: w.via, At: short, Reads: w.readCount(short), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				assert.ErrorContains(w, err, string(w.op)+" accepted, waiting for "+w.to, "last seen "+w.via)
			},
		},
		{
			name:  "ensure 5: deadline after a command that never arrived",
			why:   "the error says that it may have been executed",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Drop: true})
				err := w.wantEnsure(short, outcome{
					Summary: timedOut, State: w.from, At: short, Reads: w.readCount(short), Commands: []string{w.refused(0, dropped)},
				})
				assert.ErrorIs(w, err, statemachine.Unavailable)
				assert.ErrorContains(w, err, string(w.op))
			},
		},
		{
			name:  "ensure 5: deadline while the first read hangs",
			why:   "the call ends at most one ReadTimeout later, without a command",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.read, simulator.Failure{Hang: true})
				w.wantEnsure(short, outcome{Summary: timedOut, At: 30 * time.Second, Reads: 1})
			},
		},
		{
			name:  "ensure 5: deadline after the command",
			why:   "output and error have the accepted operation: another call continues",
			needs: commands,
			check: func(w *fixture) {
				w.stale(forty)
				err := w.wantEnsure(short, outcome{
					Summary: timedOut, State: w.from, At: short, Reads: w.readCount(short),
					Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)},
				})
				assert.ErrorContains(w, err, string(w.op)+" accepted, waiting for "+w.to)
			},
		},
		{
			name:  "ensure 5: deadline while the command hangs",
			why:   "the call ends at most one ReadTimeout later",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.op, simulator.Failure{Hang: true})
				w.wantEnsure(short, outcome{Summary: timedOut, State: w.from, At: 30 * time.Second, Reads: 1, Commands: []string{w.refused(0, dropped)}})
			},
		},
		{
			name:  "ensure 5: deadline before a successful read",
			why:   "no command is sent without a known state",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.read, simulator.Failure{Drop: true, Times: -1})
				err := w.wantEnsure(forty, outcome{Summary: timedOut, At: forty, Reads: int(twenty/w.least) + 1})
				assert.ErrorIs(w, err, statemachine.Unavailable)
			},
		},
		{
			name:  "ensure 7: another resource gets the name after the command",
			why:   "no verdict is read off another resource",
			needs: commands | settles | replaces,
			check: func(w *fixture) {
				w.runAt(twenty, func() { w.other(w.to) })
				at := w.lapseAt(twenty)
				err := w.wantEnsure(time.Hour, outcome{
					Summary: string(statemachine.Replaced), State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				other := assert.ErrorAs[*statemachine.IdentityError](w.T, err)
				assert.ErrorContains(w, err, other.Was, other.Is)
			},
		},
		{
			name:  "ensure 7: another resource gets the name before the command",
			why:   "nothing was sent to the one that had it, so the call is about the other",
			needs: commands | returns | replaces,
			check: func(w *fixture) {
				w.moveTo(w.back)
				w.runAt(twenty, func() { w.other(w.from) })
				at := w.reachedAt(twenty)
				w.wantEnsure(time.Hour, outcome{State: w.to, At: at, Reads: w.readCount(at), Operations: w.ops(), Commands: []string{w.accepted(twenty)}})
			},
		},
		{
			name:  "ensure: the context ends after the command",
			why:   "the output has the accepted operation",
			needs: commands,
			check: func(w *fixture) {
				ctx, cancel := context.WithTimeoutCause(w.Context(), short, errStop)
				defer cancel()
				w.stale(forty)
				err := w.wantEnsureIn(ctx, time.Hour, outcome{
					Summary: canceled, State: w.from, At: short, Reads: w.readCountBefore(short),
					Operations: w.ops(), Pending: w.op, Commands: []string{w.accepted(0)},
				})
				assert.ErrorIs(w, err, context.DeadlineExceeded, errStop)
				assert.ErrorContains(w, err, string(w.op)+" accepted")
			},
		},
		{
			name:  "ensure: canceled before the first read",
			why:   "no request is sent, and the output is not nil",
			needs: commands,
			live:  atTarget,
			check: func(w *fixture) {
				ctx, cancel := context.WithCancelCause(w.Context())
				cancel(errStop)
				assert.ErrorIs(w, w.wantEnsureIn(ctx, time.Hour, outcome{Summary: canceled}), context.Canceled, errStop)
			},
		},
		{
			name:  "ensure: maxWait is required and positive",
			why:   "the error is returned before a request is sent, and the output is not nil",
			needs: commands,
			live:  atTarget,
			check: func(w *fixture) {
				err := w.wantEnsure(0, outcome{Summary: string(statemachine.InvalidInput)})
				assert.Equal(w, "invalid fields", []string{"maxWait"}, assert.InputFields(err))
			},
		},
		{
			name:  "ensure: the resource does not exist",
			why:   "there is nothing to command, once the reads cannot be from before a creation",
			needs: commands | vanishes,
			check: func(w *fixture) {
				w.remove()
				reads := 1 + int(grace/(2*w.least)) // a failed read doubles the delay
				assert.ErrorIs(w, w.wantEnsure(time.Hour, outcome{Summary: gone, At: grace, Reads: reads}), statemachine.NotFound)
			},
		},
		{
			name:  "ensure: the resource is deleted on the way",
			why:   "the output has the accepted operation, and the error the last state",
			needs: commands | vanishes | settles,
			check: func(w *fixture) {
				w.runAt(twenty, w.remove)
				w.wantEnsure(time.Hour, outcome{
					Summary: gone, State: w.via, At: twenty + grace, Reads: w.readCount(twenty) + int(grace/(2*w.least)),
					Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name:  "ensure: a denied read",
			why:   "no command is sent without a known state",
			needs: commands,
			check: func(w *fixture) {
				w.fail(w.read, denied)
				assert.ErrorIs(w, w.wantEnsure(time.Hour, outcome{Summary: readFailed, Reads: 1}), statemachine.AccessDenied)
			},
		},
		{
			name:  "ensure: a dry run at the other end",
			why:   "it returns the planned operation, and sends none",
			needs: commands,
			live:  opposite,
			check: func(w *fixture) {
				w.wantEnsure(time.Hour, outcome{State: w.from, Reads: 1, Planned: w.ops()}, dryRun)
			},
		},
		{
			name:  "ensure: a dry run in the target state",
			why:   "it plans no operation",
			needs: commands,
			live:  atTarget,
			check: func(w *fixture) {
				w.wantEnsure(time.Hour, outcome{State: w.to, Reads: 1}, dryRun)
			},
		},
		{
			name:  "ensure: a dry run during a change",
			why:   "a state that settles into the target needs no operation, and any other needs one",
			needs: commands | settles | returns,
			check: func(w *fixture) {
				w.moveTo(w.via).wantEnsure(time.Hour, outcome{State: w.via, Reads: 1}, dryRun)
				w.moveTo(w.back).wantEnsure(time.Hour, outcome{State: w.back, Reads: 1, Planned: w.ops()}, dryRun)
			},
		},
		{
			name:  "ensure: a dry run without a usable plan",
			why:   "the real run would end the same way",
			needs: commands | unplannable,
			check: func(w *fixture) {
				w.moveTo(w.stuck).wantEnsure(time.Hour, outcome{
					Summary: unreachable, State: w.shown(w.stuck), At: grace, Reads: w.readCount(grace),
				}, dryRun)
			},
		},
		{
			name:  "ensure: the program crashes after any call, and runs again",
			why:   "the second run continues, and no operation takes effect twice",
			needs: commands,
			check: crashes,
		},
	}
}

func dryRun(o *settings) { o.dryRun = true }

// count returns the number of calls of an operation that were executed.
func (w *fixture) count(op statemachine.Operation) int {
	n := 0
	for _, c := range w.calls() {
		if c.Operation == op && c.Accepted {
			n++
		}
	}
	return n
}

// crashes ends the program's context when it makes its nth call, for each n, and runs it again.
func crashes(w *fixture) {
	slow := []func(*settings){func(o *settings) { o.wait.MinDelay = ten }} // reduces the number of calls
	errCrash := errors.New("crash")
	for n := 1; ; n++ {
		ctx, die := context.WithCancelCause(w.Context())
		calls, before := 0, w.count(w.op)
		w.before = func(simulator.Call) *simulator.Failure {
			if calls++; calls == n {
				die(errCrash)
			}
			return nil
		}
		_, err := w.ensure(ctx, time.Hour, w.settings(slow))
		die(nil)
		survived := err == nil
		if !survived {
			assert.ErrorIs(w, err, errCrash, statemachine.Interrupted)
			time.Sleep(7 * time.Second) // until the program runs again
			out, err := w.ensure(w.Context(), time.Hour, w.settings(slow))
			assert.Equal(w, fmt.Sprintf("second run after call %d", n), w.to+"/", out.State+"/"+assert.ErrorSummary(err))
		}
		assert.Equal(w, fmt.Sprintf("state after call %d", n), w.to, w.truth())
		assert.Equal(w, fmt.Sprintf("accepted commands after call %d", n), 1, w.count(w.op)-before)
		if survived {
			if n < 4 { // at least a read, a command and a read
				w.Errorf("the program ended after %d calls, want at least 3", n-1)
			}
			return
		}
		if w.Failed() || n > 1000 {
			return
		}
		w.before = nil
		w.move(w.from)
		w.rest()
	}
}
