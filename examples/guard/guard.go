package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// guard keeps resources in their target states. It has two goroutines per source and one per repair
// in progress.
type guard struct {
	settings settings
	log      *slog.Logger
	sources  []*source
	records  []*recording

	mu sync.Mutex // guards the resources
	wg sync.WaitGroup
}

// run guards the resources until ctx ends, and waits for its goroutines.
func (g *guard) run(ctx context.Context) {
	for _, s := range g.sources {
		g.wg.Go(func() {
			for ctx.Err() == nil {
				g.watch(ctx, s)
			}
		})
	}
	for _, r := range g.records {
		g.wg.Go(func() { r.run(ctx) })
	}
	g.wg.Wait()
}

// watch watches the resources of a source that are not backing off, until another one is due.
func (g *guard) watch(ctx context.Context, s *source) {
	names, next := g.due(s, time.Now())
	round, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(time.Until(next), cancel)
	defer timer.Stop()
	if len(names) == 0 {
		<-round.Done()
		return
	}
	onProgress := func(p statemachine.Progress) {
		if p.Type == statemachine.ProgressRead {
			g.handleRead(ctx, s, p)
		}
	}
	s.watch(round, names, onProgress, func(name, summary string, err error) {
		switch r := s.resources[name]; {
		case round.Err() != nil: // the error is the end of the round
		case err == nil:
			g.handleChange(ctx, s, r, summary)
		default:
			if again := g.handleWatchFailure(r, err); again.Before(next) {
				next = again
				timer.Reset(time.Until(next))
			}
		}
	})
}

// due returns the resources to watch now, and when the next one is due. A resource that is due soon
// is included: a new round reads all resources, and a failure often ends for all at once.
func (g *guard) due(s *source, now time.Time) (names []string, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	next = now.Add(math.MaxInt64) // never
	for name, r := range s.resources {
		switch {
		case !r.watch.until.After(now.Add(g.settings.minBackoff / 2)):
			names = append(names, name)
		case r.watch.until.Before(next):
			next = r.watch.until
		}
	}
	slices.Sort(names)
	return names, next
}

// summarize writes a table of the resources.
func (g *guard) summarize(w io.Writer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[string]*resource{}
	for _, s := range g.sources {
		maps.Copy(all, s.resources)
	}
	table := cli.Table{Keys: 1, Rows: [][]string{{"resource", "last state", "changes", "repairs", "failures"}}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		table.Add(cli.Short(r.name), cmp.Or(r.watch.state, "-"), r.changes, r.repairs, r.failures)
	}
	fmt.Fprintln(w)
	table.Write(cli.NewScreen(w))
}
