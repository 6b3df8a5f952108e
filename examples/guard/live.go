package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
	"github.com/streamwarden/streamwarden-go/activitystream/kmsalias"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// runLive guards the resources of a file until ctx ends, or for a length that is not zero.
func runLive(ctx context.Context, g *guard, file string, length time.Duration, yes bool) error {
	data, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	regions, err := parse(file, data)
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	var databases, stores, eventStreams int
	for _, r := range regions {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(r.region))
		if err != nil {
			return err
		}
		streamClient := activitystream.NewFromConfig(cfg, func(o *activitystream.Options) { o.ResolveKey = kmsalias.Resolver(kms.NewFromConfig(cfg)) })
		if len(r.streams) > 0 {
			g.sources = append(g.sources, activityStreams(streamClient, g.settings, r.streams...))
		}
		for _, e := range r.records {
			g.records = append(g.records, liveRecording(streamClient, cfg, g, e))
		}
		storeClient, eventClient := ingestion.NewFromConfig(cfg), eventstream.NewFromConfig(cfg)
		for _, arn := range r.stores {
			g.sources = append(g.sources, eventDataStore(storeClient, g.settings, arn))
		}
		for _, in := range r.events {
			g.sources = append(g.sources, eventStream(eventClient, g.settings, in))
		}
		databases, stores, eventStreams = databases+len(r.streams), stores+len(r.stores), eventStreams+len(r.events)
	}
	if !yes {
		ok, err := cli.Confirm(ctx, os.Stdin, os.Stdout, question(databases, stores, eventStreams))
		if err != nil || !ok {
			fmt.Println("nothing was changed")
			return err
		}
	}
	if length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, length)
		defer cancel()
	}
	g.run(ctx)
	g.summarize(os.Stdout)
	return nil
}

// liveRecording returns the recording of a database of the account.
func liveRecording(client *activitystream.Client, cfg aws.Config, g *guard, e *streamEntry) *recording {
	return &recording{
		client: client, resourceArn: e.ResourceArn, restartAfter: e.restartAfter(), settings: g.settings, log: g.log,
		reader: func(s *activitystream.Stream) (*activityreader.Reader, error) {
			keys, err := kmskeys.New(kms.NewFromConfig(cfg), s.ResourceId)
			if err != nil {
				return nil, err
			}
			return activityreader.NewFromConfig(cfg, activityrecord.NewDecoder(keys), s.KinesisStreamName), nil
		},
	}
}

// question returns the question to confirm.
func question(databases, stores, events int) string {
	var parts []string
	for i, n := range []int{databases, stores, events} {
		if n > 0 {
			parts = append(parts, cli.Plural(n, []string{"activity stream", "event data store", "event stream"}[i]))
		}
	}
	warning := ""
	if databases > 0 {
		warning = " Starting an activity stream RESTARTS ITS DATABASE."
	}
	return fmt.Sprintf("This starts %s now if stopped, and again\nwhenever another actor stops them.%s Continue? [y/N] ",
		strings.Join(parts, ", "), warning)
}
