package ptytest_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
)

// example is how a program of this module is run without an AWS account.
type example struct {
	args      string
	parts     []string // of what it shows, in order, also on 60 columns
	terminal  string   // a part on a terminal
	status    int
	interrupt string // send Ctrl-C after this text
	long      bool   // has lines that must not be wrapped: for programs, or to copy
}

var examples = map[string]example{ //nolint:gochecknoglobals // a table
	"activity-lambda": {parts: []string{"statement failed", "record lost", "batchItemFailures"}},
	"custom-resource": {parts: []string{"orders  is stopped, needs StartDBInstance", "starting → available", "failed as expected"}},
	"failed-logins":   {parts: []string{"engine", "root", "203.0.113.9", "5 records"}},
	"fleet": {
		args:     "-databases 120",
		parts:    []string{"120 simulated databases", "us-east-1", "sa-east-1", "total", "account", "Region", "mean", "unsupported", "All other streams are started."},
		terminal: "100% 120/120",
	},
	"guard":      {args: "-for 3500ms", parts: []string{"another actor interferes", "STOPPING_INGESTION", "repaired", "resource", "last state", "failures"}},
	"minimal":    {args: "-h", parts: []string{"Minimal prints"}},
	"quickstart": {parts: []string{"no AWS account", "das-cluster  is starting", "done", "locked → unlocking-policy", "audit  done", "profile-events  done"}},
	"recorder":   {args: "-for 3s", parts: []string{"stopped → starting", "recorded", "select", "Recorded", "shards"}, terminal: "app select total", long: true},
	"simulator":  {args: "-addr :0", parts: []string{"listening on http://127.0.0.1:", "cluster:das-cluster", "export AWS_ENDPOINT_URL=http://127.0.0.1:"}, interrupt: "Calls:", long: true},
}

// start starts an example.
func (e example) start(t *testing.T, columns int, program string) *ptytest.Program {
	t.Helper()
	return ptytest.Start(t, columns, nil, program, strings.Fields(e.args)...)
}

// check waits for the end of an example and checks what it shows.
func (e example) check(t *testing.T, columns int, p *ptytest.Program) {
	t.Helper()
	if e.interrupt != "" {
		p.Until(e.interrupt)
		p.Interrupt()
	}
	status, raw := p.End()
	v := ptytest.Render(raw, columns)
	if status != e.status || len(v.Unknown) > 0 || v.Wrapped > 0 && !e.long {
		t.Errorf("exit status %d, %d wrapped lines, unknown sequences %q:\n%s", status, v.Wrapped, v.Unknown, &v)
	}
	rest := strings.Join(strings.Fields(v.String()), " ") // a wrapped line is still the same text
	for _, part := range e.parts {
		_, after, ok := strings.Cut(rest, strings.Join(strings.Fields(part), " "))
		if !ok {
			t.Errorf("no %q in this order:\n%s", part, &v)
		}
		rest = after
	}
	if all := strings.Join(strings.Fields(v.String()), " "); columns > 0 && !strings.Contains(all, e.terminal) {
		t.Errorf("no %q:\n%s", e.terminal, &v)
	}
	if columns == 0 && v.Colors {
		t.Errorf("colors in a pipe:\n%s", &v)
	}
}

// TestPrograms runs each program on terminals of several widths and in a pipe.
func TestPrograms(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot send Ctrl-C to another process")
	}
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := ptytest.Build(t, "../../"+name)
			help := example{args: "-h", parts: []string{strings.ToUpper(name[:1]) + name[1:], "go run ./examples/" + name}}
			widths := []int{120, 80, 60, 0}
			running := make([][2]*ptytest.Program, len(widths)) // all at once, because they mostly wait
			for i, columns := range widths {
				running[i] = [2]*ptytest.Program{e.start(t, columns, program), help.start(t, columns, program)}
			}
			for i, columns := range widths {
				t.Run(fmt.Sprintf("%d columns", columns), func(t *testing.T) {
					e.check(t, columns, running[i][0])
					help.check(t, columns, running[i][1])
				})
			}
		})
	}
}

// TestTerminalSettings checks TERM=dumb and NO_COLOR.
func TestTerminalSettings(t *testing.T) {
	t.Parallel()
	program := ptytest.Build(t, "../../fleet")
	for _, tt := range []struct {
		env            string
		colors, redraw bool
	}{{"TERM=xterm", true, true}, {"NO_COLOR=1", false, true}, {"TERM=dumb", false, false}} {
		t.Run(tt.env, func(t *testing.T) {
			t.Parallel()
			_, raw := ptytest.Start(t, 80, []string{tt.env}, program, "-databases", "24").End()
			v := ptytest.Render(raw, 80)
			if redraw := strings.Contains(raw, "\x1b[K"); v.Colors != tt.colors || redraw != tt.redraw {
				t.Errorf("colors: %v, lines are redrawn: %v\n%s", v.Colors, redraw, &v)
			}
		})
	}
}

// TestResizeLeavesNothingStale makes the terminal narrower, and wider again, while fleet draws its
// bars. It shows the output on a terminal that wraps what was drawn before, as most do, and on one
// that does not.
func TestResizeLeavesNothingStale(t *testing.T) {
	t.Parallel()
	p := ptytest.Start(t, 120, nil, ptytest.Build(t, "../../fleet"), "-databases", "240")
	var resizes []ptytest.Resize
	for _, columns := range []int{60, 100, 60} {
		for range 10 { // times that the bars are drawn
			p.Until("total")
		}
		resizes = append(resizes, p.Resize(columns))
	}
	status, raw := p.End()
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, rewraps := range []bool{false, true} {
		for i := range resizes {
			resizes[i].Rewraps = rewraps
			resizes[i].After = firstDrawn(raw, resizes[i])
		}
		v := ptytest.RenderResized(raw, 120, resizes...)
		stale := slices.ContainsFunc(v.Lines, func(line string) bool { return strings.Contains(line, "░") })
		if n := strings.Count(v.String(), "sa-east-1  "); n < 3 || strings.Count(v.String(), "█") == 0 || stale {
			t.Errorf("rewraps: %v, %d lines of a Region, stale bars: %v\n%s", rewraps, n, stale, &v)
		}
		if rewraps && !strings.HasPrefix(v.String(), "240 simulated databases") {
			t.Errorf("the first line was erased:\n%s", &v)
		}
	}
}

// firstDrawn returns where fleet begins to draw its bars for a new width. What was under way before
// that was drawn for the former width.
func firstDrawn(raw string, r ptytest.Resize) int {
	const erase = "\r\x1b[K"
	for at := r.After; ; at += len(erase) {
		i := strings.Index(raw[at:], erase)
		if i < 0 {
			return r.After
		}
		at += i
		bars, _, _ := strings.Cut(raw[at+len(erase):], erase)
		if wide := strings.Contains(bars, " failed"); wide == (r.Columns >= 72) {
			return at
		}
	}
}

// TestLiveNeedsTerminal checks that no program with -live goes on without a confirmation.
func TestLiveNeedsTerminal(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"custom-resource": "-live -instance orders -status stopped",
		"fleet":           "-live databases.json",
		"guard":           "-live resources.json",
		"quickstart":      "-live -resource-arn arn:aws:rds:us-east-1:123456789012:cluster:das-cluster -kms-key-id alias/audit",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, v := ptytest.Run(t, 0, nil, ptytest.Build(t, "../../"+name), strings.Fields(args)...)
			if status != 2 || !strings.Contains(v.String(), "add -yes") {
				t.Errorf("exit status %d:\n%s", status, &v)
			}
		})
	}
}
