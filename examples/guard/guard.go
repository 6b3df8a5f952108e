package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// source watches resources together.
type source struct {
	resources map[string]*resource // by name

	// watch yields a resource when it has changed, and calls onProgress. An error ends
	// the watch of that resource.
	watch func(ctx context.Context, names []string, onProgress func(statemachine.Progress)) iter.Seq2[string, observation]

	// ensure repairs resources, and yields each when it is repaired or cannot be.
	ensure func(ctx context.Context, names []string) iter.Seq2[string, repaired]

	pending []string // resources to repair together; guarded by the mu of the guard
}

// repaired is the result of a repair: the accepted operations and, if it failed, the error.
type repaired struct {
	operations []statemachine.Operation
	err        error
}

// observation is a resource as read by a watch, summarized for the log, or the error of the watch.
type observation struct {
	summary string
	err     error
}

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
	onProgress := func(p statemachine.Progress) {
		if p.Type == statemachine.ProgressRead {
			g.handleRead(ctx, s, p)
		}
	}
	for name, o := range s.watch(round, names, onProgress) {
		switch r := s.resources[name]; {
		case round.Err() != nil: // the error is the end of the round
			return
		case o.err == nil:
			g.handleChange(ctx, s, r, o.summary)
		default:
			if again := g.handleWatchFailure(r, o.err); next.IsZero() || again.Before(next) {
				next = again
				timer.Reset(time.Until(next))
			}
		}
	}
}

// due returns the resources to watch now, and when the next one is due (zero: never). A resource
// that is due soon is included: a new round reads all resources, and a failure often ends for all
// at once.
func (g *guard) due(s *source, now time.Time) (names []string, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, r := range s.resources {
		switch {
		case !r.watch.until.After(now.Add(g.settings.minBackoff / 2)):
			names = append(names, name)
		case next.IsZero() || r.watch.until.Before(next):
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
	var all []*resource
	for _, s := range g.sources {
		for _, r := range s.resources {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *resource) int { return cmp.Compare(a.name, b.name) })
	table := cli.Table{Keys: 1, Rows: [][]string{{"resource", "last state", "changes", "repairs", "failures"}}}
	for _, r := range all {
		table.Rows = append(table.Rows, []string{
			cli.Short(r.name), cmp.Or(r.watch.state, "-"), strconv.Itoa(r.changes), strconv.Itoa(r.repairs), strconv.Itoa(r.failures),
		})
	}
	fmt.Fprintln(w)
	table.Write(cli.NewScreen(w))
}
