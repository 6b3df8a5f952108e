// Fleet starts the activity streams of a few hundred databases at once, across two accounts and
// three Regions. Each account in each Region has its own client and its own share of RDS's quota.
//
// By default it needs no AWS account: it simulates databases, of which some are started already
// and some fail. A terminal shows bars, and a pipe has lines.
//
//	go run ./examples/fleet
//	go run ./examples/fleet -databases 2000
//	go run ./examples/fleet | cat
//
// With -live it starts the streams of the databases in a JSON file. The profile is one of your AWS
// configuration, and by default the default credential chain. Fleet checks the whole file, reads
// the databases, and asks before it changes anything.
//
//	go run ./examples/fleet -live databases.json
//
//	[
//	  {
//	    "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:orders",
//	    "mode": "async",
//	    "kms_key_id": "alias/audit",
//	    "apply_immediately": true,
//	    "profile": "production"
//	  }
//	]
//
// The exit status is 0 if all streams are started (or fail as simulated), 1 if not, and 2 if the
// flags or the file are wrong. It is 130 on Ctrl-C, which stops everything. The summary then lists
// what was done.
package main

import (
	"context"
	"flag"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Fleet starts the activity streams of a few hundred databases at once, across two accounts and
three Regions.
The databases are simulated and need no AWS account, unless -live is set.

  go run ./examples/fleet
  go run ./examples/fleet -databases 2000
  go run ./examples/fleet -live databases.json
`

func main() {
	cli.Main(func(ctx context.Context, args []string) error {
		p := program{in: os.Stdin, out: os.Stdout, load: loadConfig}
		return p.run(ctx, args)
	})
}

// program has what a run needs from its environment.
type program struct {
	in     io.Reader
	out    io.Writer
	screen *cli.Screen // on out
	load   func(ctx context.Context, region, profile string) (aws.Config, error)
}

func (p program) run(ctx context.Context, args []string) error {
	p.screen = cli.NewScreen(p.out)
	flags := cli.Flags("fleet", about)
	live := flags.String("live", "", "start the databases in the JSON `file` instead of simulated ones")
	yes := flags.Bool("yes", false, "with -live: do not ask for confirmation")
	maxWait := flags.Duration("max-wait", 2*time.Hour, "with -live: the maximum time per database")
	n := flags.Int("databases", 480, "the number of simulated databases")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["live"] && given["databases"]:
		return &cli.UsageError{Message: "-databases and -live are mutually exclusive"}
	case *n < 1 || *n > 10_000:
		return &cli.UsageError{Message: "-databases must be between 1 and 10000"}
	case *maxWait <= 0:
		return &cli.UsageError{Message: "-max-wait must be positive"}
	case given["live"] && !*yes && cli.CanConfirm(p.in) != nil:
		return cli.CanConfirm(p.in)
	case given["live"]:
		return p.runLive(ctx, *live, *maxWait, *yes)
	}
	return p.runSimulated(ctx, *n)
}
