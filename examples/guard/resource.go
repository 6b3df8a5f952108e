package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// resource is a resource, how it should be, and what the guard knows of it.
type resource struct {
	name     string
	target   string                                                  // the state it should be in
	settling func(state string) bool                                 // the service brings it there by itself, or is in a state that nobody knows
	ensure   func(context.Context) ([]statemachine.Operation, error) // brings it there, and tells what it ran

	state       string // as it was read last
	lastLogged  string // as it was logged last
	recheck     bool   // whether it is as it should be is not in the state alone, and has to be looked at
	repairing   bool   // it is being put back
	readFailing bool   // the last read failed

	watchFailures int       // watches in a row that ended with an error
	watchAgainAt  time.Time // until when it is not watched, after that

	repairFailures     int       // put-backs in a row that failed
	consecutiveRepairs int       // put-backs in a row
	lastRepair         time.Time // the last one
	backoffUntil       time.Time // until when it is left alone

	stats counts
}

// counts are for the summary.
type counts struct{ changes, repairs, failures int }

func (t *resource) inTarget() bool { return t.state == t.target }

// repairIfNeeded has a resource put back, if that is needed and its time has come. The caller holds the lock.
func (g *guard) repairIfNeeded(ctx context.Context, t *resource) {
	switch {
	case ctx.Err() != nil, t.repairing, time.Now().Before(t.backoffUntil):
	case t.inTarget() && !t.recheck:
	case !t.inTarget() && t.settling(t.state):
	default:
		t.repairing, t.recheck = true, false
		g.wg.Go(func() {
			ran, err := t.ensure(ctx)
			g.mu.Lock()
			defer g.mu.Unlock()
			t.repairing = false
			g.repaired(ctx, t, ran, err)
		})
	}
}

// repaired takes note of what came of a put-back. The rule against a rival is here: the more often in a row a resource has to be put back, the
// longer it is left alone afterwards.
func (g *guard) repaired(ctx context.Context, t *resource, ran []statemachine.Operation, err error) {
	now := time.Now()
	var pause time.Duration
	if len(ran) > 0 {
		if now.Sub(t.lastRepair) > g.rules.resetAfter() {
			t.consecutiveRepairs = 0
		}
		t.consecutiveRepairs++
		t.stats.repairs++
		t.lastRepair = now
		pause = g.rules.delay(t.consecutiveRepairs)
	}
	switch {
	case ctx.Err() != nil:
		if len(ran) > 0 {
			g.log.Info("interrupted while it was put back", "resource", t.name, "ran", ran)
		}
		return
	case err == nil:
		t.repairFailures = 0
		if len(ran) > 0 {
			g.log.Info("put back", "resource", t.name, "ran", ran)
		}
	default:
		t.repairFailures++
		t.stats.failures++
		t.recheck = true
		pause = max(pause, g.rules.delay(t.repairFailures))
		g.log.Error("could not be put back", "resource", t.name, "ran", ran, "error", err, "again_in", pause)
	}
	t.backoffUntil = now.Add(pause)
	if len(ran) > 0 && t.consecutiveRepairs >= g.rules.alertAfter {
		g.log.Error("SOMEBODY KEEPS SWITCHING IT OFF: find out who, and which of you is right",
			"resource", t.name, "put_back_in_a_row", t.consecutiveRepairs, "left_alone_for", pause)
	}
}
