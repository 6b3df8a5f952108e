package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// patience is after how long with nothing in the way a wait must have seen the target.
const patience = 15 * time.Minute

// wait makes one wait or ensure, and judges it.
func (w *soak) wait(ctx context.Context, s *subject, sort string, v verdict, run func(context.Context, *verdict)) {
	v.begin, v.patience = time.Now(), patience
	run(calls(ctx, sort+s.name), &v)
	v.end = time.Now()
	w.tally.add("waits", sort)
	w.tally.add("verdicts", sort+": "+v.word())
	f := &facts{
		table: s.table, life: s.history(), denied: w.wasDenied(s, v.begin, v.end), ended: ctx.Err() != nil,
		stormy: s.service.stormy(v.end.Add(-patience), v.end),
	}
	if v.ensure {
		w.mu.Lock()
		for _, o := range s.orders {
			if !o.at.Before(v.begin) {
				f.orders = append(f.orders, o)
			}
		}
		w.mu.Unlock()
	}
	if wrong := v.judge(f); wrong != "" {
		w.blame(s, fmt.Sprintf("%s for %s from %s to %s: %s\n    error: %v\n    operations: %v, orders: %+v\n    truth: %s", sort, v.target,
			v.begin.Format(time.DateTime), v.end.Format(time.DateTime), wrong, v.err, v.operations, f.orders, f.life.since(v.begin.Add(-stale))))
	}
}

// wasDenied tells whether a call of the resource, or one that named none or many, was denied just before the end.
func (w *soak) wasDenied(s *subject, begin, end time.Time) bool {
	domain, _, _ := strings.Cut(s.name, "/")
	for _, named := range []string{s.arn, domain, ""} {
		if at, ok := w.denials.Load(named); ok && !at.(time.Time).Before(begin) && !at.(time.Time).Before(end.Add(-readTimeout-time.Second)) {
			return true
		}
	}
	return false
}

// since is the truth from an instant on, in words.
func (l life) since(at time.Time) string {
	text := ""
	for i, m := range l {
		if i+1 == len(l) || l[i+1].at.After(at) {
			text += fmt.Sprintf(" %s %q", m.at.Format("15:04:05.000"), m.state)
		}
	}
	return text
}

// seen judges a read.
func (w *soak) seen(r statemachine.Reading) {
	s, now := w.byName[r.Resource], time.Now()
	switch {
	case errors.Is(r.Err, statemachine.NotFound):
		if !s.history().was(gone, now.Add(-stale), now) {
			w.blame(s, fmt.Sprintf("at %s it is said not to be there: %v", now.Format(time.DateTime), r.Err))
		}
	case r.Err != nil:
		w.tally.add("reads", "that failed")
		return
	case r.State == s.truth():
	case s.history().was(r.State, now.Add(-stale), now):
		w.tally.add("reads", "that showed what was before")
	default:
		w.blame(s, fmt.Sprintf("at %s it is read as %q; truth:%s", now.Format(time.DateTime), r.State, s.history().since(now.Add(-2*stale))))
	}
	w.tally.add("reads", "in all that succeeded")
}

// noted takes note of a read of the guard's watches.
func (w *soak) noted(r statemachine.Reading) {
	if r.Err == nil {
		s := w.byName[r.Resource]
		w.mu.Lock()
		defer w.mu.Unlock()
		s.read = time.Now()
	}
}

// lost judges what ended a watch.
func (w *soak) lost(s *subject, err error) {
	now := time.Now()
	v := verdict{begin: now.Add(-time.Hour), end: now, most: time.Hour, least: 2 * time.Hour, err: err}
	w.tally.add("waits", "watch that a failure ended")
	right := map[string]bool{
		string(statemachine.Gone):       s.history().was(gone, now.Add(-stale), now),
		string(statemachine.ReadFailed): w.wasDenied(s, v.begin, now),
	}
	if !right[v.word()] {
		w.blame(s, fmt.Sprintf("at %s its watch ended: %v; truth:%s", now.Format(time.DateTime), err, s.history().since(now.Add(-2*stale))))
	}
}

// ordered takes note of a command that came to a service.
func (w *soak) ordered(c activitystreamtest.Call, fate string) {
	w.tally.add("commands", "sent")
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.byName[c.Resource]
	s.orders = append(s.orders, order{op: c.Operation, at: c.At, fate: fate})
}

// accepted takes note that it was carried out.
func (w *soak) accepted(c activitystreamtest.Call) {
	w.tally.add("commands", "carried out")
	w.mu.Lock()
	defer w.mu.Unlock()
	orders := w.byName[c.Resource].orders
	for i := range orders {
		if orders[i].at.Equal(c.At) {
			orders[i].accepted = true
		}
	}
}

// blame notes something that is wrong.
func (w *soak) blame(s *subject, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, s.name+": "+what)
}

