package durable_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestRegion brings three streams of a place to the state, one of which is not there any more.
func TestRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 12*time.Second, "orders", "users", "was-gone")
	w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
		if n == 2 {
			return false, durable.CommandResult{Sent: true, Err: &durable.ErrorInfo{Kind: statemachine.AccessDenied, Message: "not allowed"}}, nil
		}
		return true, durable.CommandResult{Sent: true}, nil
	}
	var asked durable.Progress
	w.env.RegisterDelayedCallback(func() {
		v, err := w.env.QueryWorkflow(durable.QueryProgress)
		if err != nil || v.Get(&asked) != nil {
			t.Errorf("query: %v", err)
		}
	}, 11*time.Second)
	w.env.ExecuteWorkflow(durable.Region, durable.RegionInput{Place: here, Spec: startSpec(time.Hour)})
	var out durable.Progress
	if err := w.env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	failures := out.Failures
	out.Failures, asked.Failures = nil, nil
	ended := map[string]int{"access denied": 1}
	if diff := cmp.Diff(durable.Progress{Streams: 3, Ended: ended, InProgress: map[string]int{"starting": 1, "unread": 1}, Commands: 1, Places: 1, Open: 1}, asked); diff != "" {
		t.Errorf("progress after 11 s (-want +got):\n%s", diff)
	}
	ended = map[string]int{"gone": 1, "access denied": 1, "reached": 1}
	if diff := cmp.Diff(durable.Progress{Streams: 3, Ended: ended, Commands: 1, Places: 1}, out); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if len(failures) != 2 || !strings.Contains(fmt.Sprint(failures), "not allowed") {
		t.Errorf("failures: %v", failures)
	}
	want := []readCall{{0, here, 3}, {5 * time.Second, here, 1}, {10 * time.Second, here, 2}, {15 * time.Second, here, 1}}
	for at := 20 * time.Second; at <= time.Minute; at += 10 * time.Second { // a missing resource is believed after Grace
		want = append(want, readCall{at, here, 1})
	}
	if diff := cmp.Diff(want, w.reads); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}

// TestRegionStops runs no command after a stop, not even those that the read before it led to.
func TestRegionStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, "a", "b", "c")
	w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
		if n == 2 {
			w.env.SignalWorkflow(durable.SignalStop, nil)
		}
		return true, durable.CommandResult{Sent: true}, nil
	}
	w.env.ExecuteWorkflow(durable.Region, durable.RegionInput{Place: here, Spec: startSpec(time.Hour)})
	var out durable.Progress
	if err := w.env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(durable.Progress{Streams: 3, Ended: map[string]int{"stopped": 3}, Commands: 2, Places: 1}, out); diff != "" || len(w.commands) != 2 {
		t.Errorf("%v (-want +got):\n%s", w.commands, diff)
	}
}

// TestRegionContinues continues in a new history after every step. The Ensure calls and the counts
// continue, too.
func TestRegionContinues(t *testing.T) {
	t.Parallel()
	in, at, commands, runs := durable.RegionInput{Place: here, Spec: startSpec(time.Hour)}, time.Duration(0), 0, 0
	begun := map[string]time.Time{}
	var out durable.Progress
	for ; ; runs++ {
		w := newWorld(t, 31*time.Second, "a", "b", "c-gone")
		w.env.SetStartTime(w.begin.Add(at))
		w.env.SetContinueAsNewSuggested(true)
		w.started = begun
		w.env.ExecuteWorkflow(durable.Region, in)
		at, commands = w.since(), commands+len(w.commands)
		again, ok := errors.AsType[*workflow.ContinueAsNewError](w.env.GetWorkflowError())
		if !ok {
			if err := w.env.GetWorkflowResult(&out); err != nil {
				t.Fatal(err)
			}
			break
		}
		in = durable.RegionInput{}
		if err := payload(again, &in); err != nil {
			t.Fatal(err)
		}
	}
	out.Failures = nil
	want := durable.Progress{Streams: 3, Ended: map[string]int{"reached": 2, "gone": 1}, Commands: 2, Places: 1}
	if diff := cmp.Diff(want, out); diff != "" || commands != 2 || runs != 11 || at != time.Minute {
		t.Errorf("%d commands, %d histories, %v (-want +got):\n%s", commands, runs, at, diff)
	}
}
