package ptytest

import "strings"

// View is what a terminal shows, with everything that has scrolled away.
type View struct {
	Lines   []string
	Wrapped int      // how often the terminal, not the program, began a new row
	Colors  bool     // the text has colors
	Unknown []string // escape sequences that are not expected
}

// String returns the lines.
func (v *View) String() string { return strings.Join(v.Lines, "\n") }

// Render shows raw output on a terminal with this many columns. Zero columns mean a pipe.
func Render(raw string, columns int) View {
	t := &terminal{columns: columns, rows: make([]row, 1)}
	for raw != "" {
		raw = t.show(raw)
	}
	return t.end()
}
