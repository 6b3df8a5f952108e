package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
)

// progress shows how far recording is.
type progress struct {
	w              io.Writer
	terminal       bool
	events, faulty int
	last           time.Time // that a line was shown
	shown          bool      // a line that can be renewed is on the terminal
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, last: time.Now()}
}

// printf prints a line that stays.
func (p *progress) printf(format string, args ...any) {
	p.end()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// event counts an event.
func (p *progress) event() { p.events++ }

// undecodable counts a record that could not be decoded, and says why.
func (p *progress) undecodable(err error) {
	p.faulty++
	p.printf("a record could not be decoded: %v", err)
}

// read shows the progress: every second on a terminal, every minute elsewhere.
func (p *progress) read(d *activityreader.Delivery) {
	delay := time.Minute
	if p.terminal {
		delay = time.Second
	}
	if time.Since(p.last) < delay {
		return
	}
	p.last = time.Now()
	text := fmt.Sprintf("%d events, %d records that could not be decoded, %s behind", p.events, p.faulty, d.Behind.Round(time.Second))
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		p.shown = true
		return
	}
	fmt.Fprintln(p.w, text)
}

// end leaves the line that is renewed.
func (p *progress) end() {
	if p.shown {
		fmt.Fprintln(p.w)
		p.shown = false
	}
}