// bystander is somebody else who waits for a resource just after something happened to it: as a call of the library, or as a Track that is kept
// elsewhere between two reads, by a clock that steps.
func (w *soak) bystander(r *rand.Rand, s *subject, after time.Time) event {
	at, maxWait := after.Add(between(r, time.Second, 2*time.Minute)), between(r, time.Minute, 100*time.Minute)
	target := s.target
	if r.IntN(3) == 0 {
		target = s.other
	}
	v := verdict{target: target, least: maxWait, most: maxWait}
	if r.IntN(2) == 0 {
		return event{at, "somebody waits", always, func() {
			w.waiting.Go(func() {
				w.wait(w.ctx, s, "wait", v, func(ctx context.Context, v *verdict) { v.err = s.wait(ctx, target, maxWait) })
			})
		}}
	}
	c := newClock(r)
	v.least, v.most = maxWait-c.forth(), maxWait+c.back()
	return event{at, "somebody keeps a wait elsewhere", always, func() {
		w.waiting.Go(func() {
			w.wait(w.ctx, s, "stored wait", v, func(ctx context.Context, v *verdict) {
				c.stepped = func(kind string) { w.tally.add("faults", kind) }
				v.err = s.stored(ctx, target, maxWait, c)
			})
		})
	}}
}

// clock is one that steps. The instants of one process are monotonic, in a bubble as everywhere, so that no step gets into the guard. Where a wait
// is kept outside of the process, as a Track in JSON, it can: the instants that it is told are such a clock's.
type clock struct {
	steps   []time.Duration // with the reads to come, most of them none
	skew    time.Duration
	stepped func(kind string)
}

// How far a clock steps: forth less than what is left of keptGrace when an old read has its share, back as far as it likes.
const (
	keptGrace = 3 * time.Minute
	mostForth = 50 * time.Second
	mostBack  = 40 * time.Minute
)

// newClock makes one with up to two steps each way.
func newClock(r *rand.Rand) *clock {
	c := &clock{steps: make([]time.Duration, 24)}
	for range 2 {
		if r.IntN(2) == 0 {
			c.steps[r.IntN(len(c.steps))] = between(r, time.Second, mostForth)
		}
		if r.IntN(2) == 0 {
			c.steps[r.IntN(len(c.steps))] = -between(r, time.Second, mostBack)
		}
	}
	return c
}

// forth and back are how far it steps in all.
func (c *clock) forth() (d time.Duration) {
	for _, s := range c.steps {
		d += max(s, 0)
	}
	return d
}

func (c *clock) back() (d time.Duration) {
	for _, s := range c.steps {
		d += max(-s, 0)
	}
	return d
}

// now is what the clock says; it has lost what is monotonic.
func (c *clock) now() time.Time { return time.Now().Round(0).Add(c.skew) }

// tick makes the next step, if there is one.
func (c *clock) tick() {
	if len(c.steps) == 0 {
		return
	}
	d := c.steps[0]
	c.skew += d
	switch {
	case d < 0:
		c.stepped(stepBack)
	case d > 0:
		c.stepped(stepForth)
	}
	c.steps = c.steps[1:]
}

// carry makes a wait of a Track that goes through JSON between any two reads.
func carry[S ~string](ctx context.Context, m *statemachine.Machine[S], target S, maxWait time.Duration, c *clock, get func(context.Context) (S, error)) error {
	t, err := m.NewTrack(target, c.now(), maxWait, statemachine.WaitOptions{Grace: keptGrace})
	if err != nil {
		return err
	}
	for {
		s, err := within(ctx, readTimeout, get)
		c.tick()
		at := c.now()
		var reached bool
		var ended statemachine.Reason
		if err == nil {
			reached, ended = m.Observe(&t, s, at)
		} else {
			kind := statemachine.KindOf(err)
			if kind == statemachine.Interrupted && ctx.Err() == nil {
				kind = statemachine.Unavailable // it took too long
			}
			ended = m.ObserveFailure(&t, kind, at)
			reached = ended == "" && t.Reached()
		}
		if reached {
			return nil
		}
		if ended != "" {
			return &statemachine.WaitError{Reason: ended, Err: err}
		}
		text, err := json.Marshal(&t)
		if err != nil {
			return err
		}
		delay := t.Next(at).Sub(at)
		t = statemachine.Track[S]{}
		if err := json.Unmarshal(text, &t); err != nil {
			return err
		}
		if !sleepUntil(ctx, time.Now().Add(max(delay, time.Microsecond))) {
			return &statemachine.WaitError{Reason: statemachine.Canceled, Err: ctx.Err()}
		}
	}
}

// within makes one call, in a bounded time.
func within[S any](ctx context.Context, timeout time.Duration, get func(context.Context) (S, error)) (S, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return get(ctx)
}
