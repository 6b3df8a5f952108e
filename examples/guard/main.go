// Guard keeps a list of resources as they should be: activity streams started, event data stores ingesting, event streams there. It watches
// them, logs every change, and puts back what somebody switched off, until it is interrupted.
//
// It needs no AWS account: without -live it guards simulated ones, for some seconds, against a simulated intruder, and tells in the end what
// it did.
//
//	go run ./examples/guard
//
// With -live it guards yours, through the default credential chain, in the Regions that their ARNs say. The file is a JSON list; it is checked
// as a whole, and you are asked before anything is done.
//
//	go run ./examples/guard -live resources.json
//
//	[
//	  {
//	    "kind": "activity_stream",
//	    "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster",
//	    "mode": "async",
//	    "kms_key_id": "1234abcd-12ab-34cd-56ef-1234567890ab"
//	  },
//	  {
//	    "kind": "event_data_store",
//	    "event_data_store": "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc"
//	  },
//	  {
//	    "kind": "event_stream",
//	    "domain_name": "example-domain",
//	    "event_stream_name": "example-stream",
//	    "uri": "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
//	  }
//	]
//
// To put an activity stream back RESTARTS its database. These rules keep that rare:
//
//   - A resource is put back at once, when a read shows that it is not as it should be and that the service does not bring it there by itself.
//   - After that it is left alone for a minute; after the second time in a row for two, then four, and so on, an hour at the most: the
//     pauses double, so that a rival is not fought. From the third on it is reported as an error each time. Two hours after it was put back
//     last the count begins anew.
//   - One that cannot be put back, or cannot be watched, is logged and tried again after the same pauses. The others are not affected.
//   - A stream with another mode, key or destination is reported in the same way, and left as it is: see AllowRestart of the library.
//
// It ends with 0 after its time, or when it is interrupted with -live; with 130 if the demonstration is interrupted, with 1 if it cannot begin,
// and with 2 if the flags or the file are wrong.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("guard", flag.ContinueOnError)
	live := flags.String("live", "", "guard the resources in the JSON `file`, in place of simulated ones")
	yes := flags.Bool("yes", false, "with -live: do not ask before anything is done")
	every := flags.Duration("every", defaultBackoff().interval, "with -live: the time between two reads of a resource")
	length := flags.Duration("for", 0, "how long to go on (default: 12s; with -live until interrupted)")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case !given["live"] && given["yes"]:
		return &cli.UsageError{Message: "-yes needs -live"}
	case !given["live"] && given["every"]:
		return &cli.UsageError{Message: "-every needs -live"}
	case *every < time.Second:
		return &cli.UsageError{Message: "-every must be at least a second"}
	case given["for"] && *length <= 0:
		return &cli.UsageError{Message: "-for must be positive"}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if given["live"] {
		r := defaultBackoff()
		r.interval = *every
		return runLive(ctx, &guard{rules: r, log: log}, *live, *length, *yes)
	}
	if !given["for"] {
		*length = defaultLength
	}
	return newWorld().run(ctx, log, os.Stdout, *length)
}
