package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// repairIfNeeded starts a repair if the resource needs one and is not backing off. The caller holds
// r.mu.
func (g *guard) repairIfNeeded(ctx context.Context, r *resource) {
	if ctx.Err() != nil || r.repair.running || time.Now().Before(r.repair.next) || !r.needsRepair() {
		return
	}
	r.repair.running, r.repair.checks = true, max(r.repair.checks-1, 0)
	g.wg.Go(func() {
		operations, err := r.ensure(ctx)
		g.handleRepair(ctx, r, operations, err)
	})
}

// handleRepair handles the result of a repair. The more often a resource was repaired in
// succession, the longer the guard waits until the next repair, instead of fighting another actor.
func (g *guard) handleRepair(ctx context.Context, r *resource, operations []statemachine.Operation, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
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
		delay = g.settings.backoff(r.repair.streak)
	}
	switch {
	case ctx.Err() != nil:
		if ran {
			log.Info("repair interrupted")
		}
		return
	case err != nil:
		r.failures++
		r.repair.failures++
		r.repair.checks = checksAfterChange
		delay = max(delay, g.settings.backoff(r.repair.failures))
		log.Error("repair failed", "error", err, "retry_in", delay)
	default:
		r.repair.failures = 0
		if ran {
			log.Info("repaired")
		}
	}
	r.repair.next = time.Now().Add(delay)
	if ran && r.repair.streak >= g.settings.alertAfter {
		log.Error("resource repeatedly changed by another actor", "repairs", r.repair.streak, "retry_in", delay)
	}
}
