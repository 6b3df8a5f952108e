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
	things map[string]*thing // by name

	// watch yields each of the named resources as it is, in words for the log, whenever something is new about it, and tells onRead of
	// every read. An error ends the watch of that one resource.
	watch func(ctx context.Context, names []string, onRead func(statemachine.Reading)) iter.Seq2[string, sight]
}

type sight struct {
	text string
	err  error
}

// guard keeps resources as they should be, until it is told to stop. It has a goroutine or two for each source, and one for each resource that
// is being put back.
type guard struct {
	rules   rules
	log     *slog.Logger
	sources []*source

	mu   sync.Mutex // of what is known of all things
	work sync.WaitGroup
}

// run guards until ctx ends. When it returns, nothing of it is left running.
func (g *guard) run(ctx context.Context) {
	for _, s := range g.sources {
		g.work.Go(func() {
			for ctx.Err() == nil {
				g.watch(ctx, s)
			}
		})
	}
	g.work.Wait()
}

// watch watches the resources of a source, those left alone that could not be watched, until one of them is to be tried again.
func (g *guard) watch(ctx context.Context, s *source) {
	names, next := g.due(s, time.Now())
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
	onRead := func(r statemachine.Reading) { g.read(ctx, s.things[r.Resource], r) }
	for name, seen := range s.watch(round, names, onRead) {
		t := s.things[name]
		switch {
		case round.Err() != nil: // it ended by our own doing
			return
		case seen.err == nil:
			g.changed(ctx, t, seen.text)
		default:
			if again := g.lost(t, seen.err, time.Now()); next.IsZero() || again.Before(next) {
				next = again
				timer.Reset(time.Until(next))
			}
		}
	}
}

// due lists what is to be watched now, and says when there will be more; zero: never. What comes due soon is taken along: a fault that hit many at
// once is over for all of them at once, and each new round reads all.
func (g *guard) due(s *source, now time.Time) (names []string, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, t := range s.things {
		switch {
		case !t.unwatched.After(now.Add(g.rules.first / 2)):
			names = append(names, name)
		case next.IsZero() || t.unwatched.Before(next):
			next = t.unwatched
		}
	}
	slices.Sort(names)
	return names, next
}

// read takes note of a read, and has the resource put back if it shows another state than it should, even one that was shown before: the guard
// may just have mended it, and somebody undone that between two reads.
func (g *guard) read(ctx context.Context, t *thing, r statemachine.Reading) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.Err != nil {
		if !t.deaf && ctx.Err() == nil {
			g.log.Warn("a read failed", "resource", t.name, "error", r.Err)
		}
		t.deaf = true
		return
	}
	t.state, t.deaf, t.losses = r.State, false, 0
	g.consider(ctx, t)
}

// changed logs a change. Not all that matters is in the state: it is looked at again even if that is as it should be.
func (g *guard) changed(ctx context.Context, t *thing, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if text == t.text { // the watch began anew
		return
	}
	level := slog.LevelInfo
	if !t.well() && !t.onWay(t.state) {
		level = slog.LevelWarn
	}
	g.log.Log(ctx, level, "seen", "resource", t.name, "was", t.text, "is", text)
	if t.text != "" { // the first sight is looked at already
		t.sum.changes++
		t.doubt = true
	}
	t.text = text
	g.consider(ctx, t)
}

// lost takes note that a resource cannot be watched, and says when it is to be tried again.
func (g *guard) lost(t *thing, err error, now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.losses++
	t.sum.failures++
	t.text, t.doubt = "", true
	pause := g.rules.pause(t.losses)
	t.unwatched = now.Add(pause)
	g.log.Error("cannot be watched", "resource", t.name, "error", err, "again_in", pause)
	return t.unwatched
}
