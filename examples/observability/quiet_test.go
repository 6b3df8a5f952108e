package main

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// A wait for many is one span, whatever their number; the batched reads are below it.
func TestMany(t *testing.T) {
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
		same(t, "failed", 1, failed)
		same(t, "name", "activitystream.WaitEach", span.Name)
		same(t, "status", codes.Error, span.Status.Code)
		same(t, "resources", "150", value(span.Attributes, "streamwarden.resources"))
		same(t, "failed", "1", value(span.Attributes, "streamwarden.failed"))
		same(t, "reason", "lapsed", value(span.Attributes, "streamwarden.reason"))
		same(t, "events", 0, len(span.Events))
		same(t, "calls", len(s.server.Calls())-1, len(s.calls(t, span)))
	})
}

// A watch lasts as long as its loop, days maybe, and a collector shows a span once it has ended: it has none. Its reads are spans by themselves,
// and so are the calls of the methods that only call an operation.
func TestWatch(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		if _, err := s.client.Start(t.Context(), s.start); err != nil {
			t.Fatal(err)
		}
		for stream, err := range s.client.Watch(t.Context(), s.start.ResourceArn) {
			if err != nil || stream.Status == activitystream.StatusStarted {
				break
			}
		}
		same(t, "spans of waits", 0, len(s.ours()))
		roots := 0
		for _, span := range s.spans.GetSpans() {
			if !span.Parent.IsValid() {
				roots++
			}
		}
		same(t, "spans without a parent", len(s.server.Calls()), roots)
	})
}

// Without a TracerProvider nothing is recorded, and an input that is refused before anything is sent has no span either. That no span costs
// nothing is tested in internal/sdkcall.
func TestNothing(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		_, err := s.client.EnsureStarted(t.Context(), &activitystream.StartInput{}, time.Hour)
		same(t, "kind", statemachine.InvalidInput, statemachine.KindOf(err))
		same(t, "spans of a refused input", 0, len(s.spans.GetSpans()))

		client := activitystream.NewFromConfig(s.server.Config(), func(o *activitystream.Options) { o.Wait.Logger = slog.New(slog.DiscardHandler) })
		if _, err := client.EnsureStarted(t.Context(), s.start, time.Hour); err != nil {
			t.Fatal(err)
		}
		same(t, "spans without a TracerProvider", 0, len(s.spans.GetSpans()))
	})
}

// The TracerProvider of the options of one call counts for that call.
func TestOfOneCall(t *testing.T) {
	traceIt(t, func(t *testing.T, s scene) {
		client := activitystream.NewFromConfig(s.server.Config())
		if _, err := client.EnsureStarted(t.Context(), s.start, time.Hour, traceTo(s.provider)); err != nil {
			t.Fatal(err)
		}
		calls := s.calls(t, s.only(t))
		same(t, "calls", len(s.server.Calls()), len(calls))
		same(t, "a start", true, slices.Contains(calls, "StartActivityStream"))
	})
}
