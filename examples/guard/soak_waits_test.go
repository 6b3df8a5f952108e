package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// patience is how long the target can last without faults before a timeout is wrong.
const patience = 15 * time.Minute

// wait runs one wait or Ensure method and judges its result.
func (w *soak) wait(ctx context.Context, s *subject, sort string, v verdict, run func(context.Context, *verdict)) {
	v.begin = time.Now()
	run(calls(ctx, sort+s.name), &v)
	w.judge(ctx, s, sort, v)
}

// judge judges the result of a wait or Ensure method that ends now.
func (w *soak) judge(ctx context.Context, s *subject, sort string, v verdict) {
	v.end, v.patience = time.Now(), patience
	w.tally.add("waits", sort)
	w.tally.add("verdicts", sort+": "+v.word())
	f := &facts{
		table: s.table, life: s.history(), denied: w.wasDenied(s, v.begin, v.end), ended: ctx.Err() != nil,
		stormy: s.service.stormy(v.end.Add(-patience), v.end),
	}
	if v.ensure {
		w.mu.Lock()
		f.drifted = s.settings.was(rivals, v.end.Add(-stale), v.end)
		if v.word() == "refused: "+string(statemachine.Drifted) {
			s.reports = append(s.reports, v.end)
		}
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

// wasDenied reports whether access was denied shortly before the end, for a call that named the
// resource, none, or several.
func (w *soak) wasDenied(s *subject, begin, end time.Time) bool {
	domain, _, _ := strings.Cut(s.name, "/")
	for _, named := range []string{s.arn, domain, ""} {
		if at, ok := w.denials.Load(named); ok && !at.(time.Time).Before(begin) && !at.(time.Time).Before(end.Add(-readTimeout-time.Second)) {
			return true
		}
	}
	return false
}

// since formats the history from an instant on.
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
func (w *soak) seen(r statemachine.Progress) {
	if r.Type != statemachine.ProgressRead {
		return
	}
	s, now := w.byName[r.Resource], time.Now()
	switch {
	case errors.Is(r.Err, statemachine.NotFound):
		if !s.history().was(gone, now.Add(-stale), now) {
			w.blame(s, fmt.Sprintf("at %s it is reported as not found: %v", now.Format(time.DateTime), r.Err))
		}
	case r.Err != nil:
		w.tally.add("reads", "failed")
		return
	case r.State == s.truth():
	case s.history().was(r.State, now.Add(-stale), now):
		w.tally.add("reads", "stale")
	default:
		w.blame(s, fmt.Sprintf("at %s it is read as %q; truth:%s", now.Format(time.DateTime), r.State, s.history().since(now.Add(-2*stale))))
	}
	w.tally.add("reads", "succeeded")
}

// noted records a successful read of the guard's watches.
func (w *soak) noted(r statemachine.Progress) {
	if r.Type == statemachine.ProgressRead && r.Err == nil {
		s := w.byName[r.Resource]
		w.mu.Lock()
		defer w.mu.Unlock()
		s.read = time.Now()
	}
}

// lost judges the failure of a watch.
func (w *soak) lost(s *subject, err error) {
	now := time.Now()
	v := verdict{begin: now.Add(-time.Hour), end: now, most: time.Hour, least: 2 * time.Hour, err: err}
	w.tally.add("waits", "failed watch")
	right := map[string]bool{
		string(statemachine.Gone):       s.history().was(gone, now.Add(-stale), now),
		string(statemachine.ReadFailed): w.wasDenied(s, v.begin, now),
	}
	if !right[v.word()] {
		w.blame(s, fmt.Sprintf("at %s its watch ended: %v; truth:%s", now.Format(time.DateTime), err, s.history().since(now.Add(-2*stale))))
	}
}

// ordered records a command that reached a service.
func (w *soak) ordered(c activitystreamtest.Call, fate string) {
	w.tally.add("commands", "sent")
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.byName[c.Resource]
	s.orders = append(s.orders, order{op: c.Operation, at: c.At, fate: fate})
}

// accepted records that a command was executed.
func (w *soak) accepted(c activitystreamtest.Call) {
	w.tally.add("commands", "executed")
	w.mu.Lock()
	defer w.mu.Unlock()
	orders := w.byName[c.Resource].orders
	for i := range orders {
		if orders[i].at.Equal(c.At) {
			orders[i].accepted = true
		}
	}
}

// blame records something wrong.
func (w *soak) blame(s *subject, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, s.name+": "+what)
}
