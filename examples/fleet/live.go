package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// loadConfig is the default credential chain, for a Region.
func loadConfig(ctx context.Context, region, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(profile))
}

// runLive has the databases of a file started, after it has asked.
func (p program) runLive(ctx context.Context, file string, maxWait time.Duration, yes bool) error {
	data, err := os.ReadFile(file) //nolint:gosec // it is the caller who names it
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	groups, err := parse(file, data)
	if err != nil {
		return &cli.UsageError{Message: err.Error()}
	}
	var wrong []error
	for _, g := range groups {
		cfg, err := p.load(ctx, g.region, g.profile)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("account %s, Region %s: %w", g.account, g.region, err))
			continue
		}
		g.connect(cfg)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	ready := false
	if !yes {
		sum, err := p.plan(ctx, groups, maxWait)
		ready = sum.planned == 0
		agreed := ready
		if err == nil && !ready {
			agreed, err = cli.Confirm(ctx, p.in, p.out, question(sum))
		}
		if err != nil || !agreed {
			fmt.Fprintln(p.out, "nothing was changed")
			return err
		}
	}
	if !ready { // else what was read is the result: what changes meanwhile must not be commanded without a question
		p.watch(ctx, groups, 10*time.Second, func() { ensure(ctx, groups, maxWait) })
	}
	summarize(p.out, groups, 0)
	if err := ctx.Err(); err != nil {
		return err
	}
	failed, all := 0, 0
	for _, g := range groups {
		failed += g.tally.now().failed
		all += len(g.ins)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d databases are not as they were wanted", failed, all)
	}
	return nil
}

// plan reads all databases, in a dry run, and tells what has to be done. The failures are those that would end the run itself.
func (p program) plan(ctx context.Context, groups []*group, maxWait time.Duration) (sum counts, err error) {
	fmt.Fprintln(p.out, "reading the databases; nothing is changed yet")
	ensure(ctx, groups, maxWait, func(o *activitystream.Options) { o.DryRun = true })
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	for _, g := range groups {
		sum.add(g.tally.now())
	}
	fmt.Fprintf(p.out, "%d databases have to be started, %d are started or starting, %d cannot be.\n", sum.planned, sum.already, sum.failed)
	if sum.planned == 0 {
		return sum, nil
	}
	for _, g := range groups {
		for _, f := range g.tally.failed() {
			fmt.Fprintf(p.out, "  %v\n", f.err)
		}
		g.tally.reset()
	}
	return sum, nil
}

func question(sum counts) string {
	if sum.restarts > 0 {
		return fmt.Sprintf("Start %d activity streams, which RESTARTS %d of the databases at once? [y/N] ", sum.planned, sum.restarts)
	}
	return fmt.Sprintf("Start %d activity streams in their next maintenance windows? [y/N] ", sum.planned)
}
