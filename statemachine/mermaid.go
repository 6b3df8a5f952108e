package statemachine

import (
	"fmt"
	"strings"
)

// Mermaid returns the table as a Mermaid state diagram. Commanded transitions are labeled with
// their operation, lapses with "lapse". The same table always gives the same text, which may
// change between versions of this library.
func (m *Machine[S]) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	names := make([]string, len(m.states))
	for i, s := range m.states {
		names[i] = string(s)
		if !isMermaidID(names[i]) { // such as locking-policy
			names[i] = fmt.Sprintf("s%d", i)
			label := strings.NewReplacer(`"`, "'", "\n", " ", "\r", " ").Replace(string(s))
			fmt.Fprintf(&b, "    state %q as %s\n", label, names[i])
		}
	}
	for _, t := range m.def.Transitions {
		fmt.Fprintf(&b, "    %s --> %s", names[m.index(t.From)], names[m.index(t.To)])
		switch {
		case t.By != "":
			fmt.Fprintf(&b, ": %s", singleLine(string(t.By)))
		case t.Lapse:
			b.WriteString(": lapse")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// isMermaidID reports whether a diagram can use s as the name of a state. It rejects the keywords
// of Mermaid's grammar, and the names s0, s1, … that Mermaid generates.
func isMermaidID(s string) bool {
	switch strings.ToLower(s) {
	case "state", "note", "end", "as", "direction", "class", "classdef", "style", "click", "default", "hide":
		return false
	}
	for i, r := range s {
		if letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'; !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return strings.TrimLeft(s, "s0123456789") != ""
}
