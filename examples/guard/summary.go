package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// summarize tells what became of each resource.
func (g *guard) summarize(w io.Writer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []*resource
	for _, s := range g.sources {
		for _, t := range s.resources {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b *resource) int { return cmp.Compare(a.name, b.name) })
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "\nresource\tseen last\tchanges\tput back\tfailures\t")
	for _, t := range all {
		fmt.Fprintf(tab, "%s\t%s\t%d\t%d\t%d\t\n", t.name, cmp.Or(t.state, "-"), t.stats.changes, t.stats.repairs, t.stats.failures)
	}
	_ = tab.Flush()
}
