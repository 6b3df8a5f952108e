package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// event is a change of a resource, which happens only in some of its states.
type event struct {
	at   time.Time
	what string
	can  func() bool
	do   func()
}

func always() bool { return true }

// weather plans the storms.
func (w *soak) weather() {
	for _, s := range w.services {
		r := w.dice.about(w.began, "storms", s.name)
		for at := w.began.Add(between(r, w.stormEvery/2, w.stormEvery)); at.Before(w.calm); at = at.Add(between(r, w.stormEvery/2, 3*w.stormEvery/2)) {
			s.storms = append(s.storms, storm{from: at, to: at.Add(between(r, 2*time.Minute, 40*time.Minute)), what: storms[len(s.storms)%len(storms)]})
			w.tally.add("faults", outOfOrder)
		}
	}
}

// fortunes plans what happens to one resource.
func (w *soak) fortunes(s *subject) {
	r := w.dice.about(w.began, "fortunes", s.name)
	at := w.began.Add(5*time.Minute + between(r, 0, w.eventEvery))
	for {
		story := w.story(r, s, at)
		at = story[len(story)-1].at
		if !at.Before(w.calm) {
			return
		}
		w.happens = append(w.happens, story...)
		at = at.Add(between(r, w.eventEvery/10, 2*w.eventEvery))
	}
}

// story returns one incident of a resource, from its first event to its last.
func (w *soak) story(r *rand.Rand, s *subject, at time.Time) []event {
	in := func(state string) func() bool { return func() bool { return s.truth() == state } }
	atTarget, off := in(s.target), in(s.other)
	h := &s.hands
	done := false // the first event happened, so the later ones may
	was := func() bool { return done }
	doing := func(do func()) func() {
		return func() {
			done = true
			do()
		}
	}
	var story []event
	switch c := r.IntN(20); {
	case c < 6:
		story = append(story, event{at, "stopped by another actor", atTarget, h.stop})
	case c < 12 && (c < 9 || h.rollBack == nil):
		story = append(story, event{at, "lapsed", atTarget, doing(h.lapse)})
		if h.unblock != nil {
			story = append(story, event{at.Add(between(r, 2*time.Minute, 3*time.Hour)), "deleted after it lapsed", was, h.unblock})
		}
	case c < 12:
		story = append(story, event{at, "start rolled back", atTarget, h.rollBack})
	case c < 15:
		story = append(story, event{at, "stopped by another actor", atTarget, h.stop},
			event{at.Add(between(r, 5*time.Second, 5*time.Minute)), "started by another actor", off, h.help})
	case c == 15 && h.configure != nil:
		configure := func(whose string) func() {
			return doing(func() {
				h.configure(whose)
				w.mu.Lock()
				s.settings = append(s.settings, moment{time.Now(), whose})
				w.mu.Unlock()
			})
		}
		story = append(story, event{at, "configured by a rival", atTarget, configure(rivals)},
			event{at.Add(between(r, time.Minute, 2*w.longest())), "configured as before", was, configure(ours)})
	case c < 17:
		story = append(story, event{at, "deleted", atTarget, doing(h.remove)},
			event{at.Add(between(r, 2*time.Minute, 3*time.Hour)), "recreated by another actor", was, h.restore})
	default:
		for range 3 + r.IntN(4) {
			story = append(story, event{at, "stopped by a rival", atTarget, h.stop})
			at = at.Add(between(r, 2*time.Minute, 40*time.Minute))
		}
	}
	if r.IntN(2) == 0 {
		story = slices.Insert(story, 1, w.bystander(r, s, story[0].at))
		slices.SortStableFunc(story, func(a, b event) int { return a.at.Compare(b.at) })
	}
	return story
}

// bystander returns an event in which another actor waits for a resource after something has
// happened to it: with a call of the library, or with a Track that is stored between its reads and
// timed by a clock that steps.
func (w *soak) bystander(r *rand.Rand, s *subject, after time.Time) event {
	at, maxWait := after.Add(between(r, time.Second, 2*time.Minute)), between(r, time.Minute, 100*time.Minute)
	target := s.target
	if r.IntN(3) == 0 {
		target = s.other
	}
	v := verdict{target: target, least: maxWait, most: maxWait}
	if r.IntN(2) == 0 {
		return event{at, "another actor waits", always, func() {
			w.waiting.Go(func() {
				w.wait(w.ctx, s, "wait", v, func(ctx context.Context, v *verdict) { v.err = s.wait(ctx, target, maxWait) })
			})
		}}
	}
	c := newClock(r)
	v.least, v.most = maxWait-c.forth(), maxWait+c.back()
	return event{at, "another actor stores a wait", always, func() {
		w.waiting.Go(func() {
			w.wait(w.ctx, s, "stored wait", v, func(ctx context.Context, v *verdict) {
				c.stepped = func(kind string) { w.tally.add("faults", kind) }
				v.err = s.stored(ctx, target, maxWait, c)
			})
		})
	}}
}

// blackout is a time at which everything that runs is stopped at once.
type blackout struct {
	at      time.Time
	stopped []*subject
}

// blackouts plans two blackouts. During each, the services throttle for minutes, and callers of
// other actors give up after 10 s and call again.
func (w *soak) blackouts() {
	for i := range 2 {
		r := w.dice.about(w.began, "blackout", fmt.Sprint(i))
		b := &blackout{at: w.began.Add(time.Duration(i+1)*w.calm.Sub(w.began)/3 + between(r, 0, time.Minute))}
		w.dark = append(w.dark, b)
		for _, s := range w.services {
			s.storms = append(s.storms, storm{from: b.at, to: b.at.Add(between(r, 2*time.Minute, 8*time.Minute)), what: throttled})
			w.tally.add("faults", outOfOrder)
		}
		w.happens = append(w.happens, event{b.at, "everything is stopped at once", always, func() {
			for _, s := range w.subjects {
				if s.truth() == s.target {
					b.stopped = append(b.stopped, s)
					s.hands.stop()
				}
			}
		}})
		for _, s := range w.subjects {
			at := b.at.Add(between(r, time.Second, 2*time.Minute))
			w.happens = append(w.happens, event{at, "another actor waits, gives up and waits again", always, func() {
				w.waiting.Go(func() { w.comeAgain(s) })
			}})
		}
	}
}

// comeAgain waits for the target of a resource several times, for 10 s each.
func (w *soak) comeAgain(s *subject) {
	for range 12 {
		ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
		w.wait(ctx, s, "short wait", verdict{target: s.target, least: time.Hour, most: time.Hour}, func(ctx context.Context, v *verdict) {
			v.err = s.wait(ctx, s.target, time.Hour)
		})
		cancel()
	}
}

// recovery says how long it took until everything that b stopped ran again.
func (b *blackout) recovery(began time.Time) string {
	var took []time.Duration
	for _, s := range b.stopped {
		for _, m := range s.history() {
			if m.at.After(b.at) && m.state == s.target {
				took = append(took, m.at.Sub(b.at))
				break
			}
		}
	}
	slices.Sort(took)
	text := fmt.Sprintf("after %s: %d of %d run again", b.at.Sub(began).Round(time.Second), len(took), len(b.stopped))
	if n := len(took); n > 0 {
		text += fmt.Sprintf(", half of them within %s, all within %s", took[n/2].Round(time.Second), took[n-1].Round(time.Second))
	}
	return text
}
