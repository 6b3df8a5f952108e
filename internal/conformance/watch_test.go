package conformance

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// yielded is a value that a watch yields.
type yielded struct {
	At             time.Duration
	State, Summary string
}

// delay is the default WatchDelay.
const delay = 30 * time.Second

// collect ranges over a watch until it ends, or has yielded most values.
func (w *fixture) collect(ctx context.Context, most int, change ...func(*settings)) (seen []yielded, err error) {
	w.Helper()
	began := time.Now()
	for state, e := range w.watch(ctx, w.settings(change)) {
		seen, err = append(seen, yielded{time.Since(began), state, assert.ErrorSummary(e)}), e
		if len(seen) == most {
			break
		}
	}
	return seen, err
}

// watchRules returns the rules of watching, which [statemachine.Waiter.Watch] documents without
// numbers.
func watchRules() []rule {
	return []rule{
		{
			name:  "watch: the current value, then each change",
			why:   "a change is reported once, and an unchanged value is not repeated",
			needs: watches,
			check: func(w *fixture) {
				w.moveAt(2*delay, w.to)
				w.moveAt(5*delay, unknownState)
				w.moveAt(6*delay, w.from)
				seen, _ := w.collect(w.Context(), 4)
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {2 * delay, w.to, ""}, {5 * delay, w.shown(unknownState), ""}, {6 * delay, w.from, ""}}, seen)
				assert.Equal(w, "reads", 7, len(w.readings))
			},
		},
		{
			name:  "watch: a transition of the service",
			why:   "a watch must not depend on commands",
			needs: watches | settles,
			check: func(w *fixture) {
				w.moveTo(w.via)
				seen, _ := w.collect(w.Context(), 2)
				assert.Equal(w, "yielded values", []yielded{{State: w.via}, {settle, w.to, ""}}, seen)
			},
		},
		{
			name:  "watch: the caller sets WatchDelay",
			why:   "the caller knows the quota and the urgency",
			needs: watches,
			check: func(w *fixture) {
				w.moveAt(seventy, w.to)
				seen, _ := w.collect(w.Context(), 2, func(o *settings) { o.wait.WatchDelay = ten })
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {seventy, w.to, ""}}, seen)
				assert.Equal(w, "reads", 8, len(w.readings))
			},
		},
		{
			name:  "watch: a tolerated failure is passed to OnRead only",
			why:   "it says nothing about the resource; the next read comes after twice the delay",
			needs: watches,
			check: func(w *fixture) {
				w.failAt(delay, throttled)
				w.failAt(2*delay, simulator.Failure{Drop: true}) // the next read, after 3 delays
				w.moveAt(2*delay, w.to)
				seen, _ := w.collect(w.Context(), 2)
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {5 * delay, w.to, ""}}, seen)
				var kinds []statemachine.Kind
				for _, r := range w.readings {
					kinds = append(kinds, statemachine.KindOf(r.Err))
				}
				assert.Equal(w, "kinds that OnRead got", []statemachine.Kind{"", statemachine.Throttled, statemachine.Unavailable, ""}, kinds)
			},
		},
		{
			name:  "watch: the resource is deleted",
			why:   "the error is yielded once with the last value, and ends the watch",
			needs: watches | vanishes,
			check: func(w *fixture) {
				w.runAt(delay, w.remove)
				seen, err := w.collect(w.Context(), 9)
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {delay, w.from, gone}}, seen)
				assert.ErrorIs(w, err, statemachine.Gone, statemachine.NotFound)
				w.checkWaitError(err, "", delay)
			},
		},
		{
			name:  "watch: absence as a state",
			why:   "the resource may be created again, so the watch goes on",
			needs: watches | absence,
			check: func(w *fixture) {
				w.moveTo(present).runAt(delay, w.remove)
				w.moveAt(3*delay, present)
				seen, _ := w.collect(w.Context(), 3)
				assert.Equal(w, "yielded values", []yielded{{State: present}, {delay, absent, ""}, {3 * delay, present, ""}}, seen)
			},
		},
		{
			name:  "watch: a failure that is not tolerated",
			why:   "the error is yielded once with the last value, and ends the watch",
			needs: watches,
			check: func(w *fixture) {
				w.failAt(delay, denied)
				seen, err := w.collect(w.Context(), 9)
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {delay, w.from, readFailed}}, seen)
				assert.ErrorIs(w, err, statemachine.AccessDenied)
				w.checkWaitError(err, "", delay)
			},
		},
		{
			name:  "watch: ReadTimeout limits a read",
			why:   "one read that hangs must not block the watch",
			needs: watches,
			check: func(w *fixture) {
				w.failAt(delay, simulator.Failure{Hang: true})
				w.moveAt(2*delay, w.to)
				seen, _ := w.collect(w.Context(), 2)
				assert.Equal(w, "yielded values", []yielded{{State: w.from}, {4 * delay, w.to, ""}}, seen) // the read hangs from 1 to 2 delays
			},
		},
		{
			name:  "watch: the context ends",
			why:   "the error is yielded once with the last value and the cause",
			needs: watches,
			live:  atTarget,
			check: func(w *fixture) {
				ctx, cancel := context.WithCancelCause(w.Context())
				time.AfterFunc(3*time.Second, func() { cancel(errStop) })
				seen, err := w.collect(ctx, 9)
				if !w.exact && len(seen) == 2 {
					seen[0].At, seen[1].At = 0, max(3*time.Second, seen[1].At.Truncate(3*time.Second))
				}
				assert.Equal(w, "yielded values", []yielded{{State: w.to}, {3 * time.Second, w.to, canceled}}, seen)
				assert.ErrorIs(w, err, statemachine.Canceled, context.Canceled, errStop)
				w.checkWaitError(err, "", 3*time.Second)
			},
		},
		{
			name:  "watch: break, and range again",
			why:   "break stops the reads, and another range starts over",
			needs: watches,
			live:  atTarget,
			check: func(w *fixture) {
				seq := w.watch(w.Context(), w.settings(nil))
				past := len(w.calls())
				for i := range 2 {
					for state, err := range seq {
						assert.Equal(w, "first value", w.to+"/", state+"/"+assert.ErrorSummary(err))
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
					assert.Equal(w, "reads", i+1, reads)
				}
			},
		},
		{
			name:  "watch: invalid options",
			why:   "the error is the only value, before a request is sent",
			needs: watches,
			live:  atTarget,
			check: func(w *fixture) {
				past := len(w.calls())
				seen, err := w.collect(w.Context(), 9, func(o *settings) { o.wait.WatchDelay = -1 })
				if len(seen) == 1 {
					seen[0].At = 0
				}
				assert.Equal(w, "yielded values", []yielded{{Summary: string(statemachine.InvalidInput)}}, seen)
				assert.Equal(w, "invalid fields", []string{"WatchDelay"}, assert.InputFields(err))
				assert.Equal(w, "calls", 0, len(w.calls())-past)
			},
		},
	}
}
