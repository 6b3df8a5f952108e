package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// remembered is the HistoryLimit of the simulators. It exceeds the history of any resource, which
// the oracle needs in full.
const remembered = 4096

// soak is one run: the simulated services, their faults, a guard of many resources, and the oracle.
type soak struct {
	plan

	dice     dice
	began    time.Time
	calm     time.Time // no faults from then on
	end      time.Time
	services [3]*service
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server

	guard    *guard
	subjects []*subject
	byName   map[string]*subject // by the guard's name and by ARN
	happens  []event
	dark     []*blackout

	ctx     context.Context //nolint:containedctx // of the one run
	tally   tally
	denials sync.Map // when access was last denied, by the resource of the call
	waiting sync.WaitGroup

	mu    sync.Mutex // guards the fields below, and orders and read of the subjects
	wrong []string
	off   time.Duration // that resources were off target
}

// newSoak returns a soak with its resources and its plan of events.
func newSoak(p plan, seed uint64) *soak {
	w := &soak{plan: p, dice: dice(seed), began: time.Now(), byName: map[string]*subject{}}
	w.end = w.began.Add(p.length)
	w.calm = w.end.Add(-quiet)
	databases := &service{name: "RDS", throttling: "Throttling", accessError: "AccessDenied", commands: map[string]bool{"StartActivityStream": true}}
	stores := &service{name: "CloudTrail", throttling: "ThrottlingException", accessError: "AccessDeniedException", commands: map[string]bool{"StartEventDataStoreIngestion": true}}
	streams := &service{name: "Customer Profiles", throttling: "ThrottlingException", accessError: "AccessDeniedException", commands: map[string]bool{"CreateEventStream": true}}
	w.services = [3]*service{databases, stores, streams}
	w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Transition, o.StaleFunc, o.HistoryLimit = w.pace, w.staleness, remembered
		o.Latency = func(c activitystreamtest.Call) time.Duration { return w.latency(databases, c) }
		o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure { return w.intercept(databases, c) }
	})
	w.trail = ingestiontest.NewServer(func(o *ingestiontest.Options) {
		o.Transition, o.StaleFunc, o.HistoryLimit = w.pace, w.staleness, remembered
		o.Latency = func(c ingestiontest.Call) time.Duration { return w.latency(stores, c) }
		o.Intercept = func(c ingestiontest.Call) *ingestiontest.Failure {
			return w.intercept(stores, c)
		}
	})
	w.profiles = eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		o.StaleFunc, o.HistoryLimit = w.staleness, remembered
		o.Latency = func(c eventstreamtest.Call) time.Duration { return w.latency(streams, c) }
		o.Intercept = func(c eventstreamtest.Call) *eventstreamtest.Failure {
			return w.intercept(streams, c)
		}
	})
	w.guard = &guard{settings: defaultSettings(), log: slog.New(counter{&w.tally})}
	w.guard.settings.interval = p.every
	w.databases()
	w.stores()
	w.streams()
	w.watched()
	w.weather()
	w.blackouts()
	for _, s := range w.subjects {
		w.fortunes(s)
	}
	slices.SortFunc(w.happens, func(a, b event) int { return a.at.Compare(b.at) })
	return w
}

// watched puts the oracle between the guard and the library, to observe each read, repair and
// watch.
func (w *soak) watched() {
	for _, r := range w.guard.resources {
		s := w.byName[r.name]
		s.resource = r
		ensure, watch := r.ensure, r.watch
		r.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
			begin := time.Now()
			operations, err := ensure(calls(ctx, "ensure"+r.name))
			w.judge(ctx, s, "ensure", verdict{
				target: s.target, ensure: true, runs: s.runs, least: w.guard.settings.maxWait, most: w.guard.settings.maxWait,
				begin: begin, operations: operations, err: err,
			})
			return operations, err
		}
		// Each watch begins at an instant of its own.
		first := w.began.Add(time.Minute + between(w.dice.about(w.began, "first", r.name), 0, w.every))
		r.watch = func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[string, error] {
			if time.Now().Before(first) {
				sleep(ctx, time.Until(first))
			}
			return func(yield func(string, error) bool) {
				for summary, err := range watch(calls(ctx, "watch"+r.name), func(p statemachine.Progress) {
					w.seen(p)
					w.noted(p)
					onProgress(p)
				}) {
					if err != nil && ctx.Err() == nil {
						w.lost(s, err)
					}
					if !yield(summary, err) {
						return
					}
				}
			}
		}
	}
}

