package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// maxWait bounds each wait on the simulator.
const maxWait = time.Minute

// demo starts two streams, of which RDS rolls one back, and stops both, in a span of the program.
func demo(ctx context.Context, provider trace.TracerProvider, measures metric.MeterProvider, logger *slog.Logger) error {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping = time.Second, time.Second
		o.Latency = func(activitystreamtest.Call) time.Duration { return 20 * time.Millisecond }
	})
	orders := server.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
	billing := server.AddCluster(activitystreamtest.Cluster{Identifier: "billing"})
	server.Lapse(billing)
	server.Fail("DescribeDBClusters", activitystreamtest.Failure{Code: "Throttling", Message: "Rate exceeded"})

	client := connect(server.Config(), provider, measures, logger)
	fast := func(o *activitystream.Options) {
		o.Wait.MinDelay = 400 * time.Millisecond // 5 s by default
		o.Wait.Grace = time.Second               // 1 minute by default; the simulator has no stale reads
		o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
	}
	ctx, span := provider.Tracer("example").Start(ctx, "nightly audit check")
	defer span.End()

	for _, arn := range []string{orders, billing} {
		_, err := client.EnsureStarted(ctx, &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		}, maxWait, fast)
		if err != nil && !errors.Is(err, statemachine.Lapsed) {
			return err
		}
	}
	stop := []*activitystream.StopInput{{ResourceArn: orders, ApplyImmediately: true}, {ResourceArn: billing, ApplyImmediately: true}}
	for _, result := range client.EnsureStoppedEach(ctx, stop, maxWait, fast) {
		if result.Err != nil {
			return result.Err
		}
	}
	return nil
}
