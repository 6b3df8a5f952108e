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
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestEnsureSpanOfSuccess checks the attributes, the events and the instants of a span, and the
// SDK's spans below it.
func TestEnsureSpanOfSuccess(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		began := time.Now()
		ctx, job := s.provider.Tracer("test").Start(t.Context(), "job")
		if _, err := s.client.EnsureStarted(ctx, s.start, time.Hour); err != nil {
			t.Fatal(err)
		}
		span := s.only(t)
		assert.Equal(t, "name", "activitystream.EnsureStarted", span.Name)
		assert.Equal(t, "parent", job.SpanContext().SpanID(), span.Parent.SpanID())
		assert.Equal(t, "kind", trace.SpanKindInternal, span.SpanKind)
		assert.Equal(t, "status", codes.Ok, span.Status.Code)
		assert.Equal(t, "target", "started", value(span.Attributes, "streamwarden.target"))
		assert.Equal(t, "resource", s.start.ResourceArn, value(span.Attributes, "streamwarden.resource"))
		assert.Equal(t, "operations", `["StartActivityStream"]`, value(span.Attributes, "streamwarden.operations"))
		assert.Equal(t, "kind", "none", value(span.Attributes, "streamwarden.kind"))
		assert.Equal(t, "begin", began, span.StartTime)
		assert.Equal(t, "end", time.Now(), span.EndTime)

		var path []string
		for _, e := range span.Events {
			assert.Equal(t, "event", "state changed", e.Name)
			path = append(path, value(e.Attributes, "streamwarden.from")+">"+value(e.Attributes, "streamwarden.to"))
		}
		assert.Equal(t, "events", ">stopped stopped>starting starting>started", strings.Join(path, " "))
		assert.Equal(t, "last event", span.EndTime, span.Events[2].Time)

		calls := s.calls(t, span)
		assert.Equal(t, "calls", len(s.server.Calls()), len(calls))
		assert.Equal(t, "first call", "DescribeDBClusters", calls[0])
		assert.Equal(t, "a start", 3, slices.Index(calls, "StartActivityStream"))
		assert.Equal(t, "lines of the log", 4, strings.Count(s.log.String(), "\n"))
		assert.Equal(t, "lines that name the span", 4, strings.Count(s.log.String(), " span="+span.SpanContext.SpanID().String()+"\n"))
	})
}

// TestEnsureSpanOfFailure checks the status of a span and its attributes for the error.
func TestEnsureSpanOfFailure(t *testing.T) {
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
				assert.Equal(t, "the right error", true, errors.Is(err, tt.is))
				assert.Equal(t, "status", codes.Error, span.Status.Code)
				assert.Equal(t, "kind", tt.kind, value(span.Attributes, "streamwarden.kind"))
				assert.Equal(t, "reason", tt.reason, value(span.Attributes, "streamwarden.reason"))
				assert.Equal(t, "message", err.Error(), value(span.Attributes, "exception.message"))
			})
		})
	}
}
