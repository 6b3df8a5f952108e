package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// output writes lines of JSON to standard output, or to a file that it rotates. A terminal gets
// lines for people.
type output struct {
	name    string // empty for standard output
	maxSize int64
	file    *os.File
	buffer  *bufio.Writer
	size    int64
	screen  *cli.Screen // nil unless standard output is a terminal
}

func openOutput(name string, maxSize int64, screen *cli.Screen) (*output, error) {
	o := &output{name: name, maxSize: maxSize, file: os.Stdout}
	if name == "" && cli.IsTerminal(os.Stdout) {
		o.screen = screen
	}
	if name != "" {
		var err error
		if o.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil { //nolint:gosec // the user names the file
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
	if o.screen != nil {
		if e := l.decoded; e != nil { // progress shows a record without one
			o.screen.Printf("%s", describe(o.screen, e))
		}
		return nil
	}
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
	next, err := openOutput(o.name, o.maxSize, nil)
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
