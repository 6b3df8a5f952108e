package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// runLive guards the resources of a file until it is interrupted, or for a time that is not zero.
func runLive(ctx context.Context, g *guard, file string, length time.Duration, yes bool) error {
	data, err := os.ReadFile(file) //nolint:gosec // the file that the user names
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	regions, err := parse(file, data)
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	var databases, stores, eventStreams int
	for _, w := range regions {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(w.region))
		if err != nil {
			return err
		}
		if len(w.streams) > 0 {
			g.sources = append(g.sources, activityStreams(activitystream.NewFromConfig(cfg), g.rules, w.streams...))
		}
		storeClient, events := ingestion.NewFromConfig(cfg), eventstream.NewFromConfig(cfg) // one of each, so that they share their quotas
		for _, arn := range w.stores {
			g.sources = append(g.sources, eventDataStore(storeClient, g.rules, arn))
		}
		for _, in := range w.events {
			g.sources = append(g.sources, eventStream(events, g.rules, in))
		}
		databases, stores, eventStreams = databases+len(w.streams), stores+len(w.stores), eventStreams+len(w.events)
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

// question is what is asked before anything is done.
func question(databases, stores, events int) string {
	var what []string
	for _, kind := range []struct {
		n    int
		name string
	}{{databases, "activity stream"}, {stores, "event data store"}, {events, "event stream"}} {
		switch {
		case kind.n == 1:
			what = append(what, "1 "+kind.name)
		case kind.n > 1:
			what = append(what, fmt.Sprintf("%d %ss", kind.n, kind.name))
		}
	}
	warning := ""
	if databases > 0 {
		warning = " To start an activity stream RESTARTS ITS DATABASE."
	}
	return fmt.Sprintf("This switches on what is off of %s, now and whenever\nsomebody switches it off.%s Go on? [y/N] ", strings.Join(what, ", "), warning)
}
