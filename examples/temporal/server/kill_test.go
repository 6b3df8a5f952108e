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

// TestKill brings an estate to its state while workers are killed with SIGKILL all the time, at the worst moment of all too,
// when RDS has taken a command and no one has heard its answer; and the server once, too. Every stream arrives, each was
// started once, and no account got more calls than its quota has.
func TestKill(t *testing.T) {
	const (
		streams   = 15
		perSecond = 10
		seed      = 9
	)
	fates := newFates(seed)
	world := &simulated.World{Populate: simulated.Clusters(streams, fates.options)}
	s := newScene(t, world, 3)
	fates.kill = func() { s.killWorker(-1) }
	wish := durable.Spec{
		Target: activitystream.StatusStarted, MaxWait: 10 * time.Minute,
		Start: activitystream.StartInput{Mode: activitystream.ModeAsync, KmsKeyId: "alias/activity", ApplyImmediately: true},
		Timing: durable.Timing{
			MinDelay: time.Second, MaxDelay: 2 * time.Second, Grace: 6 * time.Second, Activity: 5 * time.Second, MaxReadAge: 5 * time.Second,
			Report: time.Second, PerSecond: perSecond, Events: 80,
		},
	}
	in := durable.EstateInput{Wish: wish, Fanout: 3}
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
	resource := execute(ctx, t, s, "resource", durable.Resource, durable.ResourceInput{Place: alone, ARN: arn, Wish: wish})

	chaos, quiet := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { trouble(chaos, s, seed) })
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
		t.Fatalf("it did not end: %v", err)
	}
	t.Logf("%d streams in %v, %d kills of workers, %d commands whose answer was lost: %+v", progress.Streams+1, took.Round(time.Second), s.kills, fates.lost, progress)
	want := streams * len(in.Places)
	if progress.Open != 0 || progress.Places != len(in.Places) || progress.Streams != want || progress.Ended["arrived"] != want || progress.Commands != want {
		t.Errorf("progress: %+v, want %d streams arrived by a command each", progress, want)
	}
	if outcome.Ended != "arrived" || len(outcome.Ensure.Accepted) != 1 {
		t.Errorf("the one stream: %+v", outcome)
	}
	if s.kills < 6 || fates.lost < 6 {
		t.Errorf("%d kills, %d lost commands: this was no test", s.kills, fates.lost)
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

// trouble kills a worker every now and then, and the server once.
func trouble(ctx context.Context, s *scene, seed uint64) {
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

// examine looks at what RDS saw: each stream was started once, and there was no second with too many calls.
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
