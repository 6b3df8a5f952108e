package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// ours is the instrumentation scope of this library.
const ours = "github.com/streamwarden/streamwarden-go"

// printTree prints finished spans below their parents, with their events. Without all it omits
// what the SDK does inside a call.
func printTree(w *cli.Screen, spans tracetest.SpanStubs, all bool) {
	t := tree{w: w, children: map[trace.SpanID]tracetest.SpanStubs{}}
	for _, s := range spans {
		inside := s.SpanKind == trace.SpanKindInternal && strings.HasPrefix(s.InstrumentationScope.Name, "github.com/aws/")
		if all || !inside {
			t.children[s.Parent.SpanID()] = append(t.children[s.Parent.SpanID()], s)
		}
	}
	for _, root := range t.below(trace.SpanID{}) {
		t.since = root.at
		root.print("", "")
	}
}

type tree struct {
	w        *cli.Screen
	children map[trace.SpanID]tracetest.SpanStubs
	since    time.Time
}

// line is a span or an event. print takes the prefixes of its first line and of the lines below it.
type line struct {
	at    time.Time
	print func(first, rest string)
}

// below returns the spans below one, in order.
func (t *tree) below(parent trace.SpanID) []line {
	lines := make([]line, 0, len(t.children[parent]))
	for _, s := range t.children[parent] {
		lines = append(lines, line{s.StartTime, func(first, rest string) { t.span(s, first, rest) }})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	return lines
}

func (t *tree) span(s tracetest.SpanStub, first, rest string) {
	t.println(s.StartTime, fmt.Sprintf("%6.2fs", s.EndTime.Sub(s.StartTime).Seconds()), first, describe(s))
	lines := make([]line, 0, len(s.Events))
	for _, e := range s.Events {
		lines = append(lines, line{e.Time, func(first, _ string) {
			t.println(e.Time, "", first, e.Name+": "+brief(e.Attributes))
		}})
	}
	lines = append(lines, t.below(s.SpanContext.SpanID())...) // after an event at the same instant: the preceding call caused it
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for i, l := range lines {
		if i == len(lines)-1 {
			l.print(rest+"└─ ", rest+"   ")
		} else {
			l.print(rest+"├─ ", rest+"│  ")
		}
	}
}

// println prints a line of the tree. A long text is indented below itself.
func (t *tree) println(at time.Time, duration, prefix, text string) {
	begin := fmt.Sprintf("%6.2fs %7s  %s", at.Sub(t.since).Seconds(), duration, prefix)
	t.w.Println(begin+text, utf8.RuneCountInString(begin))
}

// describe formats a span: its name, its status and its main attributes.
func describe(s tracetest.SpanStub) string {
	text := s.Name
	if s.InstrumentationScope.Name == ours {
		text += " span=" + s.SpanContext.SpanID().String()
	}
	switch s.Status.Code {
	case codes.Ok:
		text += " ok"
	case codes.Error:
		text += " ERROR"
	case codes.Unset:
	}
	return strings.TrimSpace(text + " " + brief(s.Attributes))
}

// brief formats attributes without their prefixes. Of the SDK's it has only the code of an error.
func brief(attrs []attribute.KeyValue) string {
	var parts []string
	for _, a := range attrs {
		key := string(a.Key)
		if short, ok := strings.CutPrefix(key, "streamwarden."); ok {
			parts = append(parts, short+"="+shorten(a.Value.String()))
		} else if key == "api.error_code" {
			parts = append(parts, a.Value.String())
		}
	}
	slices.SortFunc(parts, cmp.Compare)
	return strings.Join(parts, " ")
}

// shorten quotes text with spaces, and returns the end of an ARN.
func shorten(s string) string {
	if strings.HasPrefix(s, "arn:") {
		s = s[strings.LastIndex(s[:strings.LastIndex(s, ":")], ":")+1:]
	}
	if s == "" || strings.Contains(s, " ") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// briefly removes the machine from a line of the log, and shortens the time and the resource. It
// is a ReplaceAttr.
func briefly(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey:
		a.Value = slog.StringValue(a.Value.Time().Format("05.00"))
	case "machine":
		return slog.Attr{}
	case "resource":
		a.Value = slog.StringValue(shorten(a.Value.String()))
	}
	return a
}
