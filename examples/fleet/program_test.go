package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// stamped matches a line of progress.
var stamped = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d  (\S+) +(\d+) of (\d+) done, (\d+) failed +[0-9.]+ calls/s, quota 24$`)

// TestSimulatedWritesLinesAndSummary checks the progress lines and the summary of a short run
// without a terminal.
func TestSimulatedWritesLinesAndSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		begin := time.Now()
		if err := (program{out: &out}).run(t.Context(), []string{"-databases", "74"}); err != nil {
			t.Errorf("%v\n%s", err, &out)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 30*time.Second {
			t.Errorf("took %v", took)
		}
		done := map[string]string{}
		for _, m := range stamped.FindAllStringSubmatch(out.String(), -1) {
			if len(m[2]) < len(done[m[1]]) || len(m[2]) == len(done[m[1]]) && m[2] <= done[m[1]] {
				t.Errorf("%s goes from %s to %s", m[1], done[m[1]], m[2])
			}
			done[m[1]] = m[2]
		}
		assert.Equal(t, "done in the end", "map[eu-west-1:25 sa-east-1:12 us-east-1:37]", fmt.Sprint(done))
		contains(t, out.String(),
			"74 simulated databases,",
			"account       Region     already  started  failed  reads  commands  mean\n",
			"\naccount       Region     drifted  invalid state  lapsed  not found  unsupported\n",
			"\ntotal                          2              2       2          2            2\n",
			"\nlapsed:\n  database activity stream arn:aws:rds:", "  and 1 more\n",
			"\nThese failures were simulated on purpose.\nAll other streams are started.\n",
		)
		if m := regexp.MustCompile(`\ntotal +12 +52 +10 +\d+ +(\d+) +[0-9.]+s\n`).FindStringSubmatch(out.String()); m == nil || m[1] != "56" {
			t.Errorf("want 56 commands: 52 starts, 2 that lapse and 2 that are rejected:\n%s", &out)
		}
		for line := range strings.Lines(out.String()) {
			if len(line) > 81 && !strings.HasPrefix(line, "  ") {
				t.Errorf("wider than a terminal: %s", line)
			}
		}
	})
}

func TestSimulatedWithoutFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		if err := (program{out: &out}).run(t.Context(), []string{"-databases", "5"}); err != nil {
			t.Errorf("%v\n%s", err, &out)
		}
		contains(t, out.String(), "\nAll streams are started.\n")
		if strings.Contains(out.String(), "on purpose") {
			t.Errorf("reports failures:\n%s", &out)
		}
	})
}

// TestSimulatedStopsAtOnceWhenInterrupted also checks that the summary counts every database.
func TestSimulatedStopsAtOnceWhenInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		interrupted := make(chan time.Time, 1)
		time.AfterFunc(4*time.Second, func() {
			interrupted <- time.Now()
			cancel()
		})
		var out bytes.Buffer
		err := program{out: &out}.run(ctx, []string{"-databases", "300"})
		if late := time.Since(<-interrupted); late != 0 {
			t.Errorf("ended %v after the interruption", late)
		}
		assert.Equal(t, "is canceled", true, errors.Is(err, context.Canceled))
		m := regexp.MustCompile(`\ntotal +(\d+) +(\d+) +(\d+) +(\d+) +\d+ +\d+ +\S+\n`).FindStringSubmatch(out.String())
		if m == nil {
			t.Fatalf("no summary:\n%s", &out)
		}
		total := 0
		for _, s := range m[1:] {
			var n int
			if _, err := fmt.Sscan(s, &n); err != nil || n == 0 {
				t.Errorf("nothing in a column of %q", m)
			}
			total += n
		}
		assert.Equal(t, "databases in the summary", 300, total)
		contains(t, out.String(), "already  started  failed  unfinished  reads", "\n"+m[4]+" databases unfinished. RDS has accepted the start of ")
		if strings.Contains(out.String(), "All other streams are started") {
			t.Errorf("reports all streams as started:\n%s", &out)
		}
	})
}

func TestRunRejectsInvalidFlags(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-databases 0", "-databases must be"},
		{"-databases many", "invalid value"},
		{"-databases 3 -live f.json", "mutually exclusive"},
		{"-yes", "-yes needs -live"},
		{"-max-wait 1h", "-max-wait needs -live"},
		{"-max-wait -1s -live f.json", "-max-wait must be positive"},
		{"-live " + t.TempDir() + "/none.json", "none.json"},
		{"-live", "flag needs an argument"},
		{"these", "unexpected argument"},
		{"-unknown", "not defined"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			err := program{out: io.Discard}.run(t.Context(), strings.Fields(tt.args))
			if _, ok := errors.AsType[*cli.UsageError](err); !ok {
				t.Fatalf("not a UsageError: %v", err)
			}
			contains(t, err.Error(), tt.want)
		})
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}
