package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// after is when the library sees the end of what was commanded at the instant d.
func (w *world) after(d time.Duration) time.Duration {
	switch {
	case !w.exact:
		return 0
	case w.via == "":
		return d + w.least
	}
	return d + settle
}

// ops are what an ensure of this way runs.
func (w *world) ops() []statemachine.Operation { return []statemachine.Operation{w.op} }

// rivals has somebody else bring the resource into a state after the read and before the first command.
func (w *world) rivals(state string) {
	came := false
	w.before = func(c simulator.Call) *simulator.Failure {
		if c.Operation == w.op && !came {
			came = true
			w.move(state)
		}
		return nil
	}
}

// short is how long an ensure may take that is to see its deadline come: between two reads.
const short = 13 * time.Second

// ensuring are the rules of Ensure that all services share, by their numbers in the documentation of [statemachine.Ensurer.Ensure].
func ensuring() []rule {
	return []rule{
		{
			name: "ensure 1: it is there", why: "a command may restart a production database, and nobody needs it", needs: commands, live: atTarget,
			check: func(w *world) {
				w.ensures(time.Hour, outcome{State: w.to, Reads: 1})
			},
		},
		{
			name: "ensure 1: it is at the other end", why: "it is commanded at once: before the first command no state is an old read", needs: commands, live: changed,
			check: func(w *world) {
				at := w.after(0)
				w.ensures(time.Hour, outcome{State: w.to, At: at, Reads: w.reads(at), Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name: "ensure 1: a change to the target is under way", why: "it is joined: a second command would be refused, or worse", needs: commands | settles,
			check: func(w *world) {
				w.in(w.via)
				w.ensures(time.Hour, outcome{State: w.to, At: settle, Reads: w.reads(settle)})
			},
		},
		{
			name: "ensure 1: a change away from it is under way", why: "it is waited out: until then no command is accepted", needs: commands | returns,
			check: func(w *world) {
				w.in(w.back)
				w.ensures(time.Hour, outcome{
					State: w.to, At: 2 * settle, Reads: w.reads(2 * settle), Operations: w.ops(), Commands: []string{w.accepted(settle)},
				})
			},
		},
		{
			name: "ensure 1: an unknown state", why: "nobody can say which operation it permits", needs: commands,
			check: func(w *world) {
				w.in(unknownState)
				w.ensures(2*time.Minute, outcome{Verdict: timedOut, State: w.shown(unknownState), At: 2 * time.Minute, Reads: w.reads(2 * time.Minute)})
			},
		},
		{
			name: "ensure 2: it is rolled back", why: "each operation is accepted at most once: what failed so is for somebody to look at", needs: commands | lapses,
			check: func(w *world) {
				w.lapse()
				err := w.ensures(time.Hour, outcome{
					Verdict: lapsed, State: w.from, At: settle, Reads: w.reads(settle), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				says(w, err, string(w.op)+" accepted, waiting for "+w.to, w.via+" → "+w.from)
			},
		},
		{
			name: "ensure 2: a rival undoes it", why: "a rival is reported, not fought", needs: commands | settles,
			check: func(w *world) {
				w.moves(seven, w.from)
				w.ensures(time.Hour, outcome{
					Verdict: lapsed, State: w.from, At: seven, Reads: w.reads(seven), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name: "ensure 2: a rival undoes it within the grace", why: "it may be an old read until then", needs: commands | settles,
			check: func(w *world) {
				w.moves(twenty, w.from)
				err := w.ensures(time.Hour, outcome{
					Verdict: lapsed, State: w.from, At: grace, Reads: w.reads(grace), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				says(w, err, w.via+" → "+w.from, string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name: "ensure 2: a rival goes the other way", why: "to wait that out and command again would be a fight", needs: commands | settles | returns,
			check: func(w *world) {
				w.moves(twenty, w.back)
				w.ensures(time.Hour, outcome{
					Verdict: lapsed, State: w.back, At: grace, Reads: w.reads(grace), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name: "ensure 2: a rival undoes it before it is seen", why: "after the grace it is no old read, and still not fought", needs: commands,
			check: func(w *world) {
				w.moves(w.least, w.from)
				w.ensures(time.Hour, outcome{
					Verdict: unreachable, State: w.from, At: grace, Reads: w.reads(grace), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name: "ensure 2: a plan that needs an operation that is not run here", why: "to wait for it would be to wait for ever", needs: commands | unplannable,
			check: func(w *world) {
				w.in(w.stuck)
				w.ensures(time.Hour, outcome{Verdict: unreachable, State: w.shown(w.stuck), Reads: 1})
			},
		},
		{
			name: "ensure 2: several at once that want the same", why: "one command is accepted, and the others join", needs: commands,
			check: func(w *world) {
				const n = 5
				errs := make(chan error)
				for range n {
					go func() { errs <- last(w.ensure(w.Context(), time.Hour, settings{})) }()
				}
				for range n {
					if err := <-errs; err != nil {
						w.Error(err)
					}
				}
				wantEqual(w, "accepted", 1, w.count(w.op))
			},
		},
		{
			name: "ensure 3: a command that is lost on its way", why: "it may have been carried out: one HTTP attempt, and none again before the full grace", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Drop: true})
				at := w.after(grace)
				w.ensures(time.Hour, outcome{
					State: w.to, At: at, Reads: w.reads(at), Operations: w.ops(), Commands: []string{w.refused(0, dropped), w.accepted(grace)},
				})
			},
		},
		{
			name: "ensure 3: an answer that is lost", why: "the read tells that the command took effect, and it counts", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Lost: true})
				at := w.after(0)
				w.ensures(time.Hour, outcome{State: w.to, At: at, Reads: w.reads(at), Operations: w.ops(), Commands: []string{w.refused(0, lost)}})
			},
		},
		{
			name: "ensure 3: an answer that is lost, and old reads", why: "a second command would be one too many", needs: commands,
			check: func(w *world) {
				w.stale(50 * time.Second)
				w.fail(w.op, simulator.Failure{Lost: true})
				at := 50 * time.Second
				if w.via != "" {
					at += settle
				}
				w.ensures(time.Hour, outcome{State: w.to, At: at, Reads: w.reads(at), Operations: w.ops(), Commands: []string{w.refused(0, lost)}})
			},
		},
		{
			name: "ensure 3: an answer that never comes", why: "it is given up after ReadTimeout, and counts as lost", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Lost: true, Hang: true})
				at := settle
				if w.via == "" {
					at = 30*time.Second + w.least
				}
				w.ensures(time.Hour, outcome{
					State: w.to, At: at, Reads: w.reads(at - 30*time.Second), Operations: w.ops(), Commands: []string{w.refused(0, lost)},
				})
			},
		},
		{
			name: "ensure 3: a command that hangs, and was not carried out", why: "the grace counts from when it was given up", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Hang: true})
				again := 30*time.Second + grace
				at := w.after(again)
				w.ensures(time.Hour, outcome{
					State: w.to, At: at, Reads: w.reads(at - 30*time.Second), Operations: w.ops(), Commands: []string{w.refused(0, dropped), w.accepted(again)},
				})
			},
		},
		{
			name: "ensure 3: a page in place of the answer", why: "what is not the service's tells nothing of what the service did", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Lost: true, Body: "<html>Welcome</html>", ContentType: "text/html"})
				at := w.after(0)
				out, err := w.ensure(w.Context(), time.Hour, w.settings(nil))
				wantEqual(w, "what came of it", done{State: w.to, Operations: w.ops()}, out)
				wantEqual(w, "the verdict", "", verdict(err))
				wantEqual(w, "reads", w.reads(at), len(w.readings))
				wantEqual(w, "commands", 1, w.count(w.op))
			},
		},
		{
			name: "ensure 3: reads that fail after the command", why: "they say nothing about it", needs: commands | settles,
			check: func(w *world) {
				w.fails(ten, throttled)
				w.fails(forty, simulator.Failure{Drop: true})
				w.ensures(time.Hour, outcome{State: w.to, At: settle, Reads: w.reads(settle) - 2, Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name: "ensure 3: a rival is at it between the read and the command", why: "the refusal is read after, and the change joined", needs: commands,
			check: func(w *world) {
				state := w.via
				if state == "" {
					state = w.to
				}
				w.rivals(state)
				at := w.after(0)
				w.ensures(time.Hour, outcome{State: w.to, At: at, Reads: w.reads(at), Commands: []string{w.refused(0, w.busy)}})
			},
		},
		{
			name: "ensure 3: a rival is done between the read and the command", why: "there is nothing left to do", needs: commands,
			check: func(w *world) {
				w.rivals(w.to)
				w.ensures(time.Hour, outcome{State: w.to, At: w.least, Reads: 2, Commands: []string{w.refused(0, w.already)}})
			},
		},
		{
			name: "ensure 3: refused until the deadline", why: "one command a delay; and the refusal is what somebody has to know in the end", needs: commands,
			check: func(w *world) {
				r := w.refusal()
				w.fail(w.op, simulator.Failure{Code: r.code, Message: r.message, Times: -1})
				var refused []string
				for at := time.Duration(0); at < short; at += w.least {
					refused = append(refused, w.refused(at, r.code))
				}
				err := w.ensures(short, outcome{Verdict: timedOut, State: w.from, At: short, Reads: w.reads(short), Commands: refused})
				is(w, err, r.kind, context.DeadlineExceeded)
				says(w, err, r.message)
			},
		},
		{
			name: "ensure 4: old reads after the command", why: "the wait begins anew with the answer: what was seen before is no lapse", needs: commands,
			check: func(w *world) {
				w.stale(forty)
				at := forty
				if w.via != "" {
					at += settle
				}
				w.ensures(time.Hour, outcome{State: w.to, At: at, Reads: w.reads(at), Operations: w.ops(), Commands: []string{w.accepted(0)}})
			},
		},
		{
			name: "ensure 5: no command at the deadline", why: "nobody would see what comes of it", needs: commands | returns,
			check: func(w *world) {
				w.in(w.back)
				w.ensures(settle, outcome{Verdict: timedOut, State: w.from, At: settle, Reads: w.reads(settle)})
			},
		},
		{
			name: "ensure 5: the deadline comes while a change away is waited out", why: "nothing was run, and the error says what was seen", needs: commands | returns,
			check: func(w *world) {
				w.in(w.back)
				err := w.ensures(short, outcome{Verdict: timedOut, State: w.back, At: short, Reads: w.reads(short)})
				says(w, err, "last seen "+w.back)
			},
		},
		{
			name: "ensure 5: the deadline comes on the way", why: "the error says what was accepted, and where it has got", needs: commands | settles,
			check: func(w *world) {
				err := w.ensures(short, outcome{
					Verdict: timedOut, State: w.via, At: short, Reads: w.reads(short), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				says(w, err, string(w.op)+" accepted, waiting for "+w.to, "last seen "+w.via)
			},
		},
		{
			name: "ensure 5: the deadline comes after a command that was lost", why: "the error says that it may have been carried out", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Drop: true})
				err := w.ensures(short, outcome{
					Verdict: timedOut, State: w.from, At: short, Reads: w.reads(short), Commands: []string{w.refused(0, dropped)},
				})
				is(w, err, statemachine.Unavailable)
				says(w, err, string(w.op))
			},
		},
		{
			name: "ensure 5: the deadline comes while the first read hangs", why: "it ends a ReadTimeout later at most, and nothing is run", needs: commands,
			check: func(w *world) {
				w.fail(w.read, simulator.Failure{Hang: true})
				w.ensures(short, outcome{Verdict: timedOut, At: 30 * time.Second, Reads: 1})
			},
		},
		{
			name: "ensure 5: the deadline comes after the command", why: "what was accepted is in the output, and in the error: calling again carries on", needs: commands,
			check: func(w *world) {
				w.stale(forty)
				err := w.ensures(short, outcome{
					Verdict: timedOut, State: w.from, At: short, Reads: w.reads(short), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				says(w, err, string(w.op)+" accepted, waiting for "+w.to)
			},
		},
		{
			name: "ensure 5: the deadline comes while the command hangs", why: "it ends a ReadTimeout later at most", needs: commands,
			check: func(w *world) {
				w.fail(w.op, simulator.Failure{Hang: true})
				w.ensures(short, outcome{Verdict: timedOut, State: w.from, At: 30 * time.Second, Reads: 1, Commands: []string{w.refused(0, dropped)}})
			},
		},
		{
			name: "ensure 5: the deadline comes before a read succeeds", why: "nothing is commanded of what nobody knows", needs: commands,
			check: func(w *world) {
				w.fail(w.read, simulator.Failure{Drop: true, Times: -1})
				err := w.ensures(forty, outcome{Verdict: timedOut, At: forty, Reads: int(twenty/w.least) + 1})
				is(w, err, statemachine.Unavailable)
			},
		},
		{
			name: "ensure: the context ends after the command", why: "the output says what was accepted", needs: commands,
			check: func(w *world) {
				ctx, cancel := context.WithTimeoutCause(w.Context(), short, errEnough)
				defer cancel()
				w.stale(forty)
				err := w.ensuresIn(ctx, time.Hour, outcome{
					Verdict: canceled, State: w.from, At: short, Reads: w.readsBefore(short), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
				is(w, err, context.DeadlineExceeded, errEnough)
				says(w, err, string(w.op)+" accepted")
			},
		},
		{
			name: "ensure: canceled before it begins", why: "nothing is sent, and the output is there", needs: commands, live: atTarget,
			check: func(w *world) {
				ctx, cancel := context.WithCancelCause(w.Context())
				cancel(errEnough)
				is(w, w.ensuresIn(ctx, time.Hour, outcome{Verdict: canceled}), context.Canceled, errEnough)
			},
		},
		{
			name: "ensure: maxWait is required and positive", why: "it is told before anything is sent, and the output is there", needs: commands, live: atTarget,
			check: func(w *world) {
				err := w.ensures(0, outcome{Verdict: string(statemachine.InvalidInput)})
				wantEqual(w, "the wrong fields", []string{"maxWait"}, fields(err))
			},
		},
		{
			name: "ensure: there is no such resource", why: "there is nothing to command", needs: commands | vanishes,
			check: func(w *world) {
				w.remove()
				is(w, w.ensures(time.Hour, outcome{Verdict: gone, Reads: 1}), statemachine.NotFound)
			},
		},
		{
			name: "ensure: it goes on the way", why: "the output says what was accepted, and the error what was seen last", needs: commands | vanishes | settles,
			check: func(w *world) {
				w.later(twenty, w.remove)
				w.ensures(time.Hour, outcome{
					Verdict: gone, State: w.via, At: twenty, Reads: w.reads(twenty), Operations: w.ops(), Commands: []string{w.accepted(0)},
				})
			},
		},
		{
			name: "ensure: a read that is denied", why: "nothing is commanded of what nobody may know", needs: commands,
			check: func(w *world) {
				w.fail(w.read, denied)
				is(w, w.ensures(time.Hour, outcome{Verdict: readFailed, Reads: 1}), statemachine.AccessDenied)
			},
		},
		{
			name: "ensure: a dry run at the other end", why: "it says what would be run, and runs nothing", needs: commands, live: opposite,
			check: func(w *world) {
				w.ensures(time.Hour, outcome{State: w.from, Reads: 1, Planned: w.ops()}, dryRun)
			},
		},
		{
			name: "ensure: a dry run where nothing is to be done", why: "it says so", needs: commands, live: atTarget,
			check: func(w *world) {
				w.ensures(time.Hour, outcome{State: w.to, Reads: 1}, dryRun)
			},
		},
		{
			name: "ensure: a dry run while something is under way", why: "what settles into the target needs nothing, what leads away a command",
			needs: commands | settles | returns,
			check: func(w *world) {
				w.in(w.via).ensures(time.Hour, outcome{State: w.via, Reads: 1}, dryRun)
				w.in(w.back).ensures(time.Hour, outcome{State: w.back, Reads: 1, Planned: w.ops()}, dryRun)
			},
		},
		{
			name: "ensure: a dry run where nothing that it runs would help", why: "the real run would end the same", needs: commands | unplannable,
			check: func(w *world) {
				w.in(w.stuck).ensures(time.Hour, outcome{Verdict: unreachable, State: w.shown(w.stuck), Reads: 1}, dryRun)
			},
		},
		{
			name: "ensure: the program dies after any call, and is run again", why: "the second run carries on, and no operation takes effect twice", needs: commands,
			check: crashes,
		},
	}
}

func dryRun(o *settings) { o.dryRun = true }

// count is how many calls of an operation were carried out.
func (w *world) count(op statemachine.Operation) int {
	n := 0
	for _, c := range w.calls() {
		if c.Operation == op && c.Accepted {
			n++
		}
	}
	return n
}

// crashes has the program die as soon as its nth call is on its way, for every n.
func crashes(w *world) {
	seldom := []func(*settings){func(o *settings) { o.wait.MinDelay = ten }} // there are enough calls all the same
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
		_, err := w.ensure(ctx, time.Hour, w.settings(seldom))
		die(nil)
		survived := err == nil
		if !survived {
			is(w, err, errCrash, statemachine.Interrupted)
			time.Sleep(7 * time.Second) // until it is run again
			out, err := w.ensure(w.Context(), time.Hour, w.settings(seldom))
			wantEqual(w, fmt.Sprintf("the second run after call %d", n), w.to+"/", out.State+"/"+verdict(err))
		}
		wantEqual(w, fmt.Sprintf("the truth after call %d", n), w.to, w.truth())
		wantEqual(w, fmt.Sprintf("accepted after call %d", n), 1, w.count(w.op)-before)
		if survived {
			if n < 4 { // a read, a command, a read at least
				w.Errorf("it survived after %d calls", n-1)
			}
			return
		}
		if w.Failed() || n > 1000 {
			return
		}
		w.before = nil
		w.move(w.from)
		w.rests()
	}
}
