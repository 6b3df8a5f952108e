package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table has rows of cells. The first row is the header.
type Table struct {
	Keys int // the first columns, which are text; the others are numbers
	Rows [][]string
}

// Add adds a row.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
	}
	t.Rows = append(t.Rows, row)
}

// minKey is the width to which a key may be cut.
const minKey = 16

// Write writes the table to s. If it is wider than the terminal, long keys are cut. If that is not
// enough, its columns are split into several tables, each of which has the key columns.
func (t *Table) Write(s *Screen) {
	widths := make([]int, len(t.Rows[0]))
	for _, row := range t.Rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	if over := width(widths) - 2 - s.Columns(); s.Columns() > 0 && over > 0 {
		for i := range widths[:t.Keys] {
			shorter := min(over, max(widths[i]-minKey, 0))
			widths[i], over = widths[i]-shorter, over-shorter
		}
	}
	keys := width(widths[:t.Keys])
	for from := t.Keys; from < len(widths); {
		to, total := from+1, keys+widths[from]
		for to < len(widths) && (s.Columns() == 0 || total+2+widths[to] <= s.Columns()) {
			total += 2 + widths[to]
			to++
		}
		if from > t.Keys {
			fmt.Fprintln(s)
		}
		t.writeColumns(s, widths, from, to)
		from = to
	}
}

// width returns the width of columns, with the space after each.
func width(columns []int) (sum int) {
	for _, w := range columns {
		sum += w + 2
	}
	return sum
}

// writeColumns writes the key columns and some others.
func (t *Table) writeColumns(s *Screen, widths []int, from, to int) {
	for n, row := range t.Rows {
		var b strings.Builder
		for i, cell := range row {
			cell = cut(cell, widths[i])
			switch pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)); {
			case i >= t.Keys && (i < from || i >= to):
			case i < t.Keys:
				b.WriteString(cell + pad + "  ")
			default:
				b.WriteString(pad + cell + "  ")
			}
		}
		line := strings.TrimRight(b.String(), " ")
		if n == 0 {
			line = s.Paint(Bold, line)
		}
		if s.Columns() > 0 {
			line = cut(line, s.Columns())
		}
		fmt.Fprintln(s, line)
	}
}
