package cli

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// escapes matches the escape sequences of styles.
var escapes = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// visible returns how many columns a text takes.
func visible(s string) int { return utf8.RuneCountInString(escapes.ReplaceAllString(s, "")) }

// wrap splits a text into lines of at most this many columns, at spaces. All lines but the first
// are indented. A word that is too long is split. Zero columns mean one line.
func wrap(text string, indent, columns int) []string {
	if columns == 0 || visible(text) <= columns {
		return []string{text}
	}
	if indent > columns/2 {
		indent = 2
	}
	var lines []string
	for margin := ""; text != ""; margin = strings.Repeat(" ", indent) {
		line, rest := splitLine(text, columns-len(margin), len(lines) == 0, indent)
		lines = append(lines, margin+line)
		text = strings.TrimLeft(rest, " ")
	}
	return lines
}

// splitLine splits a text after at most this many columns, if possible at a space. The first line
// is not split within its indent.
func splitLine(text string, columns int, first bool, indent int) (line, rest string) {
	at, space, n := 0, 0, 0
	for at < len(text) {
		if seq := escapes.FindStringIndex(text[at:]); seq != nil && seq[0] == 0 {
			at += seq[1]
			continue
		}
		if text[at] == ' ' && (!first || n >= indent) {
			space = at
		}
		if n == columns {
			if space == 0 {
				space = at
			}
			return strings.TrimRight(text[:space], " "), text[space:]
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at, n = at+size, n+1
	}
	return text, ""
}

// cut returns the beginning of a text that has this many columns at most.
func cut(text string, columns int) string {
	if columns = max(columns, 1); visible(text) <= columns {
		return text
	}
	var b strings.Builder
	for n := 0; n < columns-1; {
		if seq := escapes.FindStringIndex(text); seq != nil && seq[0] == 0 {
			b.WriteString(text[:seq[1]])
			text = text[seq[1]:]
			continue
		}
		_, size := utf8.DecodeRuneInString(text)
		b.WriteString(text[:size])
		text, n = text[size:], n+1
	}
	b.WriteString("…")
	if strings.Contains(b.String(), "\x1b") {
		b.WriteString(reset)
	}
	return b.String()
}
