package simulator

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// XML writes elements one after the other. Names are written as they are. The zero XML is empty.
type XML struct{ b []byte }

// Bytes is what was written.
func (x *XML) Bytes() []byte { return x.b }

// Grow makes room for n bytes more.
func (x *XML) Grow(n int) { x.b = slices.Grow(x.b, n) }

// Open begins an element.
func (x *XML) Open(name string) {
	x.b = append(x.b, '<')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

// Close ends an element.
func (x *XML) Close(name string) {
	x.b = append(x.b, '<', '/')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

// Text writes an element with a text in it.
func (x *XML) Text(name, value string) {
	x.Open(name)
	x.escape(value)
	x.Close(name)
}

// TextIfSet is Text for a member that is left out while it is empty.
func (x *XML) TextIfSet(name, value string) {
	if value != "" {
		x.Text(name, value)
	}
}

// Bool writes an element with a truth value in it.
func (x *XML) Bool(name string, value bool) {
	if value {
		x.Text(name, "true")
	} else {
		x.Text(name, "false")
	}
}

// escape appends a text. Nearly every text consists of characters that stand for themselves.
func (x *XML) escape(s string) {
	if !strings.ContainsFunc(s, needsEscape) {
		x.b = append(x.b, s...)
		return
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer's Write does not fail
	x.b = append(x.b, b.Bytes()...)
}

func needsEscape(r rune) bool {
	return r < ' ' || r > '~' || r == '<' || r == '>' || r == '&' || r == '"' || r == '\''
}
