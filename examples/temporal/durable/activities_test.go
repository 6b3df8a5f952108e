package durable_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// hands runs the activities against a simulated RDS.
type hands struct {
	t      *testing.T
	env    *testsuite.TestActivityEnvironment
	server *activitystreamtest.Server
	a      *durable.Activities
}

func newHands(t *testing.T, optFns ...func(*activitystreamtest.Options)) *hands {
	t.Helper()
	h := &hands{t: t, env: new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment(), server: activitystreamtest.NewServer(optFns...)}
	h.a = &durable.Activities{Connect: func(context.Context, durable.AccountRegion) (aws.Config, error) { return h.server.Config(), nil }}
	h.env.RegisterActivity(h.a)
	return h
}

func (h *hands) do(out, activity any, args ...any) {
	h.t.Helper()
	value, err := h.env.ExecuteActivity(activity, args...)
	if err == nil {
		err = value.Get(out)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

var place = durable.AccountRegion{Account: "123456789012", Region: "us-east-1"}

// timed returns a Spec with the timing that a workflow would have filled in.
func timed(perSecond float64) durable.Spec {
	w := startSpec(time.Hour)
	w.Timing = durable.Timing{Activity: time.Minute, PerSecond: perSecond}
	return w
}

// TestActivities reads and sends commands through the real SDK client.
func TestActivities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHands(t)
		orders := h.server.AddCluster(activitystreamtest.Cluster{Identifier: "orders"})
		other := h.server.AddCluster(activitystreamtest.Cluster{Identifier: "other", Status: started, Mode: activitystream.ModeSync})
		h.server.AddInstance(activitystreamtest.Instance{Identifier: "ledger"})
		old := h.server.AddCluster(activitystreamtest.Cluster{Identifier: "old", ResourceStatus: "stopped"})
		w := timed(8)

		var arns []string
		h.do(&arns, h.a.List, place, 8.0)
		if len(arns) != 4 {
			t.Errorf("listed: %v", arns)
		}
		var result durable.ReadResult
		gone := strings.Replace(orders, "orders", "gone", 1)
		h.do(&result, h.a.Read, place, w, []string{orders, other, gone, old})
		for i, want := range []string{"stopped", "started drifted", " not found", "stopped stuck"} {
			seen := result.Streams[i]
			got := string(seen.Status)
			switch {
			case seen.Err != nil:
				got += " " + string(seen.Err.Kind)
			case seen.Drift != nil:
				got += " " + string(seen.Drift.Kind)
			case seen.Stuck != nil:
				got += " stuck"
			}
			if got != want {
				t.Errorf("read of %d: %q, want %q", i, got, want)
			}
		}
		var ran durable.CommandResult
		h.do(&ran, h.a.Command, place, w, orders, activitystream.StartActivityStream, nil)
		if diff := cmp.Diff(durable.CommandResult{Sent: true}, ran); diff != "" || h.server.Status(orders) != starting {
			t.Errorf("start (-want +got):\n%s", diff)
		}
		ran = durable.CommandResult{}
		h.do(&ran, h.a.Command, place, w, other, activitystream.StopActivityStream, nil)
		if ran.Err != nil || h.server.Status(other) != activitystream.StatusStopping {
			t.Errorf("stop: %+v", ran)
		}
		ran = durable.CommandResult{}
		mysql := h.server.AddInstance(activitystreamtest.Instance{Engine: "mysql"})
		h.do(&ran, h.a.Command, place, w, mysql, activitystream.StartActivityStream, nil)
		if ran.Sent || ran.Err == nil || ran.Err.Kind != statemachine.Unsupported {
			t.Errorf("start of an unsupported database: %+v", ran)
		}
	})
}

// TestActivitiesOnce sends a command once, even if its response is lost.
func TestActivitiesOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHands(t)
		orders := h.server.AddCluster(activitystreamtest.Cluster{})
		h.server.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Lost: true})
		var ran durable.CommandResult
		h.do(&ran, h.a.Command, place, timed(8), orders, activitystream.StartActivityStream, nil)
		n := 0
		for _, c := range h.server.Calls() {
			if c.Operation == activitystream.StartActivityStream {
				n++
			}
		}
		if n != 1 || !ran.Sent || ran.Err == nil || ran.Err.Kind != statemachine.Unavailable {
			t.Errorf("%d starts: %+v %v", n, ran, ran.Err)
		}
	})
}
