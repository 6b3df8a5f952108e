// Guard keeps resources in their configured state: activity streams started, event data stores
// ingesting, event streams created. It watches them, logs every change, and repairs a resource
// that another actor has stopped, until it is interrupted.
//
// By default it needs no AWS account: it guards simulated resources for some seconds against a
// simulated actor, and prints a summary.
//
//	go run ./examples/guard
//
// With -live it guards the resources in a JSON file, with the default credential chain, in the
// Regions of their ARNs. It checks the whole file and asks before it changes anything.
//
//	go run ./examples/guard -live resources.json
//
//	[
//	  {
//	    "kind": "activity_stream",
//	    "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster",
//	    "mode": "async",
//	    "kms_key_id": "1234abcd-12ab-34cd-56ef-1234567890ab",
//	    "recording": true
//	  },
//	  {
//	    "kind": "event_data_store",
//	    "event_data_store": "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e"
//	  },
//	  {
//	    "kind": "event_stream",
//	    "domain_name": "example-domain",
//	    "event_stream_name": "example-stream",
//	    "uri": "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
//	  }
//	]
//
// Repairing an activity stream RESTARTS its database. The guard therefore backs off:
//
//   - After a repair the guard leaves the resource alone for 1 minute, and after a second
//     consecutive repair for 2 minutes. The time doubles up to 1 hour. From the third repair on it
//     logs an error. Two hours after the last repair the count starts again.
//   - A failed repair or watch is logged and tried again after the same delays. Other resources
//     are not affected.
//   - A stream with another mode, key or destination is logged as a failed repair and not changed:
//     see the library's option AllowRestart.
//
// With "recording", the guard reads the records of the activity stream, too. It logs an error when
// an instance of the database is not recorded although the stream is started, with since when, and
// when it was not recorded for a while. It does not repair that: only a restart of the database
// could. To have the stream restarted when an instance is silent for an hour, add
// "restart_after_silence": "1h".
//
// The exit status is 0 after the time given by -for, or when the guard is interrupted with -live.
// It is 130 if the demonstration is interrupted, 1 if the guard cannot start, and 2 if the flags
// or the file are wrong.
package main

import (
	"context"
	"flag"
	"os"
	"time"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Guard keeps resources in their configured state: it watches them, and repairs what another
actor stops. The resources are simulated and need no AWS account, unless -live is set.

  go run ./examples/guard
  go run ./examples/guard -live resources.json
`

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := cli.Flags("guard", about)
	live := flags.String("live", "", "guard the resources in the JSON `file` instead of simulated ones")
	yes := flags.Bool("yes", false, "with -live: do not ask for confirmation")
	interval := flags.Duration("every", defaultSettings().interval, "with -live: the time between two reads of a resource")
	length := flags.Duration("for", 0, "how long to run (default: 12s; with -live until interrupted)")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case *interval < time.Second:
		return &cli.UsageError{Message: "-every must be at least 1s"}
	case given["for"] && *length <= 0:
		return &cli.UsageError{Message: "-for must be positive"}
	case given["live"] && !*yes && cli.CanConfirm(os.Stdin) != nil:
		return cli.CanConfirm(os.Stdin)
	}
	log := cli.NewLogger(cli.NewScreen(os.Stderr))
	if given["live"] {
		s := defaultSettings()
		s.interval = *interval
		return runLive(ctx, &guard{settings: s, log: log}, *live, *length, *yes)
	}
	if !given["for"] {
		*length = defaultLength
	}
	return newDemo().run(ctx, log, os.Stdout, *length)
}
