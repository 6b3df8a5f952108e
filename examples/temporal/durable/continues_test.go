package durable_test

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// payload decodes the input of the next history.
func payload(e *workflow.ContinueAsNewError, in any) error {
	return converter.GetDefaultDataConverter().FromPayloads(e.Input, in)
}

// TestResourceContinues continues in a new history after every step, with the result of one
// history.
func TestResourceContinues(t *testing.T) {
	t.Parallel()
	in, at, commands, runs := resourceInput(10*time.Minute), time.Duration(0), 0, 0
	var out durable.ResourceOutcome
	var begun time.Time
	for ; ; runs++ {
		w := newWorld(t, 42*time.Second)
		w.env.SetStartTime(w.begin.Add(at))
		w.env.SetContinueAsNewSuggested(true) // after every step
		if !begun.IsZero() {
			w.started[in.ARN] = begun
		}
		w.env.ExecuteWorkflow(durable.Resource, in)
		at, begun, commands = w.since(), w.started[in.ARN], commands+len(w.commands)
		err := w.env.GetWorkflowError()
		again, ok := errors.AsType[*workflow.ContinueAsNewError](err)
		if !ok {
			if err := w.env.GetWorkflowResult(&out); err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := payload(again, &in); err != nil {
			t.Fatal(err)
		}
	}
	if out.Ended != "reached" || commands != 1 || out.Ensure.Track.Reads != runs+1 || at != 45*time.Second {
		t.Errorf("%s after %v, %d commands, %d reads in %d histories", out.Ended, at, commands, out.Ensure.Track.Reads, runs+1)
	}
}
