package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// thing is a resource, how it should be, and what the guard knows of it.
type thing struct {
	name   string
	target string                                                  // the state it should be in
	onWay  func(state string) bool                                 // the service brings it there by itself, or is in a state that nobody knows
	ensure func(context.Context) ([]statemachine.Operation, error) // brings it there, and tells what it ran

	state string // as it was read last
	text  string // as it was logged last
	doubt bool   // whether it is as it should be is not in the state alone, and has to be looked at
	busy  bool   // it is being put back
	deaf  bool   // the last read failed

	losses    int       // watches in a row that ended with an error
	unwatched time.Time // until when it is not watched, after that

	failures int       // put-backs in a row that failed
	inRow    int       // put-backs in a row
	last     time.Time // the last one
	alone    time.Time // until when it is left alone

	sum counts
}

// counts are for the summary.
type counts struct{ changes, putBacks, failures int }

func (t *thing) well() bool { return t.state == t.target }

// consider has a resource put back, if that is needed and its time has come. The caller holds the lock.
func (g *guard) consider(ctx context.Context, t *thing) {
	switch {
	case ctx.Err() != nil, t.busy, time.Now().Before(t.alone):
	case t.well() && !t.doubt:
	case !t.well() && t.onWay(t.state):
	default:
		t.busy, t.doubt = true, false
		g.work.Go(func() {
			ran, err := t.ensure(ctx)
			g.mu.Lock()
			defer g.mu.Unlock()
			t.busy = false
			g.done(ctx, t, ran, err)
		})
	}
}

// done takes note of what came of a put-back. The rule against a rival is here: the more often in a row a resource has to be put back, the
// longer it is left alone afterwards.
func (g *guard) done(ctx context.Context, t *thing, ran []statemachine.Operation, err error) {
	now := time.Now()
	var pause time.Duration
	if len(ran) > 0 {
		if now.Sub(t.last) > g.rules.forgotten() {
			t.inRow = 0
		}
		t.inRow++
		t.sum.putBacks++
		t.last = now
		pause = g.rules.pause(t.inRow)
	}
	switch {
	case ctx.Err() != nil:
		if len(ran) > 0 {
			g.log.Info("interrupted while it was put back", "resource", t.name, "ran", ran)
		}
		return
	case err == nil:
		t.failures = 0
		if len(ran) > 0 {
			g.log.Info("put back", "resource", t.name, "ran", ran)
		}
	default:
		t.failures++
		t.sum.failures++
		t.doubt = true
		pause = max(pause, g.rules.pause(t.failures))
		g.log.Error("could not be put back", "resource", t.name, "ran", ran, "error", err, "again_in", pause)
	}
	t.alone = now.Add(pause)
	if len(ran) > 0 && t.inRow >= g.rules.loud {
		g.log.Error("SOMEBODY KEEPS SWITCHING IT OFF: find out who, and which of you is right",
			"resource", t.name, "put_back_in_a_row", t.inRow, "left_alone_for", pause)
	}
}
