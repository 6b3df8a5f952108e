package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
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

// clients are the clients of one Region.
type clients struct {
	cfg     aws.Config
	streams *activitystream.Client
	stores  *ingestion.Client
	events  *eventstream.Client
}

// runLive guards the resources of a file until ctx ends, or for a length that is not zero.
func runLive(ctx context.Context, g *guard, file string, length time.Duration, yes bool) error {
	regions, err := cli.LoadFile(file, parse)
	if err != nil {
		return err
	}
	counts := map[string]int{} // by kind
	for region, entries := range regions {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
		if err != nil {
			return err
		}
		c := &clients{cfg, activitystream.NewFromConfig(cfg, func(o *activitystream.Options) {
			o.ResolveKey = kmsalias.Resolver(kms.NewFromConfig(cfg))
		}), ingestion.NewFromConfig(cfg), eventstream.NewFromConfig(cfg)}
		for _, e := range entries {
			e.addTo(g, c)
			kind, _, _ := e.resource()
			counts[kind]++
		}
	}
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stdout, question(counts)); !ok {
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

// question returns the question to confirm, for a number of resources of each kind.
func question(counts map[string]int) string {
	parts := make([]string, 0, len(counts))
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, cli.Plural(counts[kind], kind))
	}
	warning := ""
	if counts["activity stream"] > 0 {
		warning = " Starting an activity stream RESTARTS ITS DATABASE."
	}
	return fmt.Sprintf("This starts %s now if stopped, and again\nwhenever another actor stops them.%s Continue? [y/N] ",
		strings.Join(parts, ", "), warning)
}
