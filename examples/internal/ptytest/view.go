package ptytest

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// View is what a terminal shows, with everything that has scrolled away.
type View struct {
	Lines   []string
	Wrapped int      // how often the terminal, not the program, began a new row
	Colors  bool     // the text has colors
	Unknown []string // escape sequences that are not expected
}

// String returns the lines.
func (v *View) String() string { return strings.Join(v.Lines, "\n") }

var sequence = regexp.MustCompile(`^\x1b\[([0-9;?]*)([A-Za-z])`)

// Resize is a change of a terminal's width, after so many bytes of the output.
type Resize struct {
	After, Columns int
	Rewraps        bool // as most terminals do; some leave the rows as they are
}

// Render shows raw output on a terminal with this many columns. Zero columns mean a pipe.
func Render(raw string, columns int, resizes ...Resize) View {
	t := &terminal{columns: columns, rows: make([]row, 1)}
	for size := len(raw); ; {
		for len(resizes) > 0 && size-len(raw) >= resizes[0].After {
			t.resize(resizes[0])
			resizes = resizes[1:]
		}
		if raw == "" {
			return t.end()
		}
		if m := sequence.FindStringSubmatch(raw); m != nil {
			t.control(m)
			raw = raw[len(m[0]):]
			continue
		}
		r, size := utf8.DecodeRuneInString(raw)
		t.show(r)
		raw = raw[size:]
	}
}
