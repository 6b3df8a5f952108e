package main

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// newLive returns a database of the user's account. It returns nil if the user does not want its
// stream to be started.
func newLive(ctx context.Context, in *activitystream.StartInput, yes bool) (*source, error) {
	if err := in.Validate(); err != nil {
		return nil, cli.InvalidFlags(err)
	}
	if err := cli.CanConfirm(os.Stdin); err != nil && !yes {
		return nil, err
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(a.Region))
	if err != nil {
		return nil, err
	}
	client := activitystream.NewFromConfig(cfg)
	stream, err := client.Get(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	yes = yes || stream.Status == activitystream.StatusStarted
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stderr, "Starting the activity stream RESTARTS THE DATABASE. Continue? [y/N] "); !ok {
		return nil, err
	}
	return &source{client: client, in: *in, cfg: cfg, maxWait: 2 * time.Hour}, nil
}
