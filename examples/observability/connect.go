package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go/tracing/smithyoteltracing"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// connect makes a client that logs to logger, and whose waits and ensures are spans of provider, above those of the SDK.
func connect(cfg aws.Config, provider trace.TracerProvider, logger *slog.Logger) *activitystream.Client {
	api := rds.NewFromConfig(cfg, func(o *rds.Options) { o.TracerProvider = smithyoteltracing.Adapt(provider) })
	return activitystream.New(api, func(o *activitystream.Options) { o.Wait.Logger = logger })
}

// traced adds to each line of a log the span that it belongs to: the logger is called with the context of the wait or ensure.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("span", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }
func (h traced) WithGroup(name string) slog.Handler       { return traced{h.Handler.WithGroup(name)} }
