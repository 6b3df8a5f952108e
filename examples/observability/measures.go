package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// printMetrics prints what the library measured, without the SDK's own metrics.
func printMetrics(ctx context.Context, screen *cli.Screen, reader *metric.ManualReader) error {
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		return err
	}
	var lines []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if scope.Scope.Name == ours {
				lines = append(lines, series(m)...)
			}
		}
	}
	slices.Sort(lines)
	for _, line := range lines {
		screen.Println(line, 4)
	}
	return nil
}

// series returns a line for each time series of a metric.
func series(m metricdata.Metrics) (lines []string) {
	add := func(set attribute.Set, value string) {
		var parts []string
		for _, a := range set.ToSlice() {
			if key := strings.TrimPrefix(string(a.Key), "streamwarden."); key != "package" && a.Value.AsString() != "" {
				parts = append(parts, key+"="+a.Value.AsString())
			}
		}
		lines = append(lines, m.Name+" "+strings.Join(parts, " ")+": "+value)
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, fmt.Sprint(p.Value))
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, fmt.Sprintf("%d in %.2f s", p.Count, p.Sum))
		}
	}
	return lines
}
