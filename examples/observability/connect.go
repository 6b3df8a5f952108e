package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// connect returns a client that logs to logger, and whose waits and Ensure methods are spans of
// traces, above the spans of the SDK. They are counted and measured with measures.
func connect(cfg aws.Config, traces trace.TracerProvider, measures metric.MeterProvider, logger *slog.Logger) *activitystream.Client {
	api := rds.NewFromConfig(cfg, func(o *rds.Options) {
		o.TracerProvider = smithyoteltracing.Adapt(traces)
		o.MeterProvider = meters{measures} // or smithyotelmetrics.Adapt(measures)
	})
	return activitystream.New(api, func(o *activitystream.Options) { o.Wait.Logger = logger })
}

// traced is a log handler that adds the ID of the current span. The library logs with the context
// of the wait or Ensure method.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("span", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }
func (h traced) WithGroup(name string) slog.Handler       { return traced{h.Handler.WithGroup(name)} }
