package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
)

// output writes lines of JSON to standard output, or to a file that it rotates.
type output struct {
	name    string // empty for standard output
	maxSize int64
	file    *os.File
	buffer  *bufio.Writer
	size    int64
}

func openOutput(name string, maxSize int64) (*output, error) {
	o := &output{name: name, maxSize: maxSize, file: os.Stdout}
	if name != "" {
		var err error
		if o.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return nil, err
		}
		info, err := o.file.Stat()
		if err != nil {
			return nil, errors.Join(err, o.file.Close())
		}
		o.size = info.Size()
	}
	o.buffer = bufio.NewWriter(o.file)
	return o, nil
}

// write writes a line. It shows at once on standard output.
func (o *output) write(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	n, err := o.buffer.Write(append(text, '\n'))
	if err != nil {
		return err
	}
	if o.name == "" {
		return o.buffer.Flush()
	}
	if o.size += int64(n); o.size >= o.maxSize {
		return o.rotate()
	}
	return nil
}

// rotate renames the file, and begins another.
func (o *output) rotate() error {
	if err := o.Close(); err != nil {
		return err
	}
	name := o.name + "." + time.Now().UTC().Format("20060102T150405.000")
	for n := 2; ; n++ { // a file of this name would be overwritten
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			break
		}
		name = fmt.Sprintf("%s.%s-%d", o.name, time.Now().UTC().Format("20060102T150405.000"), n)
	}
	if err := os.Rename(o.name, name); err != nil {
		return err
	}
	next, err := openOutput(o.name, o.maxSize)
	if err == nil {
		*o = *next
	}
	return err
}

// sync makes sure that what was written is on the disk.
func (o *output) sync() error {
	if err := o.buffer.Flush(); err != nil || o.name == "" {
		return err
	}
	return o.file.Sync()
}

// Close writes what is left. It leaves standard output open.
func (o *output) Close() error {
	if o.name == "" {
		return o.buffer.Flush()
	}
	return errors.Join(o.sync(), o.file.Close())
}

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
