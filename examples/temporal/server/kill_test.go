//go:build server

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// TestKill runs an estate while workers are killed with SIGKILL all the time, and the server once.
// Some workers are killed at the worst time: after RDS accepted a command, before they have the
// response. Every stream reaches its target, each is started once, and no account gets more calls
// than its quota allows.
func TestKill(t *testing.T) {
	const (
		streams   = 15
		perSecond = 10
		seed      = 9
	)
	faults := newFaultInjector(seed)
	world := &simulated.World{Populate: simulated.Clusters(streams, faults.options)}
	s := newScene(t, world, 3)
	faults.kill = func() { s.killWorker(-1) }
	spec := durable.Spec{
		Target: activitystream.StatusStarted, MaxWait: 10 * time.Minute,
		Start: activitystream.StartInput{Mode: activitystream.ModeAsync, KmsKeyId: "alias/activity", ApplyImmediately: true},
		Timing: durable.Timing{
			MinDelay: time.Second, MaxDelay: 2 * time.Second, Grace: 6 * time.Second, Activity: 5 * time.Second, MaxReadAge: 5 * time.Second,
			Report: time.Second, PerSecond: perSecond, Events: 80,
		},
	}
	in := durable.EstateInput{Spec: spec, Fanout: 3}
	for _, account := range []string{"111111111111", "222222222222", "333333333333"} {
		for _, region := range []string{"us-east-1", "eu-central-1"} {
			in.Places = append(in.Places, durable.AccountRegion{Account: account, Region: region})
		}
	}
	alone := durable.AccountRegion{Account: "444444444444", Region: "us-east-1"}
	arn := "arn:aws:rds:us-east-1:444444444444:cluster:cluster-1"
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	begin := time.Now()
	estate := execute(ctx, t, s, "estate", durable.Estate, in)
	resource := execute(ctx, t, s, "resource", durable.Resource, durable.ResourceInput{Place: alone, ARN: arn, Spec: spec})

	chaos, quiet := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { injectKills(chaos, s, seed) })
	var progress durable.Progress
	err := estate.Get(ctx, &progress)
	var outcome durable.ResourceOutcome
	if err2 := resource.Get(ctx, &outcome); err == nil {
		err = err2
	}
	took := time.Since(begin)
	quiet()
	wg.Wait()
	if err != nil {
		t.Fatalf("the workflows did not end: %v", err)
	}
	t.Logf("%d streams in %v, %d kills of workers, %d commands with a lost response: %+v", progress.Streams+1, took.Round(time.Second), s.kills, faults.lost, progress)
	want := streams * len(in.Places)
	if progress.Open != 0 || progress.Places != len(in.Places) || progress.Streams != want || progress.Ended["reached"] != want || progress.Commands != want {
		t.Errorf("progress: %+v, want %d streams started by one command each", progress, want)
	}
	if outcome.Ended != "reached" || len(outcome.Ensure.Accepted) != 1 {
		t.Errorf("the single stream: %+v", outcome)
	}
	if s.kills < 6 || faults.lost < 6 {
		t.Errorf("%d kills, %d lost commands: the test needs at least 6 each", s.kills, faults.lost)
	}
	for _, id := range []string{"estate", in.Places[0].String()} {
		d, err := s.client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			t.Fatal(err)
		}
		info := d.GetWorkflowExecutionInfo()
		if info.GetHistoryLength() > 300 || info.GetFirstRunId() == info.GetExecution().GetRunId() {
			t.Errorf("%s was not continued in a new history: %d events", id, info.GetHistoryLength())
		}
	}
	for _, p := range in.Places {
		examine(t, world.Server(p.Account, p.Region), p, streams, perSecond)
	}
	examine(t, world.Server(alone.Account, alone.Region), alone, 1, perSecond)
}

// injectKills kills a worker every few seconds, and the server once.
func injectKills(ctx context.Context, s *scene, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2*time.Second + time.Duration(rng.Int64N(int64(4*time.Second)))):
		}
		if n == 3 {
			s.restartServer(3 * time.Second)
			continue
		}
		s.killWorker(rng.IntN(8))
	}
}

// execute starts a workflow.
func execute(ctx context.Context, t *testing.T, s *scene, id string, workflow, in any) client.WorkflowRun {
	t.Helper()
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: durable.TaskQueue}, workflow, in)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// examine checks the calls that RDS got: each stream was started once, and no second has too many
// calls.
func examine(t *testing.T, s *activitystreamtest.Server, p durable.AccountRegion, streams, perSecond int) {
	t.Helper()
	accepted := map[string]int{}
	calls := s.Calls()
	for i, c := range calls {
		if c.Accepted && c.Operation == activitystream.StartActivityStream {
			accepted[c.Resource]++
		}
		if n := i + perSecond + 2; n < len(calls) && calls[n].At.Sub(c.At) < time.Second {
			t.Errorf("%s: %d calls in %v, from %v on", p, perSecond+3, calls[n].At.Sub(c.At), c.At)
		}
	}
	if len(accepted) != streams {
		t.Errorf("%s: %d streams were started, want %d", p, len(accepted), streams)
	}
	for i := range streams {
		arn := fmt.Sprintf("arn:aws:rds:%s:%s:cluster:cluster-%d", p.Region, p.Account, i+1)
		if accepted[arn] != 1 || s.Status(arn) != activitystream.StatusStarted || len(s.History(arn)) != 3 {
			t.Errorf("%s: %d starts, now %s: %v", arn, accepted[arn], s.Status(arn), s.History(arn))
		}
	}
}
