package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"go.temporal.io/sdk/client"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// specFlags adds the flags of a Spec and returns a function that reads them.
func specFlags(flags *flag.FlagSet) func() durable.Spec {
	target := flags.String("target", "started", "target status: started or stopped")
	mode := flags.String("mode", "async", "mode of the streams: async or sync")
	key := flags.String("key", "alias/activity", "KMS key of the streams")
	now := flags.Bool("apply-immediately", false, "start or stop now, which restarts the databases; otherwise in their maintenance windows")
	wait := flags.Duration("max-wait", 8*24*time.Hour, "maximum time for each stream; a maintenance window opens once a week")
	return func() durable.Spec {
		return durable.Spec{Target: activitystream.Status(*target), MaxWait: *wait, Start: activitystream.StartInput{
			Mode: activitystream.Mode(*mode), KmsKeyId: *key, ApplyImmediately: *now,
		}}
	}
}

// startEstate starts an estate and prints its progress until the estate ends or ctx is done. The
// estate does not depend on this process.
func startEstate(ctx context.Context, flags *flag.FlagSet, args []string) error {
	id := flags.String("id", "estate", "name of the estate")
	accounts := flags.String("accounts", "111111111111,222222222222", "accounts, separated by commas")
	regions := flags.String("regions", "us-east-1,eu-central-1", "Regions, separated by commas")
	spec := specFlags(flags)
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	in := durable.EstateInput{Spec: spec()}
	for account := range strings.SplitSeq(*accounts, ",") {
		for region := range strings.SplitSeq(*regions, ",") {
			in.Places = append(in.Places, durable.AccountRegion{Account: account, Region: region})
		}
	}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: *id, TaskQueue: durable.TaskQueue}, durable.Estate, in)
	if err != nil {
		return fmt.Errorf("start the estate: %w", err)
	}
	return follow(ctx, os.Stdout, *id, run.Get, func(ctx context.Context) (durable.Progress, error) { return progress(ctx, c, *id) })
}

// follow shows the progress of an estate until its workflow ends or ctx is done: on a terminal as
// a status line, and elsewhere as a line of JSON every 5 s.
func follow(ctx context.Context, out io.Writer, id string, wait func(context.Context, any) error, read func(context.Context) (durable.Progress, error)) error {
	screen := cli.NewScreen(out)
	result := make(chan error, 1)
	var end durable.Progress
	go func() { result <- wait(ctx, &end) }()
	for tick := time.NewTicker(5 * time.Second); ; {
		select {
		case err := <-result:
			tick.Stop()
			screen.SetStatus()
			switch {
			case ctx.Err() != nil:
				screen.Println("\nThe workflow of estate "+id+" goes on without this program.", 0)
				screen.Println("To see its progress, and to end it without a further command:", 0)
				fmt.Fprintf(screen, "  go run -C examples/temporal . status -id %[1]s\n  go run -C examples/temporal . stop -id %[1]s\n", id)
				return nil //nolint:nilerr // the error is the end of ctx
			case err != nil:
				return fmt.Errorf("estate %s: %w", id, err)
			}
			return show(screen, end)
		case <-tick.C:
			p, err := read(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				screen.Printf("the progress could not be read: %v", err)
			case screen.Status():
				screen.SetStatus(describe(p))
			default:
				if err := show(screen, p); err != nil {
					return err
				}
			}
		}
	}
}

// describe returns a line about the progress, such as "2 of 4 account-Region pairs open, 80
// streams: 20 reached, 60 starting, 80 commands".
func describe(p durable.Progress) string {
	parts := make([]string, 0, len(p.Ended)+len(p.InProgress)+1)
	for _, counts := range []map[string]int{p.Ended, p.InProgress} {
		for _, what := range slices.Sorted(maps.Keys(counts)) {
			parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
		}
	}
	parts = append(parts, cli.Plural(p.Commands, "command"))
	return fmt.Sprintf("%d of %s open, %s: %s", p.Open, cli.Plural(p.Places, "account-Region pair"), cli.Plural(p.Streams, "stream"), strings.Join(parts, ", "))
}

// startResource starts one stream and prints the outcome.
func startResource(ctx context.Context, flags *flag.FlagSet, args []string) error {
	text := flags.String("arn", "", "ARN of the cluster or instance")
	spec := specFlags(flags)
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	a, err := arn.Parse(*text)
	if err != nil {
		return fmt.Errorf("-arn: %w", err)
	}
	in := durable.ResourceInput{Place: durable.AccountRegion{Account: a.AccountID, Region: a.Region}, ARN: *text, Spec: spec()}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: *text, TaskQueue: durable.TaskQueue}, durable.Resource, in)
	if err != nil {
		return fmt.Errorf("start the workflow: %w", err)
	}
	var out durable.ResourceOutcome
	if err := run.Get(ctx, &out); err != nil {
		return fmt.Errorf("workflow %s: %w", *text, err)
	}
	return show(cli.NewScreen(os.Stdout), out)
}
