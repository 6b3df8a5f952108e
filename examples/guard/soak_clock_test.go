package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// clock is a wall clock that steps. Instants within one process are monotonic, so steps do not
// affect the guard. They can affect a wait that is stored as a Track in JSON between its reads, so
// such waits use this clock.
type clock struct {
	steps   []time.Duration // at the next reads; most are zero
	skew    time.Duration
	stepped func(kind string)
}

// How far a clock steps: forward less than what a stale read leaves of keptGrace, backward any
// time.
const (
	keptGrace = 3 * time.Minute
	mostForth = 50 * time.Second
	mostBack  = 40 * time.Minute
)

// newClock returns a clock with up to two steps in each direction.
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

// forth returns the sum of the steps forward.
func (c *clock) forth() (d time.Duration) {
	for _, s := range c.steps {
		d += max(s, 0)
	}
	return d
}

// back returns the sum of the steps backward.
func (c *clock) back() (d time.Duration) {
	for _, s := range c.steps {
		d += max(-s, 0)
	}
	return d
}

// now returns the time of the clock, without a monotonic reading.
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

// carry waits with a Track that goes through JSON between any two reads.
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
				kind = statemachine.Unavailable // the call timed out
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
		if assert.Sleep(ctx, max(delay, time.Microsecond)) != nil {
			return &statemachine.WaitError{Reason: statemachine.Canceled, Err: ctx.Err()}
		}
	}
}

// within makes one call with a timeout.
func within[S any](ctx context.Context, timeout time.Duration, get func(context.Context) (S, error)) (S, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return get(ctx)
}
