package durable_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

func places(n int) (ps []durable.AccountRegion) {
	for i := range n {
		ps = append(ps, durable.AccountRegion{Account: fmt.Sprintf("%012d", i+1), Region: "us-east-1"})
	}
	return ps
}

// TestEstate spreads an estate over Estates of Estates of Regions, and gathers what they report.
func TestEstate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		places, fanout int
		why            string
	}{
		{1, 0, "a single place"},
		{3, 3, "as many as one workflow has parts"},
		{7, 2, "a tree, the last part of which is a single place"},
	} {
		w := newWorld(t, 12*time.Second, "orders", "was-gone")
		w.env.ExecuteWorkflow(durable.Estate, durable.EstateInput{Places: places(tt.places), Spec: startSpec(time.Hour), Fanout: tt.fanout})
		var out durable.Progress
		if err := w.env.GetWorkflowResult(&out); err != nil {
			t.Fatalf("%s: %v", tt.why, err)
		}
		n := tt.places
		out.Failures = nil
		want := durable.Progress{Streams: 2 * n, Ended: map[string]int{"reached": n, "gone": n}, Commands: n, Places: n}
		if diff := cmp.Diff(want, out); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestEstateStops passes a stop on to every Region.
func TestEstateStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Minute, "orders")
	w.env.RegisterDelayedCallback(func() {
		var p durable.Progress
		v, err := w.env.QueryWorkflow(durable.QueryProgress)
		if err == nil {
			err = v.Get(&p)
		}
		if want := (durable.Progress{Streams: 5, InProgress: map[string]int{"starting": 5}, Commands: 5, Places: 5, Open: 5}); !cmp.Equal(want, p) || err != nil {
			t.Errorf("progress (-want +got):\n%s%v", cmp.Diff(want, p), err)
		}
		w.env.SignalWorkflow(durable.SignalStop, nil)
		w.env.SignalWorkflow(durable.SignalStop, nil) // a second one does no harm
	}, 10*time.Minute)
	w.env.ExecuteWorkflow(durable.Estate, durable.EstateInput{Places: places(5), Spec: startSpec(time.Hour), Fanout: 3})
	var out durable.Progress
	if err := w.env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	want := durable.Progress{Streams: 5, Ended: map[string]int{"stopped": 5}, Commands: 5, Places: 5}
	if diff := cmp.Diff(want, out); diff != "" || w.since() > 11*time.Minute {
		t.Errorf("after %v (-want +got):\n%s", w.since(), diff)
	}
}