// run runs the guard and the events until the end.
func (w *soak) run(ctx context.Context, sample func(when string)) {
	ctx, cancel := context.WithDeadline(ctx, w.end)
	w.ctx = ctx
	defer cancel()
	w.waiting.Go(func() {
		for _, e := range w.happens {
			if assert.Sleep(ctx, time.Until(e.at)) != nil {
				return
			}
			if e.can() {
				w.tally.add("events", e.what)
				e.do()
			}
		}
	})
	w.waiting.Go(func() {
		if assert.Sleep(ctx, time.Until(w.began.Add(w.length/10))) == nil {
			sample("after a tenth of the time")
		}
		if assert.Sleep(ctx, time.Until(w.end.Add(-time.Minute))) == nil {
			sample("in the last minute")
		}
	})
	w.guard.run(ctx)
	cancel()
	w.waiting.Wait()
	w.inventory()
}

// longest returns how long a resource can stay off target although the guard can repair it: a
// failed watch and a failed repair, with their backoffs.
func (w *soak) longest() time.Duration {
	r := &w.guard.settings
	return r.maxWait + 2*r.maxBackoff + 4*r.interval
}

// inventory counts the lost resources: those off target, and those whose state the guard does not
// know.
func (w *soak) inventory() {
	for _, s := range w.subjects {
		l := s.history()
		repairable := s.table.costs(s.target, func(op statemachine.Operation) bool { return slices.Contains(s.runs, op) })
		switch {
		case l[0].at.After(w.began):
			w.blame(s, "the simulator dropped history: remembered is too small")
		case l[len(l)-1].state != s.target:
			w.tally.add("lost", "off target")
			w.blame(s, fmt.Sprintf("it is lost: in the end it is %q", l[len(l)-1].state))
		case s.resource.state != s.target, w.end.Sub(s.read) > 3*w.every:
			w.tally.add("lost", "not watched")
			w.blame(s, fmt.Sprintf("it is lost: the guard read it last at %s, as %q", s.read.Format(time.DateTime), s.resource.state))
		}
		for i, m := range s.settings {
			until := w.end
			if i+1 < len(s.settings) {
				until = s.settings[i+1].at
			}
			if m.state == rivals && until.Sub(m.at) > w.longest() && !slices.ContainsFunc(s.reports, func(at time.Time) bool {
				return !at.Before(m.at) && !at.After(until)
			}) {
				w.tally.add("lost", "other settings not reported")
				w.blame(s, fmt.Sprintf("it is lost: from %s to %s it had other settings", m.at.Format(time.DateTime), until.Format(time.DateTime)))
			}
		}
		for i, m := range l {
			until := w.end
			if i+1 < len(l) {
				until = l[i+1].at
			}
			if m.state == s.target {
				continue
			}
			w.off += until.Sub(m.at)
			if _, ok := repairable[m.state]; ok && until.Sub(m.at) > w.longest() {
				w.tally.add("lost", "off target for too long")
				w.blame(s, fmt.Sprintf("it is lost: from %s to %s it was %q", m.at.Format(time.DateTime), until.Format(time.DateTime), m.state))
			}
		}
	}
}

// counter is a log handler that counts the messages.
type counter struct{ tally *tally }

func (c counter) Enabled(context.Context, slog.Level) bool { return true }
func (c counter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c counter) WithGroup(string) slog.Handler            { return c }
func (c counter) Handle(_ context.Context, r slog.Record) error {
	msg, _, _ := strings.Cut(r.Message, ":")
	c.tally.add("log", msg)
	return nil
}
