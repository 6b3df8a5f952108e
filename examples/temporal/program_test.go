package main

import (
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
)

// TestHelpOnTerminals runs the commands with -h on terminals of several widths and in a pipe.
func TestHelpOnTerminals(t *testing.T) {
	t.Parallel()
	program := ptytest.Build(t, ".")
	for _, columns := range []int{120, 80, 60, 0} {
		for _, args := range []string{"-h", "estate -h", "stop -h", "simulator -h", "worker -h"} {
			status, v := ptytest.Run(t, columns, nil, program, strings.Fields(args)...)
			if status != 0 || v.Wrapped > 0 || !strings.HasPrefix(v.String(), "temporal brings") || args != "-h" && !strings.Contains(v.String(), "\nFlags:") {
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
