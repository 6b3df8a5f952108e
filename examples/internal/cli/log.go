package cli

import (
	"context"
	"fmt"
	"log/slog"
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

// Handle writes one line.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	message, resource := r.Message, ""
	var rest []string
	add := func(a slog.Attr) bool {
		switch a.Key {
		case "machine":
		case "resource":
			resource = h.screen.Paint(Bold, Short(a.Value.String())) + "  "
		default:
			text := fmt.Sprint(a.Value.Resolve())
			if strings.ContainsAny(text, " =") || text == "" {
				text = fmt.Sprintf("%q", text)
			}
			rest = append(rest, h.screen.Paint(Dim, h.prefix+a.Key+"=")+Short(text))
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	switch {
	case r.Level >= slog.LevelError:
		message = h.screen.Paint(Red, "error: "+message)
	case r.Level >= slog.LevelWarn:
		message = h.screen.Paint(Yellow, "warning: "+message)
	}
	h.screen.Printf("%s", strings.TrimRight(resource+message+"  "+strings.Join(rest, " "), " "))
	return nil
}

// WithAttrs returns a handler that adds attributes to each line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = append(c.attrs[:len(c.attrs):len(c.attrs)], attrs...)
	return &c
}

// WithGroup returns a handler that adds the name of a group to each key.
func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.prefix += name + "."
	return &c
}

// Short returns the end of an ARN, such as "cluster:orders", and any other text unchanged.
func Short(text string) string {
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[0] == "arn" && !strings.Contains(text, " ") {
		return parts[5]
	}
	return text
}
