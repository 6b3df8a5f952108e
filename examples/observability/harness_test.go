package main

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// scene is a simulated RDS with a cluster, and a client whose spans and log are recorded.
type scene struct {
	server   *activitystreamtest.Server
	client   *activitystream.Client
	provider *sdktrace.TracerProvider
	spans    *tracetest.InMemoryExporter
	log      *bytes.Buffer
	start    *activitystream.StartInput
}

// traceIt runs a test with a scene, in virtual time.
func traceIt(t *testing.T, test func(t *testing.T, s scene)) {
	synctest.Test(t, func(t *testing.T) {
		s := scene{server: activitystreamtest.NewServer(), spans: tracetest.NewInMemoryExporter(), log: new(bytes.Buffer)}
		s.start = &activitystream.StartInput{
			ResourceArn: s.server.AddCluster(activitystreamtest.Cluster{Identifier: "orders"}),
			Mode:        activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		}
		s.provider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(s.spans))
		s.client = connect(s.server.Config(), s.provider, noop.NewMeterProvider(), slog.New(traced{slog.NewTextHandler(s.log, nil)}))
		test(t, s)
	})
}

// only returns the one span of the library that ended.
func (s scene) only(t *testing.T) tracetest.SpanStub {
	t.Helper()
	found := s.ours()
	if len(found) != 1 {
		t.Fatalf("%d spans of waits and ensures, want one", len(found))
	}
	return found[0]
}

// ours returns the spans of the library.
func (s scene) ours() tracetest.SpanStubs {
	return slices.DeleteFunc(s.spans.GetSpans(), func(span tracetest.SpanStub) bool { return span.InstrumentationScope.Name != ours })
}

// calls returns the names of the SDK's calls below a span.
func (s scene) calls(t *testing.T, parent tracetest.SpanStub) []string {
	t.Helper()
	var names []string
	after := map[trace.TraceID]bool{} // what is asked once a wait has failed is outside of its span
	for _, span := range s.spans.GetSpans() {
		if span.Name == "RDS.DescribeEvents" {
			after[span.SpanContext.TraceID()] = true
		}
	}
	for _, span := range s.spans.GetSpans() {
		if after[span.SpanContext.TraceID()] && span.SpanContext.TraceID() != parent.SpanContext.TraceID() {
			continue
		}
		if span.SpanContext.TraceID() != parent.SpanContext.TraceID() {
			t.Errorf("%s is in another trace", span.Name)
		}
		if span.SpanKind == trace.SpanKindClient && span.Parent.SpanID() == parent.SpanContext.SpanID() {
			names = append(names, strings.TrimPrefix(span.Name, "RDS."))
		}
	}
	return names
}

// value returns an attribute as a string, or "none".
func value(attrs []attribute.KeyValue, key string) string {
	for _, a := range attrs {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return "none"
}

// traceTo sets the TracerProvider in the options of this library instead of the SDK's client.
func traceTo(provider trace.TracerProvider) func(*activitystream.Options) {
	return func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.TracerProvider = smithyoteltracing.Adapt(provider) })
	}
}
