package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// A start that works: its attributes, its events, the instants of both, and the SDK's spans below it.
func TestEnsure(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		began := time.Now()
		ctx, job := s.provider.Tracer("test").Start(t.Context(), "job")
		if _, err := s.client.EnsureStarted(ctx, s.start, time.Hour); err != nil {
			t.Fatal(err)
		}
		span := s.only(t)
		same(t, "name", "activitystream.EnsureStarted", span.Name)
		same(t, "parent", job.SpanContext().SpanID(), span.Parent.SpanID())
		same(t, "kind", trace.SpanKindInternal, span.SpanKind)
		same(t, "status", codes.Ok, span.Status.Code)
		same(t, "target", "started", value(span.Attributes, "streamwarden.target"))
		same(t, "resource", s.start.ResourceArn, value(span.Attributes, "streamwarden.resource"))
		same(t, "operations", `["StartActivityStream"]`, value(span.Attributes, "streamwarden.operations"))
		same(t, "kind", "none", value(span.Attributes, "streamwarden.kind"))
		same(t, "begin", began, span.StartTime)
		same(t, "end", time.Now(), span.EndTime)

		var path []string
		for _, e := range span.Events {
			same(t, "event", "state changed", e.Name)
			path = append(path, value(e.Attributes, "streamwarden.from")+">"+value(e.Attributes, "streamwarden.to"))
		}
		same(t, "events", ">stopped stopped>starting starting>started", strings.Join(path, " "))
		same(t, "last event", span.EndTime, span.Events[2].Time)

		calls := s.calls(t, span)
		same(t, "calls", len(s.server.Calls()), len(calls))
		same(t, "first call", "DescribeDBClusters", calls[0])
		same(t, "a start", 3, slices.Index(calls, "StartActivityStream"))
		same(t, "lines of the log", 4, strings.Count(s.log.String(), "\n"))
		same(t, "lines that name the span", 4, strings.Count(s.log.String(), " span="+span.SpanContext.SpanID().String()+"\n"))
	})
}

// A start that is rolled back, and one that is denied: the status and what a program can tell the error by.
func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name, kind, reason string
		prepare            func(scene)
		is                 error
	}{
		{"lapse", "unknown", "lapsed", func(s scene) { s.server.Lapse(s.start.ResourceArn) }, statemachine.Lapsed},
		{"denied", "access denied", "none", func(s scene) {
			s.server.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: 403})
		}, statemachine.AccessDenied},
		{"reads that fail", "throttled", "timed out", func(s scene) {
			s.server.Fail("DescribeDBClusters", activitystreamtest.Failure{Code: "Throttling", Times: -1})
		}, statemachine.TimedOut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			traceIt(t, func(t *testing.T, s scene) {
				tt.prepare(s)
				_, err := s.client.EnsureStarted(t.Context(), s.start, time.Hour)
				span := s.only(t)
				same(t, "the right error", true, errors.Is(err, tt.is))
				same(t, "status", codes.Error, span.Status.Code)
				same(t, "kind", tt.kind, value(span.Attributes, "streamwarden.kind"))
				same(t, "reason", tt.reason, value(span.Attributes, "streamwarden.reason"))
				same(t, "message", err.Error(), value(span.Attributes, "exception.message"))
			})
		})
	}
}
