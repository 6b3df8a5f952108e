package simulator

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// XML builds a sequence of XML elements. It does not escape names. The zero XML is empty.
type XML struct{ b []byte }

// Bytes returns what was written.
func (x *XML) Bytes() []byte { return x.b }

// Grow makes room for n more bytes.
func (x *XML) Grow(n int) { x.b = slices.Grow(x.b, n) }

// Open writes a start tag.
func (x *XML) Open(name string) {
	x.b = append(x.b, '<')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

// Close writes an end tag.
func (x *XML) Close(name string) {
	x.b = append(x.b, '<', '/')
	x.b = append(x.b, name...)
	x.b = append(x.b, '>')
}

// Text writes an element that contains a text.
func (x *XML) Text(name, value string) {
	x.Open(name)
	x.escape(value)
	x.Close(name)
}

// TextIfSet writes an element that contains a text, unless the text is empty.
func (x *XML) TextIfSet(name, value string) {
	if value != "" {
		x.Text(name, value)
	}
}

// Bool writes an element that contains true or false.
func (x *XML) Bool(name string, value bool) { x.Text(name, strconv.FormatBool(value)) }

// escape appends a text, escaped. It is fast for the usual text, which needs no escape.
func (x *XML) escape(s string) {
	if !strings.ContainsFunc(s, needsEscape) {
		x.b = append(x.b, s...)
		return
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // writes to a Buffer do not fail
	x.b = append(x.b, b.Bytes()...)
}

func needsEscape(r rune) bool {
	return r < ' ' || r > '~' || r == '<' || r == '>' || r == '&' || r == '"' || r == '\''
}
