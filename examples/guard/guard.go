package main

import (
	"context"
	"iter"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// source is what watches resources together.
type source struct {
	resources map[string]*resource // by name

	// watch yields each of the named resources as it is, in words for the log, whenever something is new about it, and tells onRead of
	// every read. An error ends the watch of that one resource.
	watch func(ctx context.Context, names []string, onRead func(statemachine.Reading)) iter.Seq2[string, observation]
}

type observation struct {
	summary string
	err     error
}

// guard keeps resources as they should be, until it is told to stop. It has a goroutine or two for each source, and one for each resource that
// is being put back.
type guard struct {
	rules   backoff
	log     *slog.Logger
	sources []*source

	mu sync.Mutex // of what is known of all things
	wg sync.WaitGroup
}

// run guards until ctx ends. When it returns, nothing of it is left running.
func (g *guard) run(ctx context.Context) {
	for _, s := range g.sources {
		g.wg.Go(func() {
			for ctx.Err() == nil {
				g.watch(ctx, s)
			}
		})
	}
	g.wg.Wait()
}

// watch watches the resources of a source, those left alone that could not be watched, until one of them is to be tried again.
func (g *guard) watch(ctx context.Context, s *source) {
	names, next := g.dueNow(s, time.Now())
	round, cancel := context.WithCancel(ctx)
	defer cancel()
	wait := time.Duration(math.MaxInt64)
	if !next.IsZero() {
		wait = time.Until(next)
	}
	timer := time.AfterFunc(wait, cancel)
	defer timer.Stop()
	if len(names) == 0 {
		<-round.Done()
		return
	}
	onRead := func(r statemachine.Reading) { g.handleRead(ctx, s.resources[r.Resource], r) }
	for name, seen := range s.watch(round, names, onRead) {
		t := s.resources[name]
		switch {
		case round.Err() != nil: // it ended by our own doing
			return
		case seen.err == nil:
			g.logChange(ctx, t, seen.summary)
		default:
			if again := g.watchFailed(t, seen.err, time.Now()); next.IsZero() || again.Before(next) {
				next = again
				timer.Reset(time.Until(next))
			}
		}
	}
}

// dueNow lists what is to be watched now, and says when there will be more; zero: never. What comes due soon is taken along: a fault that hit many at
// once is over for all of them at once, and each new round reads all.
func (g *guard) dueNow(s *source, now time.Time) (names []string, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, t := range s.resources {
		switch {
		case !t.watchAgainAt.After(now.Add(g.rules.minBackoff / 2)):
			names = append(names, name)
		case next.IsZero() || t.watchAgainAt.Before(next):
			next = t.watchAgainAt
		}
	}
	slices.Sort(names)
	return names, next
}

// handleRead takes note of a read, and has the resource put back if it shows another state than it should, even one that was shown before: the guard
// may just have mended it, and somebody undone that between two reads.
func (g *guard) handleRead(ctx context.Context, t *resource, r statemachine.Reading) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.Err != nil {
		if !t.readFailing && ctx.Err() == nil {
			g.log.Warn("a read failed", "resource", t.name, "error", r.Err)
		}
		t.readFailing = true
		return
	}
	t.state, t.readFailing, t.watchFailures = r.State, false, 0
	g.repairIfNeeded(ctx, t)
}

// logChange logs a change. Not all that matters is in the state: it is looked at again even if that is as it should be.
func (g *guard) logChange(ctx context.Context, t *resource, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if text == t.lastLogged { // the watch began anew
		return
	}
	level := slog.LevelInfo
	if !t.inTarget() && !t.settling(t.state) {
		level = slog.LevelWarn
	}
	g.log.Log(ctx, level, "seen", "resource", t.name, "was", t.lastLogged, "is", text)
	if t.lastLogged != "" { // the first sight is looked at already
		t.stats.changes++
		t.recheck = true
	}
	t.lastLogged = text
	g.repairIfNeeded(ctx, t)
}

// watchFailed takes note that a resource cannot be watched, and says when it is to be tried again.
func (g *guard) watchFailed(t *resource, err error, now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.watchFailures++
	t.stats.failures++
	t.lastLogged, t.recheck = "", true
	pause := g.rules.delay(t.watchFailures)
	t.watchAgainAt = now.Add(pause)
	g.log.Error("cannot be watched", "resource", t.name, "error", err, "again_in", pause)
	return t.watchAgainAt
}
