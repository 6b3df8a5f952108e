package main

import (
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// watch runs work and shows the progress of the groups: as bars on a terminal, otherwise as lines
// once per period.
func (p program) watch(groups []*group, period time.Duration, work func()) {
	if p.screen.Status() {
		runWithProgress(groups, newBars(p.screen), 100*time.Millisecond, work)
		return
	}
	runWithProgress(groups, newTextView(p.screen), period, work)
}

// maxSilence is the maximum time without a line about a Region, to show that the program runs.
const maxSilence = time.Minute

// textView is a view with one line for each Region that has new results, and for all.
type textView struct {
	lines *cli.Screen
	last  map[string]line
}

type line struct {
	at   time.Time
	done int
}

func newTextView(s *cli.Screen) *textView { return &textView{lines: s, last: map[string]line{}} }

func (v *textView) show(now []progress) {
	at, all := time.Now(), progress{region: "total"}
	for _, r := range now {
		all.add(r)
	}
	for _, r := range append(now, all) {
		last, seen := v.last[r.region]
		if seen && last.done == r.done && (r.done == r.total || at.Sub(last.at) < maxSilence) {
			continue
		}
		v.last[r.region] = line{at, r.done}
		v.lines.Printf("%-14s  %d of %d done, %d failed %s", r.region, r.done, r.total, r.failed, r.pace())
	}
}

func (v *textView) end(now []progress) { v.show(now) }

// pace returns the rate of calls and the quota. The rate can exceed the quota while there is burst
// left.
func (r progress) pace() string { return fmt.Sprintf("%5.1f calls/s, quota %.0f", r.rate, r.quota) }
