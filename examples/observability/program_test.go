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

// TestProgramPrintsLogAndTrace compares the output with testdata, which docs/observability.md
// shows.
func TestProgramPrintsLogAndTrace(t *testing.T) {
	const title = "\nThe trace (start, duration, span):\n\n"
	log, trace, ok := strings.Cut(output(t), title)
	if !ok {
		t.Fatalf("no trace:\n%s", log)
	}
	for name, got := range map[string]string{"testdata/log.txt": log, "testdata/trace.txt": trace} {
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
