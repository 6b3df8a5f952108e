package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// loadConfig returns the configuration of the default credential chain for a Region.
func loadConfig(ctx context.Context, region, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(profile))
}

// runLive starts the streams of the databases in a file, after a confirmation.
func (p program) runLive(ctx context.Context, file string, maxWait time.Duration, yes bool) error {
	groups, err := cli.LoadFile(file, parse)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range groups {
		cfg, err := p.load(ctx, g.region, g.profile)
		if err != nil {
			errs = append(errs, fmt.Errorf("account %s, Region %s: %w", g.account, g.region, err))
			continue
		}
		g.connect(cfg)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	ready := false
	if !yes {
		sum, err := p.plan(ctx, groups, maxWait)
		if err != nil {
			fmt.Fprintln(p.screen, "nothing was changed")
			return err
		}
		ready = sum.planned == 0
		if ok, err := cli.Confirm(ctx, ready, p.in, p.screen, question(sum)); !ok {
			return err
		}
	}
	if !ready { // a change since the plan must not cause a command without a confirmation
		p.watch(groups, 10*time.Second, func() { ensure(ctx, groups, maxWait) })
	}
	summarize(p.screen, groups, 0)
	if err := ctx.Err(); err != nil {
		return err
	}
	if sum := count("", "", groups...); sum.failed > 0 {
		return fmt.Errorf("%d of %d databases failed", sum.failed, sum.total)
	}
	return nil
}

// plan reads all databases in a dry run and reports what has to be done. It shows the failures
// that would also occur in the run itself.
func (p program) plan(ctx context.Context, groups []*group, maxWait time.Duration) (sum counts, err error) {
	fmt.Fprintln(p.screen, "reading the databases; nothing is changed yet")
	ensure(ctx, groups, maxWait, func(o *activitystream.Options) { o.DryRun = true })
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	sum = count("", "", groups...)
	fmt.Fprintf(p.screen, "%d to start, %d already started or starting, %d failed\n", sum.planned, sum.already, sum.failed)
	if sum.planned == 0 {
		return sum, nil
	}
	for _, g := range groups {
		for _, r := range g.results {
			if r.err != nil {
				fmt.Fprintf(p.screen, "  %v\n", r.err)
			}
		}
		g.results = nil
	}
	return sum, nil
}

// question returns the question to confirm.
func question(sum counts) string {
	if sum.restarts > 0 {
		return fmt.Sprintf("Start %s, which RESTARTS %s at once? [y/N] ",
			cli.Plural(sum.planned, "activity stream"), cli.Plural(sum.restarts, "database"))
	}
	return fmt.Sprintf("Start %s in the next maintenance window? [y/N] ", cli.Plural(sum.planned, "activity stream"))
}
