package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/internal/records"
)

// runLive runs the demonstration on a database of the user.
func runLive(ctx context.Context, lines *cli.Screen, in *activitystream.StartInput, yes bool) error {
	db, err := records.OpenDatabase(ctx, in, yes)
	if err != nil {
		return err
	}
	if db.Stream.Status != activitystream.StatusStopped {
		return fmt.Errorf("%s is already %s; quickstart would stop it at the end, so it won't touch it", in.ResourceArn, db.Stream.Status)
	}
	fmt.Printf("This starts and stops the activity stream of %s.\n"+
		"Both apply immediately, which RESTARTS THE DATABASE twice.\n", in.ResourceArn)
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stdout, "Continue? [y/N] "); !ok {
		return err
	}
	started, err := demo(ctx, lines, db.Client, cli.Short(in.ResourceArn), in, 2*time.Hour)
	if err != nil && started {
		return fmt.Errorf("%w\nThe stream may still be started. Check it, and stop it if you do not need it", err)
	}
	return err
}
