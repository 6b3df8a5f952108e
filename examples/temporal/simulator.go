package main

import (
	"context"
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
	fmt.Printf("listening on http://%s\n", l.Addr())
	return cli.Serve(ctx, &http.Server{Handler: world.Handler(), ReadHeaderTimeout: time.Minute}, l)
}
