package conformance

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The reasons, as outcomes have them.
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
	denied    = simulator.Failure{Code: "AccessDeniedException", Message: "not you", Status: 403}
)

var errEnough = errors.New("enough")

func consecutive(n int) func(*settings) {
	return func(o *settings) { o.wait.Consecutive = n }
}

func graceOf(d time.Duration) func(*settings) { return func(o *settings) { o.wait.Grace = d } }

// The instants of a scene are so chosen that they come out the same for both delays, 2 s and 5 s: a read is made at every multiple of 10 s.
const (
	ten    = 10 * time.Second
	twenty = 20 * time.Second
	forty  = 40 * time.Second
	seven  = 70 * time.Second // after the grace
)

// waiting are the rules of waiting, by their numbers in the documentation of [statemachine.Waiter.Wait].
func waiting() []rule {
	return []rule{
		{
			name: "wait 1: the target is there", why: "one read is enough, and it is made at once", live: atTarget,
			check: func(w *world) {
				w.waits(time.Hour, outcome{State: w.to, Reads: 1})
			},
		},
		{
			name: "wait 1: Consecutive reads in a row", why: "a target that flaps is not there",
			check: func(w *world) {
				w.moves(ten, w.to)
				w.waits(time.Hour, outcome{State: w.to, At: ten + 2*w.least, Reads: w.reads(ten + 2*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: another state begins the count anew", why: "in a row means in a row",
			check: func(w *world) {
				w.moves(ten, w.to)
				w.moves(ten+w.least/2, w.from)
				w.moves(ten+3*w.least/2, w.to)
				w.waits(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.reads(ten + 4*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: an unknown state begins the count anew, too", why: "it is another state, whatever it means",
			check: func(w *world) {
				w.moves(ten, w.to)
				w.moves(ten+w.least/2, unknownState)
				w.moves(ten+3*w.least/2, w.to)
				w.waits(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.reads(ten + 4*w.least)}, consecutive(3))
			},
		},
		{
			name: "wait 1: a failed read neither counts nor begins anew", why: "it says nothing about the state",
			check: func(w *world) {
				w.moves(ten, w.to)
				w.fails(ten+w.least/2, throttled) // the second of the three, and twice the delay after it
				w.waits(time.Hour, outcome{State: w.to, At: ten + 4*w.least, Reads: w.reads(ten+4*w.least) - 1}, consecutive(3))
			},
		},
		{
			name: "wait 2: an unknown state is waited out", why: "the service grew a value, and nobody can say where it leads: neither success nor the end",
			check: func(w *world) {
				w.in(unknownState)
				w.waits(2*time.Minute, outcome{Verdict: timedOut, State: w.shown(unknownState), At: 2 * time.Minute, Reads: w.reads(2 * time.Minute)})
			},
		},
		{
			name: "wait 2: an unknown state on the way", why: "what comes after it decides",
			check: func(w *world) {
				w.in(unknownState).moves(seven, w.to)
				w.waits(time.Hour, outcome{State: w.to, At: seven, Reads: w.reads(seven)})
			},
		},
		{
			name: "wait 2: an unknown state does not count as on the way", why: "to leave it is no lapse",
			check: func(w *world) {
				w.in(unknownState).moves(seven, w.from)
				w.waits(time.Hour, outcome{Verdict: unreachable, State: w.from, At: seven, Reads: w.reads(seven)})
			},
		},
		{
			name: "wait 2: an unknown state does not count as left", why: "what was seen before it is still known",
			check: func(w *world) {
				w.in(w.to).moves(ten+w.least, unknownState)
				w.moves(seven, w.from)
				w.waits(time.Hour, outcome{Verdict: lapsed, State: w.from, At: seven, Reads: w.reads(seven)}, consecutive(1000))
			},
		},
		{
			name: "wait 3: what settles into the target is waited for", why: "the service is at it", needs: settles,
			check: func(w *world) {
				w.in(w.via)
				w.waits(time.Hour, outcome{State: w.to, At: settle, Reads: w.reads(settle)})
			},
		},
		{
			name: "wait 3: to come back to such a state is no lapse", why: "it leads to the target all the same", needs: settles,
			check: func(w *world) {
				w.in(w.via).moves(settle+w.least/2, w.via) // the target was read once; from then on it takes the whole time again
				at := 2*settle + w.least                   // the first read after it
				w.waits(time.Hour, outcome{State: w.to, At: at + w.least, Reads: w.readsUntil(at) + 1}, consecutive(2), func(o *settings) { o.wait.MaxDelay = w.least })
			},
		},
		{
			name: "wait 5: on the way back is not on the way", why: "what it settles into is not the target", needs: returns,
			check: func(w *world) {
				w.in(w.back)
				w.waits(time.Hour, outcome{Verdict: unreachable, State: w.back, At: grace, Reads: w.reads(grace)})
			},
		},
		{
			name: "wait 4: an old read within the grace", why: "reads right after a change may show what was before",
			check: func(w *world) {
				w.stale(forty)
				w.in(w.to)
				w.waits(time.Hour, outcome{State: w.to, At: forty, Reads: w.reads(forty)})
			},
		},
		{
			name: "wait 4: an old read of the whole change", why: "the change shows late, and so does its end", needs: settles,
			check: func(w *world) {
				w.stale(forty)
				w.in(w.via)
				w.waits(time.Hour, outcome{State: w.to, At: forty + settle, Reads: w.reads(forty + settle)})
			},
		},
		{
			name: "wait 4: one old read on the way", why: "the replicas of a service do not agree at once", needs: settles,
			check: func(w *world) {
				w.in(w.via)
				w.later(forty, func() { w.stale(time.Minute) })
				w.later(forty+w.least, func() { w.stale(0) })
				w.waits(time.Hour, outcome{State: w.to, At: settle, Reads: w.reads(settle)})
			},
		},
		{
			name: "wait 4: a lapse within the grace", why: "until its end it may be an old read; then it is told",
			check: func(w *world) {
				w.moves(ten, w.to)
				w.moves(twenty, w.from)
				w.waits(time.Hour, outcome{Verdict: lapsed, State: w.from, At: grace, Reads: w.reads(grace)}, consecutive(1000))
			},
		},
		{
			name: "wait 5: unreachable", why: "after the grace it is the truth: somebody would have to command it",
			check: func(w *world) {
				err := w.waits(time.Hour, outcome{Verdict: unreachable, State: w.from, At: grace, Reads: w.reads(grace)})
				if w.op != "" {
					we, _ := errors.AsType[*statemachine.WaitError](err)
					wantEqual(w, "the plan", []statemachine.Operation{w.op}, we.Plan)
					says(w, err, string(w.op)+" would lead to "+w.to)
				}
			},
		},
		{
			name: "wait 5: the grace is the caller's to choose", why: "a command at the maintenance window shows late, and other reads are never old",
			check: func(w *world) {
				w.waits(time.Hour, outcome{Verdict: unreachable, State: w.from, At: twenty, Reads: w.reads(twenty)}, graceOf(twenty))
			},
		},
		{
			name: "wait 5: without a grace the other end is unreachable", why: "one read tells", live: opposite, needs: commands,
			check: func(w *world) {
				err := w.waits(time.Hour, outcome{Verdict: unreachable, State: w.from, Reads: 1}, graceOf(-1))
				says(w, err, string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name: "wait 5: rolled back", why: "it was on its way, and the service went back", needs: settles | lapses,
			check: func(w *world) {
				w.in(w.via).lapse()
				err := w.waits(time.Hour, outcome{Verdict: lapsed, State: w.from, At: settle, Reads: w.reads(settle)})
				says(w, err, w.via+" → "+w.from+" after 1m30s", string(w.op)+" would lead to "+w.to)
			},
		},
		{
			name: "wait 5: undone by somebody", why: "it was on its way", needs: settles,
			check: func(w *world) {
				w.in(w.via).moves(seven, w.from)
				w.waits(time.Hour, outcome{Verdict: lapsed, State: w.from, At: seven, Reads: w.reads(seven)})
			},
		},
		{
			name: "wait 5: being undone by somebody", why: "it was on its way, and what it does now leads elsewhere", needs: settles | returns,
			check: func(w *world) {
				w.in(w.via).moves(seven, w.back)
				err := w.waits(time.Hour, outcome{Verdict: lapsed, State: w.back, At: seven, Reads: w.reads(seven)})
				says(w, err, w.via+" → "+w.back+" after 1m10s")
			},
		},
		{
			name: "wait 5: undone from the target", why: "it was there, though not long enough",
			check: func(w *world) {
				w.in(w.to).moves(seven, w.from)
				w.waits(time.Hour, outcome{Verdict: lapsed, State: w.from, At: seven, Reads: w.reads(seven)}, consecutive(1000))
			},
		},
		{
			name: "wait 6: tolerated failures have twice the delay, and no more", why: "longer and longer delays would find the target late",
			check: func(w *world) {
				w.in(w.to)
				for range 3 {
					w.fail(w.read, throttled)
				}
				w.waits(time.Hour, outcome{State: w.to, At: 6 * w.least, Reads: 4})
				for i, r := range w.readings[:3] {
					if r.NextDelay != 2*w.least || !errors.Is(r.Err, statemachine.Throttled) {
						w.Errorf("reading %d: %+v", i+1, r)
					}
				}
			},
		},
		{
			name: "wait 6: until the deadline", why: "a service that is down for long says nothing about the resource",
			check: func(w *world) {
				w.fail(w.read, simulator.Failure{Drop: true, Times: -1})
				err := w.waits(2*time.Minute, outcome{Verdict: timedOut, At: 2 * time.Minute, Reads: int(time.Minute/w.least) + 1})
				is(w, err, statemachine.Unavailable)
			},
		},
		{
			name: "wait 6: a resource that is not there", why: "there is nothing to wait for", needs: vanishes,
			check: func(w *world) {
				w.remove()
				err := w.waits(time.Hour, outcome{Verdict: gone, Reads: 1})
				is(w, err, statemachine.NotFound)
				says(w, err, "there is no such resource")
			},
		},
		{
			name: "wait 6: a resource that goes", why: "the error says what it was last", needs: vanishes,
			check: func(w *world) {
				w.later(ten, w.remove)
				w.waits(time.Hour, outcome{Verdict: gone, State: w.from, At: ten, Reads: w.reads(ten)})
			},
		},
		{
			name: "wait 6: absence is a state where the machine has one", why: "then rules 1 to 5 decide", needs: absence,
			check: func(w *world) {
				w.remove()
				w.waitsFor(w.Context(), absent, time.Hour, outcome{State: absent, Reads: 1})
				w.rests()
				w.waitsFor(w.Context(), present, time.Hour, outcome{Verdict: unreachable, State: absent, At: grace, Reads: w.reads(grace)})
			},
		},
		{
			name: "wait 6: an absence that nothing confirms", why: "the same answer may mean that access was denied: it is no state, and does not heal", needs: absence,
			check: func(w *world) {
				for _, r := range w.rows() {
					if r.kind == statemachine.NotFound {
						w.fail("", r.failure(-1))
						is(w, w.waitsFor(w.Context(), absent, time.Hour, outcome{Verdict: readFailed, Reads: 1}), statemachine.NotFound)
						w.clear()
					}
				}
			},
		},
		{
			name: "wait 6: a done context comes before everything", why: "what a read says that was cut off is not the resource's",
			check: func(w *world) {
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(ten, func() { cancel(errEnough) })
				w.fail(w.read, simulator.Failure{Hang: true})
				err := w.waitsFor(ctx, w.to, time.Hour, outcome{Verdict: canceled, At: ten, Reads: 1})
				is(w, err, context.Canceled, errEnough, statemachine.Interrupted)
			},
		},
		{
			name: "wait 7: the delay is an eightieth of the time waited, between its bounds", why: "the lag stays in proportion, and the quota is kept",
			check: func(w *world) {
				w.in(unknownState)
				const long = 3 * time.Hour
				began := time.Now()
				reads := w.schedule(long, w.least, w.most)
				w.waits(long, outcome{Verdict: timedOut, State: w.shown(unknownState), At: long, Reads: len(reads)})
				w.readAt(began, reads)
			},
		},
		{
			name: "wait 7: the bounds are the caller's to choose", why: "who is in a hurry has the quota for it, or not",
			check: func(w *world) {
				w.in(unknownState)
				const long = 20 * time.Minute
				began := time.Now()
				reads := w.schedule(long, time.Second, 7*time.Second)
				w.waits(long, outcome{Verdict: timedOut, State: w.shown(unknownState), At: long, Reads: len(reads)}, func(o *settings) {
					o.wait.MinDelay, o.wait.MaxDelay = time.Second, 7*time.Second
				})
				w.readAt(began, reads)
			},
		},
		{
			name: "wait 7: with jitter, a tenth either way", why: "many waits must not read in step",
			check: func(w *world) {
				w.in(unknownState)
				var at []time.Duration
				began := time.Now()
				_, err := w.wait(w.Context(), w.to, time.Minute, settings{wait: statemachine.WaitOptions{OnRead: func(r statemachine.Reading) {
					at = append(at, time.Since(began))
				}}})
				wantEqual(w, "the verdict", timedOut, verdict(err))
				var odd bool
				for i := 1; i < len(at)-1; i++ { // the last one is at the deadline, whatever the delay
					d := at[i] - at[i-1]
					odd = odd || d != w.least
					if d < w.least*9/10 || d > w.least*11/10 {
						w.Errorf("a delay of %s, not within a tenth of %s", d, w.least)
					}
				}
				if !odd || len(at) < 10 {
					w.Errorf("no jitter in %v", at)
				}
			},
		},
		{
			name: "wait 8: a read has ReadTimeout", why: "an answer that never comes is one that failed",
			check: func(w *world) {
				w.in(w.to).fail(w.read, simulator.Failure{Hang: true})
				w.waits(time.Hour, outcome{State: w.to, At: 30*time.Second + 2*w.least, Reads: 2})
				w.rests()
				w.fail(w.read, simulator.Failure{Hang: true})
				w.waits(time.Hour, outcome{State: w.to, At: ten + 2*w.least, Reads: 2}, func(o *settings) { o.wait.ReadTimeout = ten })
			},
		},
		{
			name: "wait 8: one last read at the deadline", why: "the time that was given is used, to its end and no longer",
			check: func(w *world) {
				const d = 13 * time.Second // between two reads
				w.waits(d, outcome{Verdict: timedOut, State: w.from, At: d, Reads: w.reads(d)})
				w.rests()
				w.moves(d, w.to)
				w.waits(d, outcome{State: w.to, At: d, Reads: w.reads(d)})
			},
		},
		{
			name: "wait 8: the last read hangs", why: "the wait ends a ReadTimeout after the deadline at most",
			check: func(w *world) {
				w.fails(13*time.Second, simulator.Failure{Hang: true})
				const d = 13 * time.Second
				says(w, w.waits(d, outcome{Verdict: timedOut, State: w.from, At: d + 30*time.Second, Reads: w.reads(d)}), "no response within 30s")
			},
		},
		{
			name: "wait 8: the last read does not wait for the pacer", why: "a quota that others use up must not make a wait blind",
			check: func(w *world) {
				pacer := statemachine.NewPacer(1.0/3600, 2)
				pacer.Reserve(time.Now())
				w.in(unknownState) // what is absent would have to be confirmed by a second call
				const d = 13 * time.Second
				w.waits(d, outcome{Verdict: timedOut, State: w.shown(unknownState), At: d, Reads: 2}, func(o *settings) { o.pacer = pacer })
			},
		},
		{
			name: "wait 9: maxWait is required and positive", why: "a wait without an end is a leak", live: atTarget,
			check: func(w *world) {
				for _, d := range []time.Duration{0, -time.Second} {
					err := w.waits(d, outcome{Verdict: string(statemachine.InvalidInput)})
					wantEqual(w, "the wrong fields", []string{"maxWait"}, fields(err))
				}
			},
		},
		{
			name: "wait 9: a target and options that make no sense", why: "they are told all at once, before anything is sent", live: atTarget, needs: commands,
			check: func(w *world) {
				err := w.waitsFor(w.Context(), unknownState, 0, outcome{Verdict: string(statemachine.InvalidInput)}, func(o *settings) {
					o.wait.ReadTimeout, o.wait.Consecutive = -1, -1
				})
				got := fields(err)
				slices.Sort(got)
				wantEqual(w, "the wrong fields", []string{"Consecutive", "ReadTimeout", "maxWait", "target"}, got)
			},
		},
		{
			name: "wait 9: the end of maxWait", why: "it is a deadline exceeded, and says what was seen last", live: atTarget,
			check: func(w *world) {
				const d = 3 * time.Second
				err := w.waits(d, outcome{Verdict: timedOut, State: w.to, At: d, Reads: w.reads(d)}, consecutive(1000))
				says(w, err, "last seen "+w.to)
			},
		},
		{
			name: "wait 9: the context's own deadline", why: "it is the caller's end, not the wait's", live: atTarget,
			check: func(w *world) {
				const d = 3 * time.Second
				ctx, cancel := context.WithTimeoutCause(w.Context(), d, errEnough)
				defer cancel()
				err := w.waitsFor(ctx, w.to, time.Hour, outcome{Verdict: canceled, State: w.to, At: d, Reads: w.readsBefore(d)}, consecutive(1000))
				is(w, err, context.DeadlineExceeded, errEnough, statemachine.Interrupted)
			},
		},
		{
			name: "wait 9: canceled, with a cause", why: "who reads the error wants to know who it was", live: atTarget,
			check: func(w *world) {
				const d = 3 * time.Second
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(d, func() { cancel(errEnough) })
				err := w.waitsFor(ctx, w.to, time.Hour, outcome{Verdict: canceled, State: w.to, At: d, Reads: w.readsBefore(d)}, consecutive(1000))
				is(w, err, context.Canceled, errEnough, statemachine.Interrupted)
			},
		},
		{
			name: "wait 9: canceled before it begins", why: "nothing is sent in vain", live: atTarget,
			check: func(w *world) {
				ctx, cancel := context.WithCancelCause(w.Context())
				cancel(errEnough)
				err := w.waitsFor(ctx, w.to, time.Hour, outcome{Verdict: canceled})
				is(w, err, context.Canceled, errEnough)
			},
		},
		{
			name: "wait 10: the last value and the last failure are in the error", why: "the one says what to do, the other why it is not known",
			check: func(w *world) {
				w.later(ten, func() { w.fail(w.read, simulator.Failure{Drop: true, Times: -1}) })
				const d = ten + forty
				err := w.waits(d, outcome{Verdict: timedOut, State: w.from, At: d, Reads: w.reads(ten) + int(forty/(2*w.least))})
				is(w, err, statemachine.Unavailable)
				wantEqual(w, "the kind", statemachine.Unavailable, statemachine.KindOf(err))
			},
		},
		{
			name: "wait 10: a failure that has passed is not in the error", why: "it has nothing to do with the end",
			check: func(w *world) {
				w.fails(ten, throttled)
				err := w.waits(forty, outcome{Verdict: timedOut, State: w.from, At: forty, Reads: w.reads(forty) - 1})
				if errors.Is(err, statemachine.Throttled) {
					w.Errorf("it still says that it was throttled: %v", err)
				}
			},
		},
		{
			name: "wait 10: OnRead is told of every read", why: "it is what progress, logs and metrics are made of", live: atTarget,
			check: func(w *world) {
				w.waits(3*time.Second, outcome{Verdict: timedOut, State: w.to, At: 3 * time.Second, Reads: w.reads(3 * time.Second)}, consecutive(1000))
				for i, r := range w.readings {
					if r.Resource != w.resource || r.Target != w.to || r.State != w.to || r.Reads != i+1 || r.Err != nil ||
						(r.NextDelay > 0) != (i+1 < len(w.readings)) {
						w.Errorf("reading %d of %d: %+v", i+1, len(w.readings), r)
					}
				}
				if len(w.readings) == 0 {
					w.Error("it was told of none")
				}
			},
		},
	}
}

// readsBefore is how many reads there are before d.
func (w *world) readsBefore(d time.Duration) int { return int((d-1)/w.least) + 1 }

// readsUntil is how many reads there are until d, all at the shortest delay.
func (w *world) readsUntil(d time.Duration) int { return int(d/w.least) + 1 }

// schedule is when the reads of a wait are that ends at its deadline, by rule 7.
func (w *world) schedule(deadline, least, most time.Duration) []time.Duration {
	var reads []time.Duration
	for at := time.Duration(0); at < deadline; at += min(max(at/80, least), most) {
		reads = append(reads, at)
	}
	return append(reads, deadline)
}

// readAt holds the instants of the reads against want.
func (w *world) readAt(began time.Time, want []time.Duration) {
	w.Helper()
	var got []time.Duration
	for _, c := range w.calls() {
		if c.Operation == w.read && !c.At.Before(began) {
			got = append(got, c.At.Sub(began))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("the reads (-want +got):\n%s", diff)
	}
}
