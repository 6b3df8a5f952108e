//go:build server

package main

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

var load = flag.Bool("load", false, "measure the processor time of a worker and the server")

// TestLoad measures the processor time of one worker and the server for the reads and commands of
// an estate, and the size of a history. Processor time does not depend on other load on the
// machine.
func TestLoad(t *testing.T) {
	if !*load {
		t.Skip("with -load only")
	}
	const streams, places = 200, 8
	for _, tt := range []struct {
		name     string
		starting time.Duration
	}{{"a short wait", time.Second}, {"a long wait", 3 * time.Minute}} {
		world := &simulated.World{Populate: simulated.Clusters(streams, func(o *activitystreamtest.Options) { o.Starting = tt.starting })}
		s := newScene(t, world, 1)
		spec := durable.Spec{
			Target: activitystream.StatusStarted, MaxWait: time.Hour,
			Start:  activitystream.StartInput{Mode: activitystream.ModeAsync, KmsKeyId: "alias/activity", ApplyImmediately: true},
			Timing: durable.Timing{MinDelay: 2 * time.Second, MaxDelay: 2 * time.Second, PerSecond: 100, MaxReadAge: 5 * time.Minute},
		}
		in := durable.EstateInput{Spec: spec}
		for i := range places {
			in.Places = append(in.Places, durable.AccountRegion{Account: fmt.Sprintf("%012d", i+1), Region: "us-east-1"})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		begin := time.Now()
		var p durable.Progress
		if err := execute(ctx, t, s, "estate", durable.Estate, in).Get(ctx, &p); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		reads, calls := 0, 0
		for _, place := range in.Places {
			for _, c := range world.Server(place.Account, place.Region).Calls() {
				if calls++; c.ResourceCount > 1 {
					reads++
				}
			}
		}
		described, err := s.client.DescribeWorkflowExecution(ctx, in.Places[0].String(), "")
		if err != nil {
			t.Fatal(err)
		}
		info := described.GetWorkflowExecutionInfo()
		kill(s.workers[0])
		kill(s.server)
		worker, server := s.workers[0].ProcessState, s.server.ProcessState
		t.Logf("%s: %d streams, %d commands, %d batched reads, %d calls in %v; processor time: worker %v, server %v; last history %d events, %d bytes", tt.name,
			p.Streams, p.Commands, reads, calls, took.Round(time.Second), worker.UserTime()+worker.SystemTime(), server.UserTime()+server.SystemTime(),
			info.GetHistoryLength(), info.GetHistorySizeBytes())
		s.workers, s.server = nil, nil
	}
}
