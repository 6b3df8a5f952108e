package main

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestWaitEachIsOneSpan checks that a wait for many resources is one span, with the batched reads
// below it.
func TestWaitEachIsOneSpan(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		arns := []string{s.start.ResourceArn}
		for range 149 {
			arns = append(arns, s.server.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarting}))
		}
		if _, err := s.client.Start(t.Context(), s.start); err != nil {
			t.Fatal(err)
		}
		s.server.Lapse(arns[1])
		s.spans.Reset()
		failed := 0
		for _, r := range s.client.WaitEach(t.Context(), arns, activitystream.StatusStarted, time.Hour) {
			if r.Err != nil {
				failed++
			}
		}
		span := s.only(t)
		assert.Equal(t, "failed", 1, failed)
		assert.Equal(t, "name", "activitystream.WaitEach", span.Name)
		assert.Equal(t, "status", codes.Error, span.Status.Code)
		assert.Equal(t, "resources", "150", value(span.Attributes, "streamwarden.resources"))
		assert.Equal(t, "failed", "1", value(span.Attributes, "streamwarden.failed"))
		assert.Equal(t, "reason", "lapsed", value(span.Attributes, "streamwarden.reason"))
		assert.Equal(t, "events", 0, len(span.Events))
		assert.Equal(t, "calls", len(s.server.Calls())-2, len(s.calls(t, span))) // but the start and DescribeEvents
	})
}

// TestWatchHasNoSpan checks that a watch has no span, because it can last for days. Its reads are
// root spans, and so are the calls of the plain operations.
func TestWatchHasNoSpan(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		if _, err := s.client.Start(t.Context(), s.start); err != nil {
			t.Fatal(err)
		}
		for stream, err := range s.client.Watch(t.Context(), s.start.ResourceArn) {
			if err != nil || stream.Status == activitystream.StatusStarted {
				break
			}
		}
		assert.Equal(t, "spans of waits", 0, len(s.ours()))
		roots := 0
		for _, span := range s.spans.GetSpans() {
			if !span.Parent.IsValid() {
				roots++
			}
		}
		assert.Equal(t, "spans without a parent", len(s.server.Calls()), roots)
	})
}

// TestNoSpanWithoutProviderOrRequest checks that neither a client without a TracerProvider nor
// invalid input has a span. A test in internal/sdkcall checks that this costs nothing.
func TestNoSpanWithoutProviderOrRequest(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		_, err := s.client.EnsureStarted(t.Context(), &activitystream.StartInput{}, time.Hour)
		assert.Equal(t, "kind", statemachine.InvalidInput, statemachine.KindOf(err))
		assert.Equal(t, "spans of a refused input", 0, len(s.spans.GetSpans()))

		client := activitystream.NewFromConfig(s.server.Config(), func(o *activitystream.Options) { o.Wait.Logger = slog.New(slog.DiscardHandler) })
		if _, err := client.EnsureStarted(t.Context(), s.start, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "spans without a TracerProvider", 0, len(s.spans.GetSpans()))
	})
}

// TestSpanUsesProviderOfCall sets the TracerProvider in the options of one call.
func TestSpanUsesProviderOfCall(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		client := activitystream.NewFromConfig(s.server.Config())
		if _, err := client.EnsureStarted(t.Context(), s.start, time.Hour, traceTo(s.provider)); err != nil {
			t.Fatal(err)
		}
		calls := s.calls(t, s.only(t))
		assert.Equal(t, "calls", len(s.server.Calls()), len(calls))
		assert.Equal(t, "a start", true, slices.Contains(calls, "StartActivityStream"))
	})
}
