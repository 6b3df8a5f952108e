// Command temporal brings the activity streams of many accounts and Regions to a target state, on
// Temporal. It shows Ensure calls that do not depend on a process: workers may crash, be replaced
// and be added at any time.
//
// The commands are worker, estate, resource, status, stop and simulator: see the flag -h. README.md
// has a run on one machine.
package main

import (
	"context"
	"flag"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func main() { cli.Main(run) }

const usage = `Temporal brings the activity streams of many accounts and Regions to a target state, as workflows
of Temporal.
With a worker that has -simulator, everything is simulated and needs no AWS account.

  go run -C examples/temporal . simulator
  go run -C examples/temporal . worker -simulator http://127.0.0.1:4566
  go run -C examples/temporal . estate -apply-immediately

Commands:
  worker      runs workflows and activities; start as many as you like
  estate      starts streams in all of -accounts and -regions, and prints the progress
  resource    starts one stream
  status      prints the progress of an estate
  stop        ends an estate without a further command
  simulator   simulates RDS for any account and Region

Each command prints its flags with -h. README.md has a run on one machine, with a server.
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
