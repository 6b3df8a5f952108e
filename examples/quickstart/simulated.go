package main

import (
	"context"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// maxWait bounds each wait on a simulator, whose transitions take a second instead of minutes.
const maxWait = time.Minute

// runSimulated runs the demonstration on simulators.
func runSimulated(ctx context.Context, lines *cli.Screen) error {
	fmt.Fprintln(lines, "Simulated: no AWS account is used, and transitions take 1 s.")
	for _, example := range []struct {
		what string
		run  func(context.Context, *cli.Screen) error
	}{
		{"Activity streams of an Aurora cluster and an Oracle instance", simulatedActivityStreams},
		{"Ingestion of a CloudTrail Lake event data store", simulatedIngestion},
		{"A Customer Profiles event stream", simulatedEventStream},
	} {
		fmt.Fprintf(lines, "\n%s\n", lines.Paint(cli.Bold, example.what))
		if err := example.run(ctx, lines); err != nil {
			return err
		}
	}
	return nil
}

func simulatedActivityStreams(ctx context.Context, lines *cli.Screen) error {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.PolicyChange = time.Second, time.Second, time.Second
	})
	cluster := server.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-postgresql"})
	instance := server.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Engine: "oracle-ee"})
	client := activitystream.NewFromConfig(server.Config(), func(o *activitystream.Options) {
		o.Wait.MinDelay = 200 * time.Millisecond // 5 s by default
	})
	for _, database := range []struct {
		name string
		in   activitystream.StartInput
	}{
		{"das-cluster", activitystream.StartInput{ResourceArn: cluster, Mode: activitystream.ModeSync}},
		{"my-orcl-db", activitystream.StartInput{ResourceArn: instance, Mode: activitystream.ModeAsync}},
	} {
		in := database.in
		in.KmsKeyId, in.ApplyImmediately = "alias/audit", true
		if _, err := demo(ctx, lines, client, database.name, &in, maxWait); err != nil {
			return err
		}
	}
	return nil
}

func simulatedIngestion(ctx context.Context, lines *cli.Screen) error {
	const name = "audit"
	server := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting, o.Stopping = time.Second, time.Second })
	store := server.AddEventDataStore(ingestiontest.EventDataStore{Name: "audit", Status: ingestion.StatusStoppedIngestion})
	client := ingestion.NewFromConfig(server.Config(), func(o *ingestion.Options) {
		o.Wait.MinDelay, o.Wait.OnProgress = 200*time.Millisecond, lines.Follow(name) // 2 s by default
	})
	started, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: store}, maxWait)
	if err != nil {
		return err
	}
	stopped, err := client.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: store}, maxWait)
	if err != nil {
		return err
	}
	lines.Printf("%s  done, ran %v", name, append(started.Operations, stopped.Operations...))
	return nil
}

func simulatedEventStream(ctx context.Context, lines *cli.Screen) error {
	ref := eventstream.Ref{DomainName: "customers", EventStreamName: "profile-events"}
	name := ref.EventStreamName
	server := eventstreamtest.NewServer(func(o *eventstreamtest.Options) { o.DestinationSetup = time.Second })
	server.AddDomain(ref.DomainName)
	client := eventstream.NewFromConfig(server.Config(), func(o *eventstream.Options) {
		o.Wait.MinDelay, o.Wait.OnProgress = 200*time.Millisecond, lines.Follow(name) // 2 s by default
	})
	created, err := client.EnsureCreated(ctx, &eventstream.CreateInput{
		Ref: ref, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	}, maxWait)
	if err != nil {
		return err
	}
	healthy := lines.Follow(name + " (destination)")
	if _, err := client.WaitHealthy(ctx, ref, maxWait, func(o *eventstream.Options) { o.Wait.OnProgress = healthy }); err != nil {
		return err
	}
	deleted, err := client.EnsureDeleted(ctx, ref, maxWait)
	if err != nil {
		return err
	}
	lines.Printf("%s  done, ran %v", name, append(created.Operations, deleted.Operations...))
	return nil
}
