package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/temporal/simulated"
)

// runSimulator simulates RDS for any account and Region until it is interrupted.
func runSimulator(ctx context.Context, flags *flag.FlagSet, args []string) error {
	address := flags.String("addr", "127.0.0.1:4566", "address to listen on")
	streams := flags.Int("streams", 20, "number of clusters in each account and Region")
	starting := flags.Duration("starting", 20*time.Second, "how long a start takes")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	l, err := cli.Listen(ctx, *address)
	if err != nil {
		return err
	}
	world := simulated.World{Populate: simulated.Clusters(*streams, func(o *activitystreamtest.Options) { o.Starting = *starting })}
	server := http.Server{Handler: world.Handler(), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // requests in flight fail
	defer stop()
	fmt.Printf("listening on http://%s\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}
