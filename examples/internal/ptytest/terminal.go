package ptytest

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
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

var sequence = regexp.MustCompile(`^\x1b\[([0-9;?]*)([A-Za-z])`)

// show shows the first character of raw, or carries out an escape sequence. It returns the rest.
func (t *terminal) show(raw string) (rest string) {
	if m := sequence.FindStringSubmatch(raw); m != nil {
		t.control(m)
		return raw[len(m[0]):]
	}
	r, size := utf8.DecodeRuneInString(raw)
	t.character(r)
	return raw[size:]
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
	case "K":
		t.rows[t.y].text = rest[:min(t.x, len(rest))]
	default:
		t.view.Unknown = append(t.view.Unknown, m[0])
	}
}

// character shows a character.
func (t *terminal) character(r rune) {
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
