package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/show"
)

// maxWait bounds each wait on a simulator, whose transitions take a second instead of minutes.
const maxWait = time.Minute

// runSimulated runs the demonstration on simulators.
func runSimulated(ctx context.Context, lines *show.Lines) error {
	lines.Say("no AWS account is used: these are the simulators for your tests, with transitions of a second")
	return simulatedActivityStreams(ctx, lines)
}

func simulatedActivityStreams(ctx context.Context, lines *show.Lines) error {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.Policy = time.Second, time.Second, time.Second
	})
	cluster := server.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-postgresql"})
	instance := server.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Engine: "oracle-ee"})
	client := activitystream.NewFromConfig(server.Config(), func(o *activitystream.Options) {
		o.Wait.MinDelay = 200 * time.Millisecond // 5 s by default: databases take minutes
	})
	for _, database := range []struct {
		name string
		in   activitystream.StartInput
	}{
		{"cluster das-cluster", activitystream.StartInput{ResourceArn: cluster, Mode: activitystream.ModeSync}},
		{"instance my-orcl-db", activitystream.StartInput{ResourceArn: instance, Mode: activitystream.ModeAsync}},
	} {
		in := database.in
		in.KmsKeyId, in.ApplyImmediately = "alias/audit", true
		if err := demo(ctx, lines, client, database.name, &in, maxWait); err != nil {
			return err
		}
	}
	return nil
}
