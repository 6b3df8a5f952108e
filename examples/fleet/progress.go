package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// watch runs work and shows the progress of the groups: as bars on a terminal, otherwise as lines
// once per period.
func (p program) watch(groups []*group, period time.Duration, work func()) {
	show := (&textView{screen: p.screen, last: map[string]line{}}).show
	if p.screen.Status() {
		show, period = (&bars{screen: p.screen, began: time.Now()}).show, 100*time.Millisecond
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	tick := time.NewTicker(period)
	defer tick.Stop()
	for end := false; !end; {
		select {
		case <-tick.C:
		case <-done:
			end = true
		}
		show(countRegions(groups), end)
	}
}

// maxSilence is the maximum time without a line about a Region, to show that the program runs.
const maxSilence = time.Minute

// textView shows one line for each Region that has new results, and for all.
type textView struct {
	screen *cli.Screen
	last   map[string]line
}

type line struct {
	at   time.Time
	done int
}

func (v *textView) show(now []counts, _ bool) {
	for _, c := range now {
		last, seen := v.last[c.region]
		if done := c.done(); !seen || last.done != done || done < c.total && time.Since(last.at) >= maxSilence {
			v.last[c.region] = line{time.Now(), done}
			v.screen.Printf("%-14s  %d of %d done, %d failed %5.1f calls/s, quota %.0f", c.region, done, c.total, c.failed, c.rate, c.quota)
		}
	}
}

// bars shows one bar for each Region and one for all, on a terminal.
type bars struct {
	screen *cli.Screen
	began  time.Time
}

func (v *bars) show(now []counts, end bool) {
	lines := v.lines(now)
	v.screen.SetStatus(lines...)
	if end { // above what follows
		v.screen.SetStatus()
		fmt.Fprintln(v.screen, strings.Join(lines, "\n"))
	}
}

// lines returns a line for each of the counts. A narrow terminal has less text, so that there is
// room for the bars.
func (v *bars) lines(now []counts) []string {
	label, longest := 0, 0
	texts := make([]string, len(now))
	for i, c := range now {
		texts[i] = v.text(c, len(strconv.Itoa(now[len(now)-1].total)))
		label, longest = max(label, len(c.region)), max(longest, len(texts[i]))
	}
	width := 16
	if columns := v.screen.Columns(); columns > 0 {
		width = min(max(columns-label-longest-7, 4), 60)
	}
	lines := make([]string, len(now))
	for i, c := range now {
		lines[i] = fmt.Sprintf("%-*s  %s  %s", label, c.region, v.bar(c, width), texts[i])
	}
	return lines
}

// text returns the text after a bar, with numbers of this many digits.
func (v *bars) text(c counts, digits int) string {
	columns, failed := v.screen.Columns(), " failed"
	if columns > 0 && columns < 72 {
		failed = "×"
	}
	text := fmt.Sprintf("%3d%%  %*d/%-*d %3d%s", 100*c.done()/c.total, digits, c.done(), digits, c.total, c.failed, failed)
	switch {
	case c.region == "total":
		text += "  " + v.eta(c)
	case columns >= 100:
		text += fmt.Sprintf("  %5.1f calls/s of %.0f", c.rate, c.quota)
	}
	return text
}

// bar returns a bar: the streams that are started, those that failed, those whose start was
// accepted, and the others.
func (v *bars) bar(c counts, width int) string {
	columns := func(n int) int { return width * n / c.total }
	done, failed, accepted := columns(c.done()-c.failed), columns(c.done()), columns(min(c.done()+c.starting, c.total))
	return v.screen.Paint(cli.Green, strings.Repeat("█", done)) + v.screen.Paint(cli.Red, strings.Repeat("×", failed-done)) +
		v.screen.Paint(cli.Yellow, strings.Repeat("▒", accepted-failed)) + v.screen.Paint(cli.Dim, strings.Repeat("░", width-accepted))
}

// eta returns when all databases are done if they go on like this.
func (v *bars) eta(all counts) string {
	took := time.Since(v.began)
	switch all.done() {
	case all.total:
		return "in " + cli.Clock(took)
	case 0:
		return ""
	}
	return "ETA " + cli.Clock(time.Duration(float64(took)/float64(all.done())*float64(all.total-all.done())))
}
