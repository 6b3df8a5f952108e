package main

import (
	"context"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/internal/records"
)

// newLive returns a database of the user's account. It returns nil if the user does not want its
// stream to be started.
func newLive(ctx context.Context, in *activitystream.StartInput, yes bool) (*source, error) {
	db, err := records.OpenDatabase(ctx, in, yes)
	if err != nil {
		return nil, err
	}
	yes = yes || db.Stream.Status == activitystream.StatusStarted
	if ok, err := cli.Confirm(ctx, yes, os.Stdin, os.Stderr, "Starting the activity stream RESTARTS THE DATABASE. Continue? [y/N] "); !ok {
		return nil, err
	}
	return &source{client: db.Client, in: *in, cfg: db.Config, maxWait: 2 * time.Hour}, nil
}
