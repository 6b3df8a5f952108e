package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// summarize writes the results of each group, the failures by reason, and up to each messages per
// reason (zero: all).
func summarize(w io.Writer, groups []*group, each int) {
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
	t := make(table, 0, len(groups)+2)
	t = append(t, head)
	var reads, commands int
	for i, g := range groups {
		r, c := g.calls.sum()
		reads, commands = reads+r, commands+c
		t = append(t, all[i].row(g.account, g.region, r, c, sum.unfinished > 0))
	}
	t = append(t, sum.row("total", "", reads, commands, sum.unfinished > 0))
	fmt.Fprintln(w)
	t.write(w)
	if sum.unfinished > 0 {
		fmt.Fprintf(w, "\n%d are not ready; %d of them continue, because their command was accepted.\n", sum.unfinished, sum.openCommanded)
	}
	if sum.failed == 0 {
		return
	}
	kinds := slices.Sorted(maps.Keys(sum.failures))
	t = table{append([]string{"account", "Region"}, kinds...)}
	for i, g := range groups {
		t = append(t, all[i].kinds(g.account, g.region, kinds))
	}
	t = append(t, sum.kinds("total", "", kinds))
	fmt.Fprintln(w)
	t.write(w)
	for _, kind := range kinds {
		fmt.Fprintf(w, "\n%s:\n", kind)
		shown := 0
		for _, f := range failures {
			if f.reason == kind && (each == 0 || shown < each) {
				fmt.Fprintf(w, "  %v\n", f.err)
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

// table has rows of cells; the first row is the header. The first two columns are text.
type table [][]string

func (t table) write(w io.Writer) {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for _, row := range t {
		var b strings.Builder
		for i, cell := range row {
			if i < 2 {
				fmt.Fprintf(&b, "%-*s  ", width[i], cell)
			} else {
				fmt.Fprintf(&b, "%*s  ", width[i], cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
