package main

import (
	"fmt"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// progress shows how far recording is.
type progress struct {
	*cli.Screen

	events, faulty int
	last           time.Time // that the counts were shown
}

// newProgress returns a progress on standard output if that is a terminal, and otherwise on
// standard error.
func newProgress() *progress {
	screen := cli.NewScreen(os.Stdout)
	if screen.Columns() == 0 {
		screen = cli.NewScreen(os.Stderr)
	}
	return &progress{Screen: screen, last: time.Now()}
}

// undecodable counts a record that could not be decoded, and says why.
func (p *progress) undecodable(err error) {
	p.faulty++
	p.Printf("%s: %v", p.Paint(cli.Red, "a record could not be decoded"), err)
}

// read shows the progress: as a status line on a terminal, and as a line a minute elsewhere.
func (p *progress) read(d *activityreader.Delivery) {
	text := fmt.Sprintf("%s, %s not decoded, %s behind", cli.Plural(p.events, "event"), cli.Plural(p.faulty, "record"), d.Behind.Round(time.Second))
	p.SetStatus(p.Paint(cli.Dim, "          "+text))
	if !p.Status() && time.Since(p.last) >= time.Minute {
		p.last = time.Now()
		p.Printf("%s", text)
	}
}
