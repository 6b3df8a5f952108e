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
	"github.com/streamwarden/streamwarden-go/activitystream/kmsalias"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// runLive guards the resources of a file until ctx ends, or for a length that is not zero.
func runLive(ctx context.Context, g *guard, file string, length time.Duration, yes bool) error {
	regions, err := cli.LoadFile(file, parse)
	if err != nil {
		return err
	}
	var databases, stores, eventStreams int
	for _, r := range regions {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(r.region))
		if err != nil {
			return err
		}
		g.add(cfg, r)
		databases, stores, eventStreams = databases+len(r.streams), stores+len(r.stores), eventStreams+len(r.events)
	}
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stdout, question(databases, stores, eventStreams)); !ok {
		return err
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

// add adds the resources of a Region.
func (g *guard) add(cfg aws.Config, r *regionConfig) {
	client := activitystream.NewFromConfig(cfg, func(o *activitystream.Options) { o.ResolveKey = kmsalias.Resolver(kms.NewFromConfig(cfg)) })
	g.sources = append(g.sources,
		activityStreams(client, g.settings, r.streams...),
		eventDataStores(ingestion.NewFromConfig(cfg), g.settings, r.stores...),
		eventStreams(eventstream.NewFromConfig(cfg), g.settings, r.events...))
	for _, e := range r.records {
		g.records = append(g.records, &recording{
			client: client, cfg: cfg, resourceArn: e.ResourceArn, restartAfter: e.restartAfter(), settings: g.settings, log: g.log,
		})
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
