// Observability shows what can be seen of waits and ensures: log/slog lines for changes of state, commands and tolerated failures, and
// OpenTelemetry spans, with the calls of the AWS SDK below them. It prints the log as it happens, and in the end the trace as a tree.
//
//	go run -C examples/observability .       # the calls
//	go run -C examples/observability . -all  # and what the SDK does in each: signing, attempts, decoding
//
// It needs no AWS account: it runs on the simulator, with transitions of a second. One read is throttled, and one start is rolled back.
//
// The module does not depend on OpenTelemetry: the spans go to the TracerProvider of the SDK's client, which smithyoteltracing makes of one of
// OpenTelemetry's. See connect.go, which is all that a program of yours needs. To send the spans to a collector instead of a tree, give
// NewTracerProvider in this file another exporter, that of go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp:
//
//	exporter, err := otlptracehttp.New(ctx) // OTEL_EXPORTER_OTLP_ENDPOINT says where to; by default localhost:4318
//	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
//	defer provider.Shutdown(ctx) // sends the last ones
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

// program is what its tests set differently.
type program struct {
	out io.Writer
	ids trace.IDGenerator // nil: at random
}

func (p program) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("observability", flag.ContinueOnError)
	all := flags.Bool("all", false, "show the spans inside the SDK's calls, too")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	exporter := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter), trace.WithIDGenerator(p.ids))
	logger := slog.New(traced{slog.NewTextHandler(p.out, &slog.HandlerOptions{ReplaceAttr: briefly})})

	fmt.Fprintf(p.out, "The log, as it happens:\n\n")
	err := demo(ctx, provider, logger)
	fmt.Fprintf(p.out, "\nThe trace: when it began, how long it took, what it was\n\n")
	printTree(p.out, exporter.GetSpans(), *all)
	return err
}
