package statemachine

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
)

// errorText is the text of an error, part by part.
type errorText struct{ strings.Builder }

// add appends a part.
func (m *errorText) add(format string, args ...any) { fmt.Fprintf(&m.Builder, format, args...) }

// addIf appends a part if there is reason to.
func (m *errorText) addIf(reason bool, format string, args ...any) {
	if reason {
		m.add(format, args...)
	}
}

// singleLine returns s as one line without control characters, because an error ends up in a log
// with one entry per line.
func singleLine(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	lines := strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029'
	})
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, joinTexts(lines, "; ", strings.TrimSpace))
}

func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// withoutResource returns the text of an error about resource without the name of the resource,
// for a text that begins with it. A message that has the name in a sentence keeps it.
func withoutResource(text, resource string) string {
	if resource == "" {
		return text
	}
	text = strings.TrimPrefix(text, resource+": ")
	before, after, ok := strings.Cut(text, " "+resource+": ")
	operation := before[strings.LastIndexAny(before, " \n")+1:]
	inMessage := strings.Contains(before, ": ") && (operation == "" || operation[0] < 'A' || operation[0] > 'Z')
	if !ok || inMessage {
		return text
	}
	return before + ": " + after
}

// unlessIn returns name, or "" if it is an ARN that a text that is shown together with it has, too.
// Any other name is short, and may be an ordinary word of the text.
func unlessIn(text, name string) string {
	if !strings.HasPrefix(name, "arn:") {
		return name
	}
	for {
		_, after, ok := strings.Cut(text, name)
		if !ok {
			return name
		}
		if strings.IndexFunc(after, isNamePart) != 0 {
			return ""
		}
		text = after // the ARN of another resource begins with this one
	}
}

// isNamePart reports whether r can be in the name at the end of an ARN.
func isNamePart(r rune) bool {
	return strings.ContainsRune("-_/", r) || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// quoteEmpty returns a state or setting for a message. An empty one is shown as quotation marks.
func quoteEmpty(s string) string { return cmp.Or(s, `""`) }

// withName returns a text that begins with a name, unless that is empty.
func withName(name, text string) string {
	if name == "" {
		return text
	}
	return name + ": " + text
}

// joinTexts lists the texts of a list's elements.
func joinTexts[T any](list []T, separator string, text func(T) string) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = text(e)
	}
	return strings.Join(texts, separator)
}

// joinOperations lists operations in their order.
func joinOperations(ops []Operation) string {
	return joinTexts(ops, ", then ", func(op Operation) string { return string(op) })
}
