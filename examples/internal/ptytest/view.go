package ptytest

import (
	"regexp"
	"strconv"
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

// Render shows raw output on a terminal with this many columns. Zero columns mean a pipe.
func Render(raw string, columns int) View {
	var v View
	rows := [][]rune{nil}
	y, x := 0, 0
	down := func() {
		if y++; y == len(rows) {
			rows = append(rows, nil)
		}
	}
	for raw != "" {
		if m := sequence.FindStringSubmatch(raw); m != nil {
			raw = raw[len(m[0]):]
			n, _ := strconv.Atoi(m[1])
			switch m[2] {
			case "m":
				v.Colors = true
			case "A":
				y = max(y-max(n, 1), 0)
			case "J":
				rows = rows[:y+1]
				rows[y] = rows[y][:min(x, len(rows[y]))]
			case "K":
				rows[y] = rows[y][:min(x, len(rows[y]))]
			default:
				v.Unknown = append(v.Unknown, m[0])
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(raw)
		raw = raw[size:]
		switch {
		case r == '\r':
			x = 0
		case r == '\n':
			if columns == 0 {
				x = 0
			}
			down()
		case r < ' ':
			v.Unknown = append(v.Unknown, strconv.QuoteRune(r))
		default:
			if columns > 0 && x == columns {
				v.Wrapped++
				x = 0
				down()
			}
			for len(rows[y]) <= x {
				rows[y] = append(rows[y], ' ')
			}
			rows[y][x] = r
			x++
		}
	}
	for _, row := range rows {
		v.Lines = append(v.Lines, strings.TrimRight(string(row), " "))
	}
	for n := len(v.Lines); n > 0 && v.Lines[n-1] == ""; n-- {
		v.Lines = v.Lines[:n-1]
	}
	return v
}
