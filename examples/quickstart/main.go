// Quickstart shows the main job of the library on all three resources: it brings each to a state,
// waits, and prints what it reads.
//
// By default it needs no AWS account: it uses the simulators that this module has for tests. With
// -live it starts and stops an activity stream in your account, with the default credential chain.
// That restarts the database, so it asks for confirmation first, unless -yes is given. Without a
// terminal, -live needs -yes.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -live -resource-arn ARN -kms-key-id KEY -mode async
package main

import (
	"context"
	"os"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Quickstart brings three resources to a state, waits, and prints what it reads.
It uses simulators and needs no AWS account, unless -live is set.

  go run ./examples/quickstart
  go run ./examples/quickstart -live -resource-arn ARN -kms-key-id KEY
`

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := cli.Flags("quickstart", about)
	var in activitystream.StartInput
	live := flags.Bool("live", false, "start and stop an activity stream of your AWS account; this RESTARTS the database twice")
	yes := flags.Bool("yes", false, "with -live: do not ask for confirmation")
	flags.StringVar(&in.ResourceArn, "resource-arn", "", "with -live: the `ARN` of an Aurora cluster or an RDS instance")
	flags.StringVar(&in.KmsKeyId, "kms-key-id", "", "with -live: the customer managed KMS `key` that encrypts the activity")
	flags.StringVar((*string)(&in.Mode), "mode", string(activitystream.ModeAsync), "with -live: sync or async")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	lines := cli.NewScreen(os.Stdout)
	if *live {
		in.ApplyImmediately = true
		return runLive(ctx, lines, &in, *yes)
	}
	return runSimulated(ctx, lines)
}
