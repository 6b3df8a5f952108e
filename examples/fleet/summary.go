package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// summarize writes the results of each group, the failures by reason, and at most so many messages
// for each reason. Zero for most means all.
func summarize(w *cli.Screen, groups []*group, most int) {
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
		w.Println(fmt.Sprintf("%s unfinished. RDS has accepted the start of %d.", cli.Plural(sum.unfinished, "database"), sum.commanded), 0)
	}
	if sum.failed == 0 {
		return
	}
	fmt.Fprintln(w)
	failures.Write(w)
	for _, kind := range kinds {
		listFailures(w, groups, kind, most)
	}
}

// listFailures writes the first messages of the failures for one reason, and how many others there
// are. Zero for most means all.
func listFailures(w *cli.Screen, groups []*group, reason string, most int) {
	fmt.Fprintf(w, "\n%s:\n", w.Paint(cli.Red, reason))
	shown, all := 0, 0
	for _, g := range groups {
		for _, r := range g.results {
			if r.reason() != reason {
				continue
			}
			if all++; most == 0 || shown < most {
				w.Println(fmt.Sprintf("  %v", r.err), 4)
				shown++
			}
		}
	}
	if more := all - shown; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}
