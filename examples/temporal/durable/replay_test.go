package durable_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// TestReplay replays histories that a real server recorded, with workers that were killed. It fails
// after a change of the workflows, or of the library's rules, with which a running workflow would
// decide differently. Record the histories again, in ../server, with:
//
//	go test -tags server -count 1 -run TestRecord -record .
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("histories: %v %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			history, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflow(durable.Resource)
			r.RegisterWorkflow(durable.Region)
			r.RegisterWorkflow(durable.Estate)
			if err := r.ReplayWorkflowHistory(nil, history); err != nil {
				t.Fatal(err)
			}
			var activities, timers, tasks int
			for _, e := range history.GetEvents() {
				switch e.GetEventType() { //nolint:exhaustive // those that are counted
				case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
					activities++
				case enums.EVENT_TYPE_TIMER_FIRED:
					timers++
				case enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
					tasks++
				}
			}
			if want := 5 + activities*eventsOfActivity + timers*eventsOfTimer; f.Name() == filepath.Join("testdata", "resource.json") && len(history.GetEvents()) != want {
				t.Errorf("%d events, want %d: the constants of TestSizingRegion are wrong", len(history.GetEvents()), want)
			}
			t.Logf("%d events: %d activities, %d timers, %d workflow tasks", len(history.GetEvents()), activities, timers, tasks)
		})
	}
}
