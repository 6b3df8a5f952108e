package cli

import (
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestWrapFitsColumns(t *testing.T) {
	const red = string(Red)
	for _, tt := range []struct {
		why, text       string
		indent, columns int
		want            []string
	}{
		{"zero columns mean one line", "one two three", 4, 0, []string{"one two three"}},
		{"a text that fits", "one two", 4, 7, []string{"one two"}},
		{"a split at the last space that fits", "12:00  one two three", 7, 14, []string{"12:00  one two", "       three"}},
		{"no split within the indent", "12:00  onetwothree", 7, 14, []string{"12:00  onetwot", "       hree"}},
		{"a shorter indent on a narrow terminal", "12:00  one", 7, 8, []string{"12:00", "  one"}},
		{"characters, not bytes", "é→… ×××", 0, 4, []string{"é→…", "×××"}},
		{"styles take no column", red + "one" + reset + " two", 0, 4, []string{red + "one" + reset, "two"}},
		{"two columns", "one", 4, 2, []string{"on", " e"}},
		{"one column", "one", 4, 1, []string{"o", "n", "e"}},
	} {
		assert.Equal(t, tt.why, tt.want, wrap(tt.text, tt.indent, tt.columns))
	}
}

func TestCutEndsWithEllipsis(t *testing.T) {
	const red = string(Red)
	for _, tt := range []struct {
		why, text string
		columns   int
		want      string
	}{
		{"a text that fits", "one two", 7, "one two"},
		{"a text that is too long", "one two", 6, "one t…"},
		{"a style ends with the text", red + "one two" + reset, 6, red + "one t…" + reset},
		{"at least one column", "one two", -2, "…"},
	} {
		assert.Equal(t, tt.why, tt.want, cut(tt.text, tt.columns))
	}
}
