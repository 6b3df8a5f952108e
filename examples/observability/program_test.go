package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/trace"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
)

// counted generates the same IDs in each run.
type counted struct{ n atomic.Uint64 }

func (c *counted) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return trace.TraceID{1}, c.NewSpanID(ctx, trace.TraceID{})
}

func (c *counted) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], c.n.Add(1))
	return id
}

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestProgramPrintsLogTraceAndMetrics compares the output with testdata, which
// docs/observability.md shows.
func TestProgramPrintsLogTraceAndMetrics(t *testing.T) {
	log, trace, ok := strings.Cut(output(t), "\nThe trace (start, duration, span):\n\n")
	trace, metrics, both := strings.Cut(trace, "\nThe metrics:\n\n")
	if !ok || !both {
		t.Fatalf("no trace or no metrics:\n%s", log)
	}
	for name, got := range map[string]string{"testdata/log.txt": log, "testdata/trace.txt": trace, "testdata/metrics.txt": metrics} {
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil || string(want) != got {
			t.Errorf("%s differs from the output (%v); run the test with -update:\n%s", name, err, got)
		}
	}
}

func TestProgramPrintsInnerSpansWithAll(t *testing.T) {
	all := output(t, "-all")
	for _, inside := range []string{"RetryLoop", "Attempt", "SignRequest", "OperationDeserializer"} {
		if !strings.Contains(all, inside) || strings.Contains(output(t), inside) {
			t.Errorf("%s: want it only with -all", inside)
		}
	}
}

func TestRunRejectsInvalidFlags(t *testing.T) {
	err := program{out: new(bytes.Buffer)}.run(t.Context(), []string{"-al"})
	if _, ok := errors.AsType[*cli.UsageError](err); !ok {
		t.Errorf("not a UsageError: %v", err)
	}
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		if err := (program{out: &out, ids: new(counted)}).run(t.Context(), args); err != nil {
			t.Error(err)
		}
	})
	return out.String()
}

// TestProgramOnTerminals runs the program on terminals of several widths and in a pipe.
func TestProgramOnTerminals(t *testing.T) {
	program := ptytest.Build(t, ".")
	for _, columns := range []int{120, 80, 60, 0} {
		status, v := ptytest.Run(t, columns, nil, program)
		if text := v.String(); status != 0 || columns > 0 && v.Wrapped > 0 || !strings.Contains(text, "StartActivityStream ok") || !strings.Contains(text, "streamwarden.wait.duration") {
			t.Errorf("%d columns: exit status %d, %d wrapped lines:\n%s", columns, status, v.Wrapped, text)
		}
		if _, help := ptytest.Run(t, columns, nil, program, "-h"); !strings.Contains(help.String(), "Observability shows") || help.Wrapped > 0 {
			t.Errorf("%d columns:\n%s", columns, &help)
		}
	}
}
