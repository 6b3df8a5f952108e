package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// checksAfterChange is how often settings are checked after they may have changed. Each check is at
// another read of the watch, because the first one can be a stale read.
const checksAfterChange = 2

// resource is a guarded resource: the state that it should have, and what the guard knows about it.
type resource struct {
	name    string
	target  string                  // the state that it should have
	settles func(state string) bool // whether it gets to the target without a repair

	watch struct {
		backoff        // after watches that failed
		state   string // the last one read
		logged  string // the last summary logged
		failing bool   // the last read failed
	}
	repair struct {
		backoff           // after repairs, successful or not
		running bool      // a repair is in progress
		checks  int       // of the settings that are left: they may be wrong even in the target state
		streak  int       // consecutive repairs
		last    time.Time // the last repair
	}

	changes, repairs, failures int // for the summary
}

// needsRepair reports whether the resource has to be repaired, or its settings have to be checked.
func (r *resource) needsRepair() bool {
	if r.watch.state == r.target {
		return r.repair.checks > 0
	}
	return !r.settles(r.watch.state)
}

// handleRead handles a read of a watch. It repairs a wrong state even if the previous read showed
// the same: another actor may have undone a repair between the two.
func (g *guard) handleRead(ctx context.Context, s *source, read statemachine.Progress) {
	r := s.resources[read.Resource]
	g.mu.Lock()
	defer g.mu.Unlock()
	if read.Err != nil {
		if !r.watch.failing && ctx.Err() == nil {
			g.log.Warn("read failed", "resource", r.name, "error", read.Err)
		}
		r.watch.failing = true
		return
	}
	r.watch.state, r.watch.failing, r.watch.failures = read.State, false, 0
	g.repairIfNeeded(ctx, s, r)
}

// handleChange logs a change. It checks the settings even in the target state, because a summary
// has more than the state.
func (g *guard) handleChange(ctx context.Context, s *source, r *resource, summary string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if summary == r.watch.logged { // the watch was restarted
		return
	}
	level := slog.LevelInfo
	if !r.settles(r.watch.state) {
		level = slog.LevelWarn
	}
	g.log.Log(ctx, level, "state changed", "resource", r.name, "from", r.watch.logged, "to", summary)
	if r.watch.logged != "" { // the first summary was already checked
		r.changes++
		r.repair.checks = checksAfterChange
	}
	r.watch.logged = summary
	g.repairIfNeeded(ctx, s, r)
}

// handleWatchFailure handles the end of a watch and returns when to start it again.
func (g *guard) handleWatchFailure(r *resource, err error) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.failures++
	r.watch.logged, r.repair.checks = "", checksAfterChange
	delay := r.watch.fail(g.settings, 0)
	g.log.Error("watch failed", "resource", r.name, "error", err, "retry_in", delay)
	return r.watch.until
}
