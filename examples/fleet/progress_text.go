package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// watch does work while the groups' progress is shown: as bars on a terminal, else as lines, every period if there is something new.
func (p program) watch(ctx context.Context, groups []*group, period time.Duration, work func()) {
	if p.bars {
		defer eraseInterruptEcho(ctx, p.out)()
		runWithProgress(groups, newBars(p.out, regions(groups)), 100*time.Millisecond, work)
		return
	}
	runWithProgress(groups, newPlain(p.out), period, work)
}

// maxSilence is for how long a Region may have no line, so that a reader of the log knows that the program lives.
const maxSilence = time.Minute

// textView writes a line for each Region that got results since its last line.
type textView struct {
	lines *cli.Printer
	last  map[string]line
}

type line struct {
	at   time.Time
	done int
}

func newPlain(w io.Writer) *textView {
	return &textView{lines: cli.NewLines(w), last: map[string]line{}}
}

func (v *textView) show(now []progress) {
	at := time.Now()
	for _, r := range now {
		last, seen := v.last[r.region]
		if seen && last.done == r.done && (r.done == r.total || at.Sub(last.at) < maxSilence) {
			continue
		}
		v.last[r.region] = line{at, r.done}
		v.lines.Printf("%-14s  %d of %d done, %d failed %s", r.region, r.done, r.total, r.failed, r.pace())
	}
}

func (v *textView) end(now []progress) { v.show(now) }

// pace is the rate of the calls beside what RDS allows. It is above the quota for as long as there is burst left.
func (r progress) pace() string { return fmt.Sprintf("%5.1f calls/s, quota %.0f", r.rate, r.quota) }
