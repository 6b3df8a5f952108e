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

// prefix returns the beginning of a text that takes this many columns.
func prefix(text string, columns int) string {
	at := 0
	for at < len(text) && columns > 0 {
		if seq := escapes.FindStringIndex(text[at:]); seq != nil && seq[0] == 0 {
			at += seq[1]
			continue
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at, columns = at+size, columns-1
	}
	return text[:at]
}

// wrap splits a text into lines of at most this many columns, at spaces. All lines but the first
// are indented, and the first is not split within its indent. A word that is too long is split.
// Zero columns mean one line.
func wrap(text string, indent, columns int) []string {
	if columns == 0 || visible(text) <= columns {
		return []string{text}
	}
	if indent > columns/2 {
		indent = min(2, columns/2) // less than the width, or the loop would not end
	}
	var lines []string
	margin, fixed := "", len(prefix(text, indent))
	for text != "" {
		end, room := len(text), columns-len(margin)
		if visible(text) > room {
			end = len(prefix(text, room))
			if space := strings.LastIndexByte(prefix(text, room+1), ' '); space > 0 && space >= fixed {
				end = space
			}
		}
		lines = append(lines, margin+strings.TrimRight(text[:end], " "))
		text = strings.TrimLeft(text[end:], " ")
		margin, fixed = strings.Repeat(" ", indent), 0
	}
	return lines
}

// cut returns the beginning of a text that has this many columns at most.
func cut(text string, columns int) string {
	if columns = max(columns, 1); visible(text) <= columns {
		return text
	}
	begin := prefix(text, columns-1) + "…"
	if strings.Contains(begin, "\x1b") {
		begin += reset
	}
	return begin
}
