//go:build server

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/ptytest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// TestInterrupt presses Ctrl-C in the program that shows an estate, on terminals of several widths
// and in a pipe. It says that the workflow goes on and how to stop it. The command stop ends the
// workflow, of which no worker warns.
func TestInterrupt(t *testing.T) {
	world := &simulated.World{Populate: simulated.Clusters(3, func(o *activitystreamtest.Options) { o.Starting = time.Hour })}
	s := newScene(t, world, 0)
	program := filepath.Join(s.dir, "worker")
	worker := ptytest.Start(t, 0, nil, program, "worker", "-address", s.address(), "-simulator", s.url)
	for i, columns := range []int{120, 80, 60, 0} {
		id := fmt.Sprintf("estate-%d", columns)
		p := ptytest.Start(t, columns, nil, program, "estate", "-address", s.address(), "-id", id,
			"-accounts", fmt.Sprintf("%d11111111111", i+1), "-regions", "us-east-1", "-apply-immediately")
		if columns > 0 {
			p.Until("3 streams")
		} else {
			p.Until(`"streams":3`)
		}
		p.Interrupt()
		status, raw := p.End()
		v := ptytest.Render(raw, columns)
		if text := strings.Join(strings.Fields(v.String()), " "); status != 0 || columns > 0 && v.Wrapped > 0 || !strings.Contains(text, "goes on without this program") || !strings.Contains(text, "stop -id "+id) {
			t.Errorf("%d columns: exit status %d, %d wrapped lines:\n%s", columns, status, v.Wrapped, text)
		}
		d, err := s.client.DescribeWorkflowExecution(t.Context(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		if state := d.GetWorkflowExecutionInfo().GetStatus(); state != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			t.Errorf("%s is %v after Ctrl-C", id, state)
		}
		if status, v := ptytest.Run(t, columns, nil, program, "stop", "-address", s.address(), "-id", id); status != 0 {
			t.Errorf("stop: exit status %d:\n%s", status, &v)
		}
		var end durable.Progress
		if err := s.client.GetWorkflow(t.Context(), id, "").Get(t.Context(), &end); err != nil || end.Ended["stopped"] != 3 {
			t.Errorf("%s ended with %v and %+v, want 3 stopped", id, err, end)
		}
	}
	worker.Interrupt()
	if status, raw := worker.End(); status != 0 || strings.Contains(raw, "WARN") {
		t.Errorf("worker: exit status %d:\n%s", status, raw)
	}
}
