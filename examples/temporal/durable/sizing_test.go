package durable_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// Events of a history, as TestReplay finds them in recorded ones: scheduled, started, completed,
// and the three of a workflow task.
const (
	eventsOfActivity = 3 + 3
	eventsOfTimer    = 2 + 3
)

// TestSizingRegion simulates a day of one place with 200 streams whose maintenance windows are
// spread over it. It logs the figures of the README.
func TestSizingRegion(t *testing.T) {
	t.Parallel()
	const streams, day = 200, 24 * time.Hour
	var names []string
	for i := range streams {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	in := durable.RegionInput{Place: here, Spec: startSpec(8 * day)}
	in.Spec.Start.ApplyImmediately = false
	var activities, timers, histories, largest int
	begun, at := map[string]time.Time{}, time.Duration(0)
	var out durable.Progress
	for {
		w := newWorld(t, 0, names...)
		w.env.SetStartTime(w.begin.Add(at))
		w.window, w.started = func(i int) time.Duration { return time.Duration(i+1) * day / streams }, begun
		events := 0
		w.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++; events += eventsOfTimer })
		w.counting = func() {
			activities++
			if events += eventsOfActivity; events >= 4096 { // where the server suggests it
				w.env.SetContinueAsNewSuggested(true)
			}
		}
		histories++
		w.env.ExecuteWorkflow(durable.Region, in)
		at = w.since()
		again, ok := errors.AsType[*workflow.ContinueAsNewError](w.env.GetWorkflowError())
		if !ok {
			if err := w.env.GetWorkflowResult(&out); err != nil {
				t.Fatal(err)
			}
			break
		}
		in = durable.RegionInput{}
		if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &in); err != nil {
			t.Fatal(err)
		}
		size, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(size))
	}
	events := activities*eventsOfActivity + timers*eventsOfTimer
	t.Logf("%d streams in %v: %d commands, %d activities, %d timers, %d events in %d histories; a history is continued with up to %d bytes",
		streams, at, out.Commands, activities, timers, events, histories, largest)
	if out.Ended["reached"] != streams || out.Commands != streams || at < day || at > day+2*time.Minute {
		t.Errorf("after %v: %+v", at, out)
	}
	if reads := activities - streams - 1; reads < timers || reads > 2*timers+2 || timers > 1100 { // 720 at 2 minutes, and the first hours' shorter delays
		t.Errorf("%d reads of up to 100 streams, want one or two every 2 minutes", reads)
	}
	if largest > 2<<20/5 { // a place may have five times as many
		t.Errorf("%d bytes for %d streams: 1,000 are too many for an input of 2 MB", largest, streams)
	}
}

// TestSizingCalls counts the RDS calls of the activities of one place with 200 streams, at 8
// calls per second.
func TestSizingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const streams = 200
		h, w := newHands(t), timed(8)
		var arns []string
		for i := range streams {
			arns = append(arns, h.server.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("c%d", i)}))
		}
		begin := time.Now()
		measure := func(what string, times int, do func()) (calls int, took time.Duration) {
			before, since := len(h.server.Calls()), time.Now()
			do()
			calls, took = (len(h.server.Calls())-before)/times, time.Since(since)/time.Duration(times)
			t.Logf("%s: %d calls, %v", what, calls, took)
			return calls, took
		}
		if calls, took := measure("a read of 200", 1, func() {
			var result durable.ReadResult
			h.do(&result, h.a.Read, place, w, arns[:100])
			h.do(&result, h.a.Read, place, w, arns[100:])
		}); calls != 2 || took != 2*time.Second/8 {
			t.Errorf("%d calls in %v", calls, took)
		}
		if calls, took := measure("a start", streams, func() {
			for _, arn := range arns {
				var ran durable.CommandResult
				if h.do(&ran, h.a.Command, place, w, arn, activitystream.StartActivityStream, nil); ran.Err != nil {
					t.Fatal(ran.Err)
				}
			}
		}); calls != 4 || took != 5*time.Second/8 {
			t.Errorf("%d calls in %v", calls, took)
		}
		t.Logf("all of it: %d calls in %v", len(h.server.Calls()), time.Since(begin))
	})
}
