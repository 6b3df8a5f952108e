package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// gather is how long a repair waits for others that the same reads call for.
const gather = 10 * time.Millisecond

// repairIfNeeded starts a repair if the resource needs one and is not backing off. Resources of one
// source that need a repair at about the same time are repaired together, with one call of an Each
// method. The caller holds g.mu.
func (g *guard) repairIfNeeded(ctx context.Context, s *source, r *resource) {
	if ctx.Err() != nil || r.repair.running || time.Until(r.repair.until) > gather || !r.needsRepair() {
		return
	}
	r.repair.running, r.repair.checks = true, max(r.repair.checks-1, 0)
	if s.pending = append(s.pending, r.name); len(s.pending) == 1 {
		g.wg.Go(func() { g.repair(ctx, s) })
	}
}

// repair repairs the pending resources of a source.
func (g *guard) repair(ctx context.Context, s *source) {
	time.Sleep(gather)
	g.mu.Lock()
	names := s.pending
	s.pending = nil
	g.mu.Unlock()
	s.ensure(ctx, names, func(name string, accepted []statemachine.Operation, err error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.handleRepair(ctx, s.resources[name], accepted, err)
	})
}

// handleRepair handles the result of a repair. The more often a resource was repaired in
// succession, the longer the guard waits until the next repair, instead of fighting another actor.
func (g *guard) handleRepair(ctx context.Context, r *resource, operations []statemachine.Operation, err error) {
	r.repair.running = false
	log := g.log.With("resource", r.name)
	ran := len(operations) > 0
	var delay time.Duration
	if ran {
		log = log.With("operations", operations)
		r.repairs++
		if time.Since(r.repair.last) > g.settings.resetAfter() {
			r.repair.streak = 0
		}
		r.repair.streak++
		r.repair.last = time.Now()
		delay = g.settings.delay(r.repair.streak)
	}
	switch {
	case ctx.Err() != nil:
		if ran {
			log.Info("repair interrupted")
		}
		return
	case err != nil:
		r.failures++
		r.repair.checks = checksAfterChange
		delay = r.repair.fail(g.settings, delay)
		log.Error("repair failed", "error", err, "retry_in", delay)
	default:
		r.repair.succeed(delay)
		if ran {
			log.Info("repaired")
		}
	}
	if ran && r.repair.streak >= g.settings.alertAfter {
		log.Error("resource repeatedly changed by another actor", "repairs", r.repair.streak, "retry_in", delay)
	}
}
