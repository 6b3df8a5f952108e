//go:build server

package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

var record = flag.Bool("record", false, "record the histories that the tests of durable replay")

// TestRecord records histories: of one stream, of one whose command's response was lost with the
// worker, of an account in a Region, and of an estate. A history that was continued is recorded
// up to its continuation.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("run with -record")
	}
	var s *scene
	lost := false
	world := &simulated.World{Populate: simulated.Clusters(3, func(o *activitystreamtest.Options) {
		o.Starting = 3 * time.Second
		o.Intercept = func(c activitystreamtest.Call) *activitystreamtest.Failure {
			if c.Operation != activitystream.StartActivityStream || !lost {
				return nil
			}
			lost = false
			time.AfterFunc(200*time.Millisecond, func() { s.killWorker(-1) })
			return &activitystreamtest.Failure{Lost: true, Delay: 2 * time.Second}
		}
	})}
	s = newScene(t, world, 2)
	spec := durable.Spec{
		Target: activitystream.StatusStarted, MaxWait: 10 * time.Minute,
		Start: activitystream.StartInput{Mode: activitystream.ModeAsync, KmsKeyId: "alias/activity", ApplyImmediately: true},
		Timing: durable.Timing{
			MinDelay: time.Second, MaxDelay: 2 * time.Second, Grace: 6 * time.Second, Activity: 5 * time.Second, MaxReadAge: 5 * time.Second, Report: time.Second,
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	place := func(account string) durable.AccountRegion {
		return durable.AccountRegion{Account: account, Region: "us-east-1"}
	}
	one := func(account string) durable.ResourceInput {
		return durable.ResourceInput{Place: place(account), ARN: "arn:aws:rds:us-east-1:" + account + ":cluster:cluster-1", Spec: spec}
	}
	run := func(id string, workflow, in any) {
		t.Helper()
		if err := execute(ctx, t, s, id, workflow, in).Get(ctx, nil); err != nil {
			t.Fatal(err)
		}
		s.save(ctx, id, id)
	}
	run("resource", durable.Resource, one("111111111111"))
	lost = true
	run("resource-lost", durable.Resource, one("222222222222"))
	spec.Timing.Events = 60
	run("estate", durable.Estate, durable.EstateInput{Places: []durable.AccountRegion{place("333333333333"), place("444444444444")}, Spec: spec})
	s.save(ctx, place("333333333333").String(), "region")
}

// hosts matches the names of workers and of their queues, which contain the name of the machine
// that recorded.
var hosts = regexp.MustCompile(`"(identity|name)":\s*"(?:\d+@[^"]*|[^":]+(:[0-9a-f-]{36}))"`)

// save writes the history of the first run of a workflow.
func (s *scene) save(ctx context.Context, id, name string) {
	s.t.Helper()
	described, err := s.client.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		s.t.Fatal(err)
	}
	var h history.History
	first := described.GetWorkflowExecutionInfo().GetFirstRunId()
	for it := s.client.GetWorkflowHistory(ctx, id, first, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		if err != nil {
			s.t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	text, err := protojson.Marshal(&h)
	if err == nil {
		text = hosts.ReplaceAll(text, []byte(`"$1":"worker$2"`))
		err = os.WriteFile(filepath.Join("..", "durable", "testdata", name+".json"), append(text, '\n'), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
