package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// summarize writes the results of each group, the failures by reason, and up to each messages per
// reason (zero: all).
func summarize(w *cli.Screen, groups []*group, each int) {
	all := make([]counts, len(groups))
	var sum counts
	var failures []failure
	for i, g := range groups {
		c := g.tally.now()
		all[i] = c
		sum.add(c)
		failures = append(failures, g.tally.failed()...)
	}
	head := []string{"account", "Region", "already", "started", "failed", "reads", "commands", "mean"}
	if sum.unfinished > 0 {
		head = slices.Insert(head, openColumn, "unfinished")
	}
	t := cli.Table{Keys: 2, Rows: [][]string{head}}
	var reads, commands int
	for i, g := range groups {
		r, c := g.calls.sum()
		reads, commands = reads+r, commands+c
		t.Rows = append(t.Rows, all[i].row(g.account, g.region, r, c, sum.unfinished > 0))
	}
	t.Rows = append(t.Rows, sum.row("total", "", reads, commands, sum.unfinished > 0))
	fmt.Fprintln(w)
	t.Write(w)
	if sum.unfinished > 0 {
		fmt.Fprintln(w)
		w.Println(fmt.Sprintf("%d are not ready; %d of them continue, because their command was accepted.", sum.unfinished, sum.openCommanded), 0)
	}
	if sum.failed == 0 {
		return
	}
	kinds := slices.Sorted(maps.Keys(sum.failures))
	t = cli.Table{Keys: 2, Rows: [][]string{append([]string{"account", "Region"}, kinds...)}}
	for i, g := range groups {
		t.Rows = append(t.Rows, all[i].kinds(g.account, g.region, kinds))
	}
	t.Rows = append(t.Rows, sum.kinds("total", "", kinds))
	fmt.Fprintln(w)
	t.Write(w)
	for _, kind := range kinds {
		fmt.Fprintf(w, "\n%s:\n", w.Paint(cli.Red, kind))
		shown := 0
		for _, f := range failures {
			if f.reason == kind && (each == 0 || shown < each) {
				w.Println(fmt.Sprintf("  %v", f.err), 4)
				shown++
			}
		}
		if more := sum.failures[kind] - shown; more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
	}
}

// add adds the counts of another group.
func (c *counts) add(d counts) {
	c.already += d.already
	c.planned += d.planned
	c.restarts += d.restarts
	c.started += d.started
	c.failed += d.failed
	c.unfinished += d.unfinished
	c.openCommanded += d.openCommanded
	c.totalTime += d.totalTime
	for what, n := range d.failures {
		if c.failures == nil {
			c.failures = map[string]int{}
		}
		c.failures[what] += n
	}
}

// row returns the row of a group in the first table.
func (c *counts) row(account, region string, reads, commands int, open bool) []string {
	row := []string{account, region, strconv.Itoa(c.already), strconv.Itoa(c.started), strconv.Itoa(c.failed)}
	if open {
		row = append(row, strconv.Itoa(c.unfinished))
	}
	return append(row, strconv.Itoa(reads), strconv.Itoa(commands), c.mean())
}

// openColumn is the position of the column with the unfinished databases, if there are any.
const openColumn = 5

// mean returns the mean time of the starts.
func (c *counts) mean() string {
	if c.started == 0 {
		return "-"
	}
	d := c.totalTime / time.Duration(c.started)
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// kinds returns the row of a group in the second table.
func (c *counts) kinds(account, region string, kinds []string) []string {
	row := []string{account, region}
	for _, kind := range kinds {
		if n := c.failures[kind]; n > 0 {
			row = append(row, strconv.Itoa(n))
		} else {
			row = append(row, "-")
		}
	}
	return row
}
