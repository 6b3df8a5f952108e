package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// TestHelpOnTerminals runs the commands with -h on terminals of several widths and in a pipe.
func TestHelpOnTerminals(t *testing.T) {
	t.Parallel()
	program := ptytest.Build(t, ".")
	for _, columns := range []int{120, 80, 60, 0} {
		for _, args := range []string{"-h", "estate -h", "stop -h", "simulator -h", "worker -h"} {
			status, v := ptytest.Run(t, columns, nil, program, strings.Fields(args)...)
			if status != 0 || v.Wrapped > 0 || !strings.HasPrefix(v.String(), "Temporal brings") || args != "-h" && !strings.Contains(v.String(), "\nFlags:") {
				t.Errorf("%s on %d columns: exit status %d:\n%s", args, columns, status, &v)
			}
		}
	}
	for _, args := range []string{"", "nonsense", "estate -nonsense"} {
		if status, v := ptytest.Run(t, 80, nil, program, strings.Fields(args)...); status != 2 {
			t.Errorf("%q: exit status %d:\n%s", args, status, &v)
		}
	}
}

// TestInterruptedEstate checks that the progress of an estate ends with what goes on, and how to
// stop it. The test in the module server has a real workflow.
func TestInterruptedEstate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(12*time.Second, interrupt)
		var out strings.Builder
		err := follow(ctx, &out, "audit", func(ctx context.Context, _ any) error { <-ctx.Done(); return ctx.Err() },
			func(context.Context) (durable.Progress, error) {
				return durable.Progress{Places: 2, Open: 1, Streams: 3, Commands: 3, Ended: map[string]int{"reached": 1}, InProgress: map[string]int{"starting": 2}}, nil
			})
		if err != nil {
			t.Error(err)
		}
		line := `{"streams":3,"ended":{"reached":1},"in_progress":{"starting":2},"commands":3,"places":2,"open":1}` + "\n"
		want := line + line + `
The workflow of estate audit goes on without this program.
To see its progress, and to end it without a further command:
  go run -C examples/temporal . status -id audit
  go run -C examples/temporal . stop -id audit
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
