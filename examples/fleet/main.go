// Fleet shows the library on many databases at once: it has the activity streams of a few hundred of them started, across two accounts and
// three Regions, with one client and one share of RDS's quota for each account in each Region.
//
// It needs no AWS account: without -live it brings its own databases, simulated, of which some are started already and some are in
// trouble, so that the summary has something to tell. It is a module of its own, since it requires what the library's users should not
// have to: a progress bar.
//
//	go run -C examples/fleet .
//	go run -C examples/fleet . -databases 2000
//	go run -C examples/fleet . | cat
//
// With -live it does the same to databases of yours. The file is a JSON list; profile names a profile of your AWS configuration, the default
// credential chain if it is missing. It is checked as a whole, the databases are read, and you are asked before anything is changed.
//
//	go run -C examples/fleet . -live /path/to/databases.json
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
// It ends with 0 if all are started, or failed as the simulated ones in trouble should, with 1 if not, with 2 if the flags or the
// file are wrong, and with 130 on Ctrl-C, which stops everything; the summary tells what was done until then.
package main

import (
	"context"
	"flag"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/term"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() {
	cli.Main(func(ctx context.Context, args []string) error {
		p := program{in: os.Stdin, out: os.Stdout, bars: term.IsTerminal(int(os.Stdout.Fd())), load: loadConfig}
		return p.run(ctx, args)
	})
}

// program is what a run has to do with the world outside.
type program struct {
	in   io.Reader
	out  io.Writer
	bars bool // out is a terminal
	load func(ctx context.Context, region, profile string) (aws.Config, error)
}

func (p program) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	live := flags.String("live", "", "the JSON `file` of your databases, in place of the simulated ones")
	yes := flags.Bool("yes", false, "with -live: do not ask before changing anything")
	maxWait := flags.Duration("max-wait", 2*time.Hour, "with -live: how long a database may take")
	n := flags.Int("databases", 480, "how many databases are simulated")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["live"] && given["databases"]:
		return &cli.UsageError{Message: "-databases is for simulated ones, and -live for yours"}
	case !given["live"] && given["yes"]:
		return &cli.UsageError{Message: "-yes needs -live"}
	case !given["live"] && given["max-wait"]:
		return &cli.UsageError{Message: "-max-wait needs -live"}
	case *n < 1 || *n > 10_000:
		return &cli.UsageError{Message: "-databases must be from 1 to 10000"}
	case *maxWait <= 0:
		return &cli.UsageError{Message: "-max-wait must be positive"}
	case given["live"]:
		return p.runLive(ctx, *live, *maxWait, *yes)
	}
	return p.runSimulated(ctx, *n)
}
