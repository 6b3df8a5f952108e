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

// counted are IDs that are the same in each run.
type counted struct{ n atomic.Uint64 }

func (c *counted) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return trace.TraceID{1}, c.NewSpanID(ctx, trace.TraceID{})
}

func (c *counted) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], c.n.Add(1))
	return id
}

var update = flag.Bool("update", false, "rewrite what the program prints, in testdata")

// The program prints what is in testdata. The guide, docs/observability.md, shows it.
func TestProgram(t *testing.T) {
	const title = "\nThe trace: when it began, how long it took, what it was\n\n"
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
			t.Errorf("%s is not what the program prints (%v); -update mends it:\n%s", name, err, got)
		}
	}
}

func TestAll(t *testing.T) {
	all := output(t, "-all")
	for _, inside := range []string{"RetryLoop", "Attempt", "SignRequest", "OperationDeserializer"} {
		if !strings.Contains(all, inside) || strings.Contains(output(t), inside) {
			t.Errorf("%s is what only -all shows", inside)
		}
	}
}

func TestWrongFlags(t *testing.T) {
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
