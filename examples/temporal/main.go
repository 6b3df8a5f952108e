// Command temporal brings the activity streams of many accounts and Regions to a target state, on
// Temporal. It shows Ensure calls that do not depend on a process: workers may crash, be replaced
// and be added at any time.
//
//	temporal worker      runs workflows and activities; start as many as you like
//	temporal estate      starts streams in all of -accounts and -regions, and prints the progress
//	temporal resource    starts one stream
//	temporal status      prints the progress of an estate
//	temporal stop        ends an estate without a further command
//	temporal simulator   simulates RDS for any account and Region
//
// See README.md for a run on one machine.
package main

import (
	"context"
	"flag"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(run) }

const usage = `temporal brings the activity streams of many accounts and Regions to a target state, on
Temporal. With the command simulator and a worker with -simulator, it needs no AWS account.

  temporal worker      runs workflows and activities; start as many as you like
  temporal estate      starts streams in all of -accounts and -regions, and prints the progress
  temporal resource    starts one stream
  temporal status      prints the progress of an estate
  temporal stop        ends an estate without a further command
  temporal simulator   simulates RDS for any account and Region

Each command prints its flags with -h. README.md has a run on one machine.
`

// run runs the command that the first argument names.
func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, *flag.FlagSet, []string) error{
		"worker": runWorker, "simulator": runSimulator, "estate": startEstate, "resource": startResource, "status": showStatus, "stop": stopEstate,
	}
	switch {
	case len(args) > 0 && commands[args[0]] != nil:
		return commands[args[0]](ctx, cli.Flags("temporal "+args[0], usage), args[1:])
	case len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help"):
		return cli.Parse(cli.Flags("temporal", usage), args)
	}
	return &cli.UsageError{Message: "the first argument must be a command: worker, estate, resource, status, stop or simulator"}
}
