package ptytest

import (
	"strconv"
	"strings"
)

// row is a row of a terminal.
type row struct {
	text    []rune
	wrapped bool // it continues the row above
}

// terminal is a terminal with unlimited rows.
type terminal struct {
	view    View
	columns int // 0 means a pipe
	rows    []row
	y, x    int // of the cursor
}

// control carries out an escape sequence.
func (t *terminal) control(m []string) {
	n, _ := strconv.Atoi(m[1])
	rest := t.rows[t.y].text
	switch m[2] {
	case "m":
		t.view.Colors = true
	case "A":
		t.y = max(t.y-max(n, 1), 0)
	case "J":
		t.rows = t.rows[:t.y+1]
		t.rows[t.y].text = rest[:min(t.x, len(rest))]
	case "K":
		t.rows[t.y].text = rest[:min(t.x, len(rest))]
	default:
		t.view.Unknown = append(t.view.Unknown, m[0])
	}
}

// show shows a character.
func (t *terminal) show(r rune) {
	switch {
	case r == '\r':
		t.x = 0
	case r == '\n':
		if t.columns == 0 {
			t.x = 0
		}
		t.down(false)
	case r < ' ':
		t.view.Unknown = append(t.view.Unknown, strconv.QuoteRune(r))
	default:
		if t.columns > 0 && t.x >= t.columns {
			t.view.Wrapped++
			t.x = 0
			t.down(true)
		}
		text := &t.rows[t.y].text
		for len(*text) <= t.x {
			*text = append(*text, ' ')
		}
		(*text)[t.x] = r
		t.x++
	}
}

// down moves the cursor to the next row.
func (t *terminal) down(wrapped bool) {
	if t.y++; t.y == len(t.rows) {
		t.rows = append(t.rows, row{})
	}
	t.rows[t.y].wrapped = wrapped
}

// resize changes the width. If the terminal rewraps, rows that are too long are split, and rows
// that were split are joined before.
func (t *terminal) resize(to Resize) {
	t.columns = to.Columns
	if !to.Rewraps {
		return
	}
	var lines []row
	line, at := 0, 0 // of the cursor
	for y, r := range t.rows {
		if !r.wrapped || y == 0 {
			lines = append(lines, row{})
		}
		last := &lines[len(lines)-1]
		if y == t.y {
			line, at = len(lines)-1, len(last.text)+t.x
		}
		last.text = append(last.text, r.text...)
	}
	t.rows = nil
	for i, l := range lines {
		if i == line {
			t.y, t.x = len(t.rows)+at/t.columns, at%t.columns
		}
		for wrapped := false; ; wrapped = true {
			n := min(len(l.text), t.columns)
			t.rows = append(t.rows, row{text: l.text[:n:n], wrapped: wrapped})
			if l.text = l.text[n:]; len(l.text) == 0 {
				break
			}
		}
	}
	for t.y >= len(t.rows) {
		t.rows = append(t.rows, row{})
	}
}

// end returns what the terminal shows.
func (t *terminal) end() View {
	v := t.view
	for _, r := range t.rows {
		v.Lines = append(v.Lines, strings.TrimRight(string(r.text), " "))
	}
	for n := len(v.Lines); n > 0 && v.Lines[n-1] == ""; n-- {
		v.Lines = v.Lines[:n-1]
	}
	return v
}
