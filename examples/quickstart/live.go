package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// runLive runs the demonstration on a database of the user.
func runLive(ctx context.Context, lines *cli.Screen, in *activitystream.StartInput, yes bool) error {
	if err := in.Validate(); err != nil {
		return cli.InvalidFlags(err)
	}
	if err := cli.CanConfirm(os.Stdin); err != nil && !yes {
		return err
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(a.Region))
	if err != nil {
		return err
	}
	client := activitystream.NewFromConfig(cfg)
	stream, err := client.Get(ctx, in.ResourceArn)
	if err != nil {
		return err
	}
	if stream.Status != activitystream.StatusStopped {
		return fmt.Errorf("%s is already %s; quickstart would stop it at the end, so it won't touch it", in.ResourceArn, stream.Status)
	}
	fmt.Printf("This starts and stops the activity stream of %s.\n"+
		"Both apply immediately, which RESTARTS THE DATABASE twice.\n", in.ResourceArn)
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stdout, "Continue? [y/N] "); !ok {
		return err
	}
	started, err := demo(ctx, lines, client, a.Resource, in, 2*time.Hour)
	if err != nil && started {
		return fmt.Errorf("%w\nThe stream may still be started. Check it, and stop it if you do not need it", err)
	}
	return err
}
