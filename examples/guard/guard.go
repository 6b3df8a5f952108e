package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// guard keeps resources in their target states. It has a goroutine for each resource, for each
// recording and for each repair in progress. The clients keep all their calls under the quotas, and
// that of RDS reads many databases with one request.
type guard struct {
	settings  settings
	log       *slog.Logger
	resources []*resource
	records   []*recording

	wg sync.WaitGroup
}

// run guards the resources until ctx ends, and waits for its goroutines.
func (g *guard) run(ctx context.Context) {
	for _, r := range g.resources {
		g.wg.Go(func() { g.watch(ctx, r) })
	}
	for _, r := range g.records {
		g.wg.Go(func() { r.run(ctx) })
	}
	g.wg.Wait()
}

// watch watches a resource until ctx ends. A watch that failed begins again after a backoff.
func (g *guard) watch(ctx context.Context, r *resource) {
	onProgress := func(p statemachine.Progress) {
		if p.Type == statemachine.ProgressRead {
			g.handleRead(ctx, r, p)
		}
	}
	for ctx.Err() == nil {
		for summary, err := range r.watch(ctx, onProgress) {
			if err == nil {
				g.handleChange(ctx, r, summary)
			} else if ctx.Err() == nil {
				sleep(ctx, g.handleWatchFailure(r, err))
			}
		}
	}
}

// sleep waits until a delay is over or ctx ends.
func sleep(ctx context.Context, delay time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(delay):
	}
}

// summarize writes a table of the resources, which are no longer guarded.
func (g *guard) summarize(w io.Writer) {
	table := cli.Table{Keys: 1, Rows: [][]string{{"resource", "last state", "changes", "repairs", "failures"}}}
	slices.SortFunc(g.resources, func(a, b *resource) int { return strings.Compare(a.name, b.name) })
	for _, r := range g.resources {
		table.Add(cli.Short(r.name), cmp.Or(r.state, "-"), r.changes, r.repairs, r.failures)
	}
	fmt.Fprintln(w)
	table.Write(cli.NewScreen(w))
}
