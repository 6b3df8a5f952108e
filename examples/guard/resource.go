package main

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// checksAfterChange is how often settings are checked after they may have changed. Each check is at
// another read of the watch, because the first one can be a stale read.
const checksAfterChange = 2

// resource is a guarded resource, and what the guard knows about it.
type resource struct {
	name    string
	target  string                  // the state that it should have
	settles func(state string) bool // whether it gets to the target without a repair

	// watch yields a summary of the resource when it has changed. An error ends the watch.
	watch func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[string, error]

	// ensure repairs the resource, and returns the accepted operations.
	ensure func(ctx context.Context) ([]statemachine.Operation, error)

	mu     sync.Mutex // guards the fields below
	state  string     // the last one read
	logged string     // the last summary logged

	unread        bool // the last read failed
	watchFailures int  // consecutive

	repair struct {
		running  bool      // a repair is in progress
		checks   int       // of the settings that are left: they may be wrong even in the target state
		streak   int       // consecutive repairs
		last     time.Time // the last repair
		failures int       // consecutive
		next     time.Time // not repaired before
	}

	changes, repairs, failures int // for the summary
}

// needsRepair reports whether the resource has to be repaired, or its settings have to be checked.
func (r *resource) needsRepair() bool {
	if r.state == r.target {
		return r.repair.checks > 0
	}
	return !r.settles(r.state)
}

// handleRead handles a read of a watch. It repairs a wrong state even if the previous read showed
// the same: another actor may have undone a repair between the two.
func (g *guard) handleRead(ctx context.Context, r *resource, read statemachine.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if read.Err != nil {
		if !r.unread && ctx.Err() == nil {
			g.log.Warn("read failed", "resource", r.name, "error", read.Err)
		}
		r.unread = true
		return
	}
	r.state, r.unread, r.watchFailures = read.State, false, 0
	g.repairIfNeeded(ctx, r)
}

// handleChange logs a change. It checks the settings even in the target state, because a summary
// has more than the state.
func (g *guard) handleChange(ctx context.Context, r *resource, summary string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	level := slog.LevelInfo
	if !r.settles(r.state) {
		level = slog.LevelWarn
	}
	g.log.Log(ctx, level, "state changed", "resource", r.name, "from", r.logged, "to", summary)
	if r.logged != "" { // the first summary was already checked
		r.changes++
		r.repair.checks = checksAfterChange
	}
	r.logged = summary
	g.repairIfNeeded(ctx, r)
}

// handleWatchFailure handles the end of a watch and returns how long to wait before the next one.
func (g *guard) handleWatchFailure(r *resource, err error) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures++
	r.watchFailures++
	r.logged, r.repair.checks = "", checksAfterChange
	delay := g.settings.backoff(r.watchFailures)
	g.log.Error("watch failed", "resource", r.name, "error", err, "retry_in", delay)
	return delay
}
