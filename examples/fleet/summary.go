package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// summarize writes the results of each group, the failures by reason, and up to each messages per
// reason (zero: all).
func summarize(w *cli.Screen, groups []*group, each int) {
	sum := count("total", "", groups...)
	kinds := slices.Sorted(maps.Keys(sum.failures))
	results := cli.Table{Keys: 2, Rows: [][]string{{"account", "Region", "already", "started", "failed", "unfinished", "reads", "commands", "mean"}}}
	failures := cli.Table{Keys: 2, Rows: [][]string{append([]string{"account", "Region"}, kinds...)}}
	add := func(c counts) {
		results.Add(c.account, c.region, c.already, c.started, c.failed, c.unfinished, c.reads, c.commands, c.mean())
		row := []any{c.account, c.region}
		for _, kind := range kinds {
			if n := c.failures[kind]; n > 0 {
				row = append(row, n)
			} else {
				row = append(row, "-")
			}
		}
		failures.Add(row...)
	}
	for _, g := range groups {
		add(count(g.account, g.region, g))
	}
	add(sum)
	if sum.unfinished == 0 {
		for i, row := range results.Rows {
			results.Rows[i] = slices.Delete(row, 5, 6)
		}
	}
	fmt.Fprintln(w)
	results.Write(w)
	if sum.unfinished > 0 {
		fmt.Fprintln(w)
		w.Println(fmt.Sprintf("%d are not ready; %d of them continue, because their command was accepted.", sum.unfinished, sum.commanded), 0)
	}
	if sum.failed == 0 {
		return
	}
	fmt.Fprintln(w)
	failures.Write(w)
	for _, kind := range kinds {
		fmt.Fprintf(w, "\n%s:\n", w.Paint(cli.Red, kind))
		shown := 0
		for _, g := range groups {
			for _, r := range g.results {
				if r.reason() == kind && (each == 0 || shown < each) {
					w.Println(fmt.Sprintf("  %v", r.err), 4)
					shown++
				}
			}
		}
		if more := sum.failures[kind] - shown; more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
}
