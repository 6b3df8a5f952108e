package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// bars is a view with one bar per Region and one for all, for a terminal.
type bars struct {
	screen *cli.Screen
	began  time.Time
}

func newBars(screen *cli.Screen) *bars { return &bars{screen: screen, began: time.Now()} }

func (v *bars) show(now []progress) { v.screen.SetStatus(v.lines(now)...) }

// end leaves the final state above what follows.
func (v *bars) end(now []progress) {
	v.screen.SetStatus()
	fmt.Fprintln(v.screen, strings.Join(v.lines(now), "\n"))
}

// lines returns a line for each Region, and one for all. A narrow terminal has less text, so that
// there is room for the bars.
func (v *bars) lines(now []progress) []string {
	all := progress{region: "total"}
	for _, r := range now {
		all.add(r)
	}
	rows := slices.Concat(now, []progress{all})
	label, longest := 0, 0
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = v.text(r, len(strconv.Itoa(all.total)))
		label, longest = max(label, len(r.region)), max(longest, len(texts[i]))
	}
	width := 16
	if columns := v.screen.Columns(); columns > 0 {
		width = min(max(columns-label-longest-7, 4), 60)
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = fmt.Sprintf("%-*s  %s  %s", label, r.region, v.bar(r, width), texts[i])
	}
	return lines
}

// text returns the text after a bar, with numbers of this many digits.
func (v *bars) text(r progress, digits int) string {
	columns, failed := v.screen.Columns(), " failed"
	if columns > 0 && columns < 72 {
		failed = "×"
	}
	text := fmt.Sprintf("%3d%%  %*d/%-*d %3d%s", 100*r.done/r.total, digits, r.done, digits, r.total, r.failed, failed)
	switch {
	case r.region == "total":
		text += "  " + v.eta(r)
	case columns >= 100:
		text += fmt.Sprintf("  %5.1f calls/s of %.0f", r.rate, r.quota)
	}
	return text
}

// bar returns a bar: the streams that are started, those that failed, those whose start was
// accepted, and the others.
func (v *bars) bar(r progress, width int) string {
	columns := func(n int) int { return width * n / r.total }
	done, failed, accepted := columns(r.done-r.failed), columns(r.done), columns(min(r.done+r.starting, r.total))
	return v.screen.Paint(cli.Green, strings.Repeat("█", done)) + v.screen.Paint(cli.Red, strings.Repeat("×", failed-done)) +
		v.screen.Paint(cli.Yellow, strings.Repeat("▒", accepted-failed)) + v.screen.Paint(cli.Dim, strings.Repeat("░", width-accepted))
}

// eta returns when all databases are done if they go on like this.
func (v *bars) eta(all progress) string {
	took := time.Since(v.began)
	switch all.done {
	case all.total:
		return "in " + cli.Clock(took)
	case 0:
		return ""
	}
	return "ETA " + cli.Clock(time.Duration(float64(took)/float64(all.done)*float64(all.total-all.done)))
}
