package statemachine

import "strings"

// singleLine returns s as one line without control characters, because an error ends up in a log
// with one entry per line.
func singleLine(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	lines := strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029'
	})
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.Join(lines, "; "))
}

func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// withoutResource returns the text of an error about resource without the name of the resource,
// for a text that begins with it.
func withoutResource(text, resource string) string {
	if resource == "" {
		return text
	}
	text = strings.TrimPrefix(text, resource+": ")
	return strings.Replace(text, " "+resource+": ", ": ", 1)
}

// quoteEmpty returns a state or setting for a message. An empty one is shown as quotation marks.
func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// joinOperations lists operations in their order.
func joinOperations(ops []Operation) string {
	var b strings.Builder
	for i, op := range ops {
		if i > 0 {
			b.WriteString(", then ")
		}
		b.WriteString(string(op))
	}
	return b.String()
}
