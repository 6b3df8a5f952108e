package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// NewLogger returns a logger for s: lines for people on a terminal, and key=value elsewhere.
func NewLogger(s *Screen) *slog.Logger {
	if s.Columns() == 0 {
		return slog.New(slog.NewTextHandler(s, nil))
	}
	return slog.New(&handler{screen: s})
}

// handler is a slog.Handler for people: the time since the beginning, the resource, the message,
// and the attributes.
type handler struct {
	screen *Screen
	attrs  []slog.Attr
	prefix string // of the keys, from groups
}

// Enabled reports whether a line is shown.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes one line. A change, with the attributes from and to, is shown as what differs.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	texts := map[string]string{}
	var rest []string
	add := func(a slog.Attr) bool {
		text := fmt.Sprint(a.Value.Any())
		if err, ok := a.Value.Any().(error); ok { // its LogValue has more for programs
			text = err.Error()
		}
		switch a.Key {
		case "machine":
		case "err":
			texts["error"] = text
		case "resource", "error", "from", "to":
			texts[a.Key] = text
		default:
			if text = Short(text); strings.ContainsAny(text, " =") && !strings.HasPrefix(text, "[") || text == "" {
				text = fmt.Sprintf("%q", text)
			}
			rest = append(rest, h.screen.Paint(Dim, h.prefix+a.Key+"=")+text)
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	message, resource := r.Message, texts["resource"]
	if texts["to"] != "" {
		message = difference(texts["from"], texts["to"])
	}
	switch {
	case r.Level >= slog.LevelError:
		message = h.screen.Paint(Red, "error: "+message)
	case r.Level >= slog.LevelWarn:
		message = h.screen.Paint(Yellow, message)
	}
	if texts["error"] != "" {
		message += ": " + strings.ReplaceAll(texts["error"], resource, Short(resource))
	}
	line := []string{message}
	if resource != "" {
		line = []string{h.screen.Paint(Bold, Short(resource)), message}
	}
	if len(rest) > 0 {
		line = append(line, strings.Join(rest, " "))
	}
	h.screen.Printf("%s", strings.Join(line, "  "))
	return nil
}

// difference returns how two lists differ, such as "stopped → starting, async".
func difference(from, to string) string {
	if from == "" {
		return "is " + strings.Join(parts(to), ", ")
	}
	before, after := parts(from), parts(to)
	only := func(list, other []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) }), ", ")
	}
	return cmp.Or(only(before, after), before[0]) + " → " + cmp.Or(only(after, before), after[0])
}

// parts returns the parts of a list, with short ARNs.
func parts(list string) []string {
	texts := strings.Split(list, ", ")
	for i, text := range texts {
		texts[i] = Short(text)
	}
	return texts
}

// WithAttrs returns a handler that adds attributes to each line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = append(slices.Clip(c.attrs), attrs...)
	return &c
}

// WithGroup returns a handler that adds the name of a group to each key.
func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.prefix += name + "."
	return &c
}

// Short returns the end of an ARN, such as "cluster:orders", and any other text unchanged. Of a
// UUID at the end it has the first part.
func Short(text string) string {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || strings.Contains(text, " ") {
		return text
	}
	return uuid.ReplaceAllString(parts[5], "/$1…")
}

// uuid matches a UUID at the end of an ARN.
var uuid = regexp.MustCompile(`/([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
