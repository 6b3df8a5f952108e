// Observability shows the logs, traces and metrics of the library: log/slog lines for state
// changes, commands and retried failures, OpenTelemetry spans above the spans of the AWS SDK, and
// OpenTelemetry metrics. It prints the log as it happens, then the trace as a tree and the metrics.
//
//	go run -C examples/observability .       # the calls
//	go run -C examples/observability . -all  # also the SDK's spans in each: signing, attempts, …
//
// It needs no AWS account: it uses the simulator, with transitions of 1 s. One read is throttled,
// and one start is rolled back.
//
// The library does not depend on OpenTelemetry. Its spans go to the TracerProvider of the SDK's
// client, which smithyoteltracing adapts from one of OpenTelemetry, and its measurements to the
// MeterProvider. A program needs only what connect.go has. To send the spans to a collector
// instead, pass NewTracerProvider in this file another exporter, such as that of
// go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp:
//
//	exporter, err := otlptracehttp.New(ctx) // to OTEL_EXPORTER_OTLP_ENDPOINT or localhost:4318
//	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
//	defer provider.Shutdown(ctx) // sends the remaining spans
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Observability shows the log, the trace and the metrics of a few waits.
RDS is simulated, and no AWS account is needed.

  go run -C examples/observability .
  go run -C examples/observability . -all
`

func main() { cli.Main(program{out: os.Stdout}.run) }

// program has the settings that tests change.
type program struct {
	out io.Writer
	ids trace.IDGenerator // nil means random IDs
}

func (p program) run(ctx context.Context, args []string) error {
	screen := cli.NewScreen(p.out)
	flags := cli.Flags("observability", about)
	all := flags.Bool("all", false, "also show the spans inside the SDK's calls")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	exporter := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter), trace.WithIDGenerator(p.ids))
	logger := slog.New(traced{slog.NewTextHandler(screen, &slog.HandlerOptions{ReplaceAttr: briefly})})
	if screen.Columns() > 0 {
		logger = slog.New(traced{cli.NewLogger(screen).Handler()})
	}

	fmt.Fprintf(screen, "The log, as it happens:\n\n")
	reader := metric.NewManualReader()
	err := demo(ctx, provider, metric.NewMeterProvider(metric.WithReader(reader)), logger)
	fmt.Fprintf(screen, "\nThe trace (start, duration, span):\n\n")
	printTree(screen, exporter.GetSpans(), *all)
	fmt.Fprintf(screen, "\nThe metrics:\n\n")
	return errors.Join(err, printMetrics(context.WithoutCancel(ctx), screen, reader))
}
