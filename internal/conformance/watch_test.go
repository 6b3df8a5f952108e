package conformance

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// sighting is one turn of a watch's loop.
type sighting struct {
	At             time.Duration
	State, Verdict string
}

// delay is that of a watch, where nothing else is asked for.
const delay = 30 * time.Second

// watched ranges over a watch to its end, and no longer than for most turns.
func (w *world) watched(ctx context.Context, most int, change ...func(*settings)) (seen []sighting, err error) {
	w.Helper()
	began := time.Now()
	for state, e := range w.watch(ctx, w.settings(change)) {
		seen, err = append(seen, sighting{time.Since(began), state, verdict(e)}), e
		if len(seen) == most {
			break
		}
	}
	return seen, err
}

// watching are the rules of watching, which [statemachine.Waiter.Watch] documents. They have no numbers.
func watching() []rule {
	return []rule{
		{
			name: "watch: what is there, then what differs", why: "a change is told once, and what stays is not told again", needs: watches,
			check: func(w *world) {
				w.moves(2*delay, w.to)
				w.moves(5*delay, unknownState)
				w.moves(6*delay, w.from)
				seen, _ := w.watched(w.Context(), 4)
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {2 * delay, w.to, ""}, {5 * delay, w.shown(unknownState), ""}, {6 * delay, w.from, ""}}, seen)
				wantEqual(w, "reads", 7, len(w.readings))
			},
		},
		{
			name: "watch: what the service does by itself", why: "a watch that saw only commands would miss what matters", needs: watches | settles,
			check: func(w *world) {
				w.in(w.via)
				seen, _ := w.watched(w.Context(), 2)
				wantEqual(w, "what it tells", []sighting{{State: w.via}, {settle, w.to, ""}}, seen)
			},
		},
		{
			name: "watch: WatchDelay is the caller's to choose", why: "what is quick enough for one is too dear for another", needs: watches,
			check: func(w *world) {
				w.moves(seven, w.to)
				seen, _ := w.watched(w.Context(), 2, func(o *settings) { o.wait.WatchDelay = ten })
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {seven, w.to, ""}}, seen)
				wantEqual(w, "reads", 8, len(w.readings))
			},
		},
		{
			name: "watch: what a wait tolerates goes to OnRead", why: "it says nothing about the resource; the next read comes after twice the delay", needs: watches,
			check: func(w *world) {
				w.fails(delay, throttled)
				w.fails(2*delay, simulator.Failure{Drop: true}) // by the next read, at 3 delays
				w.moves(2*delay, w.to)
				seen, _ := w.watched(w.Context(), 2)
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {5 * delay, w.to, ""}}, seen)
				var kinds []statemachine.Kind
				for _, r := range w.readings {
					kinds = append(kinds, statemachine.KindOf(r.Err))
				}
				wantEqual(w, "what OnRead is told", []statemachine.Kind{"", statemachine.Throttled, statemachine.Unavailable, ""}, kinds)
			},
		},
		{
			name: "watch: a resource that goes", why: "it is told once, beside the last value, and ends it", needs: watches | vanishes,
			check: func(w *world) {
				w.later(delay, w.remove)
				seen, err := w.watched(w.Context(), 9)
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {delay, w.from, gone}}, seen)
				is(w, err, statemachine.Gone, statemachine.NotFound)
				w.explained(err, "", delay)
			},
		},
		{
			name: "watch: an absence that is a state", why: "there may be one again, and the watch goes on", needs: watches | absence,
			check: func(w *world) {
				w.in(present).later(delay, w.remove)
				w.moves(3*delay, present)
				seen, _ := w.watched(w.Context(), 3)
				wantEqual(w, "what it tells", []sighting{{State: present}, {delay, absent, ""}, {3 * delay, present, ""}}, seen)
			},
		},
		{
			name: "watch: a failure that does not heal", why: "it is told once, beside the last value, and ends it", needs: watches,
			check: func(w *world) {
				w.fails(delay, denied)
				seen, err := w.watched(w.Context(), 9)
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {delay, w.from, readFailed}}, seen)
				is(w, err, statemachine.AccessDenied)
				w.explained(err, "", delay)
			},
		},
		{
			name: "watch: a read has ReadTimeout", why: "a watch that hangs watches nothing", needs: watches,
			check: func(w *world) {
				w.fails(delay, simulator.Failure{Hang: true})
				w.moves(2*delay, w.to)
				seen, _ := w.watched(w.Context(), 2)
				wantEqual(w, "what it tells", []sighting{{State: w.from}, {4 * delay, w.to, ""}}, seen) // it hangs from 1 to 2
			},
		},
		{
			name: "watch: the context's end", why: "it is told once, beside the last value, with its cause", needs: watches, live: atTarget,
			check: func(w *world) {
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(3*time.Second, func() { cancel(errEnough) })
				seen, err := w.watched(ctx, 9)
				if !w.exact && len(seen) == 2 {
					seen[0].At, seen[1].At = 0, max(3*time.Second, seen[1].At.Truncate(3*time.Second))
				}
				wantEqual(w, "what it tells", []sighting{{State: w.to}, {3 * time.Second, w.to, canceled}}, seen)
				is(w, err, statemachine.Canceled, context.Canceled, errEnough)
				w.explained(err, "", 3*time.Second)
			},
		},
		{
			name: "watch: breaking out, and ranging again", why: "the one stops the reads, the other starts over", needs: watches, live: atTarget,
			check: func(w *world) {
				seq := w.watch(w.Context(), w.settings(nil))
				past := len(w.calls())
				for i := range 2 {
					for state, err := range seq {
						wantEqual(w, "what it tells first", w.to+"/", state+"/"+verdict(err))
						break
					}
					if w.exact {
						time.Sleep(time.Hour)
					}
					reads := 0
					for _, c := range w.calls()[past:] {
						if c.Operation == w.read {
							reads++
						}
					}
					wantEqual(w, "reads", i+1, reads)
				}
			},
		},
		{
			name: "watch: options that make no sense", why: "they are told as the first and last turn, before anything is sent", needs: watches, live: atTarget,
			check: func(w *world) {
				past := len(w.calls())
				seen, err := w.watched(w.Context(), 9, func(o *settings) { o.wait.WatchDelay = -1 })
				if len(seen) == 1 {
					seen[0].At = 0
				}
				wantEqual(w, "what it tells", []sighting{{Verdict: string(statemachine.InvalidInput)}}, seen)
				wantEqual(w, "the wrong fields", []string{"WatchDelay"}, fields(err))
				wantEqual(w, "calls", 0, len(w.calls())-past)
			},
		},
	}
}
