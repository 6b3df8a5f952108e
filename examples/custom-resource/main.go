// Custom-resource shows what the library needs for a resource of your own: a table of its
// lifecycle, a read, a command, and its error codes. The resource, in instance.go, is a DB
// instance that is started and stopped. The program does not use the packages for activity
// streams.
//
// By default it needs no AWS account: the instance, in fake.go, is in memory and takes a second
// for a transition. With -live it starts or stops an instance of your account, with the default
// credential chain. It asks for confirmation first, unless -yes is given.
//
//	go run ./examples/custom-resource
//	go run ./examples/custom-resource -live -instance NAME -status stopped
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const about = `Custom-resource starts and stops a DB instance, as an example of a resource of your own.
The instance is simulated and needs no AWS account, unless -live is set.

  go run ./examples/custom-resource
  go run ./examples/custom-resource -live -instance NAME -status stopped
`

func main() {
	cli.Main(func(ctx context.Context, args []string) error { return run(ctx, os.Stdout, args) })
}

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := cli.Flags("custom-resource", about)
	live := flags.Bool("live", false, "start or stop an instance of your AWS account")
	name := flags.String("instance", "", "with -live: the `name` of the instance, its DBInstanceIdentifier")
	status := flags.String("status", "", "with -live: the `status` to bring it to, available or stopped")
	yes := flags.Bool("yes", false, "with -live: do not ask for confirmation")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	lines := cli.NewScreen(out)
	if !*live {
		return demo(ctx, lines)
	}
	if *name == "" || *status != "available" && *status != "stopped" {
		return &cli.UsageError{Message: "-live needs -instance, and -status available or stopped"}
	}
	question := fmt.Sprintf("Bring instance %s to the status %s? [y/N] ", *name, *status)
	if ok, err := cli.Confirm(ctx, *yes, os.Stdin, out, question); !ok {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	return ensure(ctx, lines, rds.NewFromConfig(cfg), *name, *status, time.Hour)
}

// demo starts an instance, starts it again, stops it, and starts one that fails.
func demo(ctx context.Context, lines *cli.Screen) error {
	orders := &fake{name: "orders", status: "stopped", transitionTime: time.Second}
	for _, want := range []string{"available", "available", "stopped"} {
		if err := ensure(ctx, lines, orders, "orders", want, time.Minute); err != nil {
			return err
		}
	}
	broken := &fake{name: "broken", status: "stopped", transitionTime: time.Second, failStarts: true}
	if err := ensure(ctx, lines, broken, "broken", "available", time.Minute); err != nil {
		lines.Printf("failed as expected: %v", err)
	}
	return ctx.Err()
}

// ensure brings an instance to a status and prints what it reads and calls.
func ensure(ctx context.Context, lines *cli.Screen, api API, name, want string, maxWait time.Duration) error {
	done, err := Instance(api, name).Ensure(ctx, want, maxWait, func(o *statemachine.WaitOptions) {
		o.OnProgress = lines.Follow(name)
		if _, ok := api.(*fake); ok {
			o.MinDelay, o.Grace = 200*time.Millisecond, 3*time.Second
		}
	})
	if err != nil {
		return err
	}
	lines.Printf("%s  done, ran %v", name, done.Operations)
	return nil
}
