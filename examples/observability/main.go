// Observability shows the logs and traces of the library: log/slog lines for state changes,
// commands and retried failures, and OpenTelemetry spans above the spans of the AWS SDK. It prints
// the log as it happens, and then the trace as a tree.
//
//	go run -C examples/observability .       # the calls
//	go run -C examples/observability . -all  # also the SDK's spans in each: signing, attempts, …
//
// It needs no AWS account: it uses the simulator, with transitions of 1 s. One read is throttled,
// and one start is rolled back.
//
// The library does not depend on OpenTelemetry. Its spans go to the TracerProvider of the SDK's
// client, which smithyoteltracing adapts from one of OpenTelemetry. A program needs only what
// connect.go has. To send the spans to a collector instead, pass NewTracerProvider in this file
// another exporter, such as that of
// go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp:
//
//	exporter, err := otlptracehttp.New(ctx) // to OTEL_EXPORTER_OTLP_ENDPOINT or localhost:4318
//	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
//	defer provider.Shutdown(ctx) // sends the remaining spans
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(program{out: os.Stdout}.run) }

// program has the settings that tests change.
type program struct {
	out io.Writer
	ids trace.IDGenerator // nil means random IDs
}

func (p program) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("observability", flag.ContinueOnError)
	all := flags.Bool("all", false, "also show the spans inside the SDK's calls")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	exporter := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter), trace.WithIDGenerator(p.ids))
	logger := slog.New(traced{slog.NewTextHandler(p.out, &slog.HandlerOptions{ReplaceAttr: briefly})})

	fmt.Fprintf(p.out, "The log, as it happens:\n\n")
	err := demo(ctx, provider, logger)
	fmt.Fprintf(p.out, "\nThe trace (start, duration, span):\n\n")
	printTree(p.out, exporter.GetSpans(), *all)
	return err
}
