package ptytest

// Resize is a change of a terminal's width, after so many bytes of the output.
type Resize struct {
	After, Columns int
	Rewraps        bool // as most terminals do; some leave the rows as they are
}

// Resize changes the width of the terminal, and returns when that was.
func (p *Program) Resize(columns int) Resize {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := setColumns(p.terminal, columns); err != nil {
		p.t.Fatal(err)
	}
	return Resize{After: p.raw.Len(), Columns: columns}
}

// RenderResized shows raw output on a terminal that is resized.
func RenderResized(raw string, columns int, resizes ...Resize) View {
	t := &terminal{columns: columns, rows: make([]row, 1)}
	for rest := raw; ; rest = t.show(rest) {
		for len(resizes) > 0 && len(raw)-len(rest) >= resizes[0].After {
			t.resize(resizes[0])
			resizes = resizes[1:]
		}
		if rest == "" {
			return t.end()
		}
	}
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
