package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// ours is the scope of the spans of waits and ensures.
const ours = "github.com/streamwarden/streamwarden-go"

// printTree prints finished spans, each under its parent, with its events in between. Without all it leaves out what the SDK does inside a call.
func printTree(w io.Writer, spans tracetest.SpanStubs, all bool) {
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
	w        io.Writer
	children map[trace.SpanID]tracetest.SpanStubs
	since    time.Time
}

// line is one span or event. print gets what stands before it, and before what is below it.
type line struct {
	at    time.Time
	print func(first, rest string)
}

// below are the spans below one, in order.
func (t *tree) below(parent trace.SpanID) []line {
	lines := make([]line, 0, len(t.children[parent]))
	for _, s := range t.children[parent] {
		lines = append(lines, line{s.StartTime, func(first, rest string) { t.span(s, first, rest) }})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	return lines
}

func (t *tree) span(s tracetest.SpanStub, first, rest string) {
	fmt.Fprintf(t.w, "%s %6.2fs  %s%s\n", t.offset(s.StartTime), s.EndTime.Sub(s.StartTime).Seconds(), first, describe(s))
	lines := make([]line, 0, len(s.Events))
	for _, e := range s.Events {
		lines = append(lines, line{e.Time, func(first, _ string) {
			fmt.Fprintf(t.w, "%s          %s%s: %s\n", t.offset(e.Time), first, e.Name, brief(e.Attributes))
		}})
	}
	lines = append(lines, t.below(s.SpanContext.SpanID())...) // after an event at the same instant: the call that it came of ended then
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for i, l := range lines {
		if i == len(lines)-1 {
			l.print(rest+"└─ ", rest+"   ")
		} else {
			l.print(rest+"├─ ", rest+"│  ")
		}
	}
}

func (t *tree) offset(at time.Time) string { return fmt.Sprintf("%6.2fs", at.Sub(t.since).Seconds()) }

// describe is a span in one line: its name, its status, and of its attributes those that tell something.
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

// brief are attributes without their prefixes; of the SDK's only the code of an error.
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

// shorten quotes what has spaces, and leaves of an ARN its end.
func shorten(s string) string {
	if strings.HasPrefix(s, "arn:") {
		s = s[strings.LastIndex(s[:strings.LastIndex(s, ":")], ":")+1:]
	}
	if s == "" || strings.Contains(s, " ") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// briefly leaves out of a line of the log what is in every line, and of the time what changes.
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
