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

// wishFlags are the flags for what is wanted.
func wishFlags(flags *flag.FlagSet) func() durable.Spec {
	target := flags.String("target", "started", "started or stopped")
	mode := flags.String("mode", "async", "the mode of the streams")
	key := flags.String("key", "alias/activity", "the KMS key of the streams")
	now := flags.Bool("apply-immediately", false, "restart the databases right away, not in their maintenance windows")
	wait := flags.Duration("max-wait", 8*24*time.Hour, "how long each stream may take: a maintenance window comes once a week")
	return func() durable.Spec {
		return durable.Spec{Target: activitystream.Status(*target), MaxWait: *wait, Start: activitystream.StartInput{
			Mode: activitystream.Mode(*mode), KmsKeyId: *key, ApplyImmediately: *now,
		}}
	}
}

// startEstate starts an estate and shows its progress until it has ended. The estate goes on without it.
func startEstate(ctx context.Context, flags *flag.FlagSet, args []string) error {
	id := flags.String("id", "estate", "the estate's name")
	accounts := flags.String("accounts", "111111111111,222222222222", "the accounts, separated by commas")
	regions := flags.String("regions", "us-east-1,eu-central-1", "their Regions")
	wish := wishFlags(flags)
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	in := durable.EstateInput{Wish: wish()}
	for account := range strings.SplitSeq(*accounts, ",") {
		for region := range strings.SplitSeq(*regions, ",") {
			in.Places = append(in.Places, durable.AccountRegion{Account: account, Region: region})
		}
	}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: *id, TaskQueue: durable.TaskQueue}, durable.Estate, in)
	if err != nil {
		return fmt.Errorf("start of the estate: %w", err)
	}
	result := make(chan error, 1)
	var end durable.Progress
	go func() { result <- run.Get(ctx, &end) }()
	for tick := time.NewTicker(5 * time.Second); ; {
		select {
		case err := <-result:
			tick.Stop()
			if err != nil {
				return fmt.Errorf("the estate: %w", err)
			}
			return show(end)
		case <-tick.C:
			if err := query(ctx, c, *id); err != nil {
				slog.Warn("no progress to show", "error", err)
			}
		}
	}
}

// startResource starts one stream, and shows how that ended.
func startResource(ctx context.Context, flags *flag.FlagSet, args []string) error {
	text := flags.String("arn", "", "the cluster or instance")
	wish := wishFlags(flags)
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	a, err := arn.Parse(*text)
	if err != nil {
		return fmt.Errorf("-arn: %w", err)
	}
	in := durable.ResourceInput{Place: durable.AccountRegion{Account: a.AccountID, Region: a.Region}, ARN: *text, Wish: wish()}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: *text, TaskQueue: durable.TaskQueue}, durable.Resource, in)
	if err != nil {
		return fmt.Errorf("start of the workflow: %w", err)
	}
	var out durable.ResourceOutcome
	if err := run.Get(ctx, &out); err != nil {
		return fmt.Errorf("the workflow: %w", err)
	}
	return show(out)
}
