package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"go.temporal.io/sdk/client"

	"github.com/streamwarden/streamwarden-go/activitystream"
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
	result := make(chan error, 1)
	var end durable.Progress
	go func() { result <- run.Get(ctx, &end) }()
	for tick := time.NewTicker(5 * time.Second); ; {
		select {
		case err := <-result:
			tick.Stop()
			switch {
			case ctx.Err() != nil:
				fmt.Printf("\nThe workflow of estate %[1]s goes on without this program.\n"+
					"  temporal status -id %[1]s   prints its progress\n  temporal stop -id %[1]s     ends it without a further command\n", *id)
				return nil
			case err != nil:
				return fmt.Errorf("estate %s: %w", *id, err)
			}
			return show(end)
		case <-tick.C:
			if err := query(ctx, c, *id); err != nil {
				slog.Warn("could not query the progress", "error", err)
			}
		}
	}
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
	return show(out)
}
