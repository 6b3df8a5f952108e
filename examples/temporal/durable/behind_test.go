package durable_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// anything matches each argument of an activity.
const anything = "mock.Anything"

// TestWorkersBehind makes each result of a read wait until a worker takes it up, or the read until
// one starts it. No command is based on such a read. The workflows end for their deadline and for
// the stop signal, and continue in a new history, none of them more than one read later.
func TestWorkersBehind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, why string
		late      time.Duration
		unstarted bool // no worker starts the read
		maxWait   time.Duration
		world     func(*world)
		ended     string // or the error
		reads     string
	}{{
		name: "deadline", why: "the read that is under way at the deadline is the last", late: 5 * time.Minute, maxWait: 12 * time.Minute,
		ended: "timed out", reads: "5m0s 10m10s 15m25.25s",
	}, {
		name: "no worker", why: "a read that no worker starts is given up", late: time.Minute, unstarted: true, maxWait: 3 * time.Minute,
		ended: "timed out", reads: "1m0s 2m10s 3m20s",
	}, {
		name: "stop", why: "the signal is seen once the read has its result", late: 5 * time.Minute, maxWait: 24 * time.Hour,
		world: func(w *world) {
			w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(durable.SignalStop, nil) }, 6*time.Minute)
		},
		ended: "stopped", reads: "5m0s 10m10s",
	}, {
		name: "history", why: "a history that is long enough ends after the read", late: 5 * time.Minute, maxWait: 24 * time.Hour,
		world: func(w *world) {
			w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, 6*time.Minute)
		},
		ended: "continued", reads: "5m0s 10m10s",
	}} {
		for name, run := range map[string]func(*world) string{
			"Resource": func(w *world) string {
				w.env.ExecuteWorkflow(durable.Resource, resourceInput(tt.maxWait))
				var out durable.ResourceOutcome
				if w.env.GetWorkflowError() == nil && w.env.GetWorkflowResult(&out) == nil {
					return out.Ended
				}
				return ""
			},
			"Region": func(w *world) string {
				w.env.ExecuteWorkflow(durable.Region, durable.RegionInput{Place: here, Spec: startSpec(tt.maxWait)})
				var out durable.Progress
				if w.env.GetWorkflowError() == nil && w.env.GetWorkflowResult(&out) == nil {
					for ended := range out.Ended {
						return ended
					}
				}
				return ""
			},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, time.Second, "orders")
				w.reading = func(_ int, l *durable.ReadResult) error {
					l.At = l.At.Add(-tt.late)
					if tt.unstarted {
						return temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
					}
					return nil
				}
				w.env.OnActivity("Read", anything, anything, anything, anything).Return(w.read).After(tt.late)
				if tt.world != nil {
					tt.world(w)
				}
				ended := run(w)
				if _, ok := errors.AsType[*workflow.ContinueAsNewError](w.env.GetWorkflowError()); ok {
					ended = "continued"
				}
				got := []string{ended, w.instants(), strings.Join(w.commands, ", ")}
				if diff := cmp.Diff([]string{tt.ended, tt.reads, ""}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s%v", tt.why, diff, w.env.GetWorkflowError())
				}
			})
		}
	}
}

// TestResourceRestores goes back to the former settings when the start of a restart is rejected.
func TestResourceRestores(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7*time.Second)
	in := resourceInput(time.Hour)
	in.Spec.Restart = true
	former, err := json.Marshal(activitystream.StartInput{ResourceArn: in.ARN, Mode: activitystream.ModeSync})
	if err != nil {
		t.Fatal(err)
	}
	running := true
	w.reading = func(_ int, l *durable.ReadResult) error {
		if s := &l.Streams[0]; running {
			*s = durable.StreamResult{Status: started, Drift: &durable.ErrorInfo{Kind: statemachine.Drifted}, Settings: former}
		}
		return nil
	}
	w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
		running = false
		if n == 2 {
			return false, durable.CommandResult{Sent: true, Err: &durable.ErrorInfo{Kind: statemachine.KeyNotAccessible, Message: "no such key"}}, nil
		}
		return n == 3, durable.CommandResult{Sent: true}, nil
	}
	w.env.ExecuteWorkflow(durable.Resource, in)
	var out durable.ResourceOutcome
	if err := w.env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	want := []string{"1m0s StopActivityStream", "1m5s StartActivityStream", "1m10s StartActivityStream sync"}
	if diff := cmp.Diff(want, w.commands); diff != "" || out.Ended != string(statemachine.KeyNotAccessible) || !strings.Contains(out.Message, "former settings are restored") {
		t.Errorf("%s: %s (-want +got):\n%s", out.Ended, out.Message, diff)
	}
}
