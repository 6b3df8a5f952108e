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
	"github.com/streamwarden/streamwarden-go/examples/internal/show"
)

// loadConfig is the default credential chain, for a Region.
func loadConfig(ctx context.Context, region, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(profile))
}

// runLive has the databases of a file started, after it has asked.
func (p program) runLive(ctx context.Context, file string, maxWait time.Duration, yes bool) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return &show.UsageError{Message: err.Error()}
	}
	groups, err := parse(file, data)
	if err != nil {
		return &show.UsageError{Message: err.Error()}
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
	if !yes {
		if ok, err := p.confirm(ctx, groups, maxWait); err != nil || !ok {
			fmt.Fprintln(p.out, "nothing was changed")
			return err
		}
	}
	p.watch(groups, 10*time.Second, func() { ensure(ctx, groups, maxWait) })
	summarize(p.out, groups, 0)
	if err := ctx.Err(); err != nil {
		return err
	}
	failed := 0
	for _, g := range groups {
		failed += g.tally.now().failed
	}
	if failed > 0 {
		return fmt.Errorf("%d databases are not as they were wanted", failed)
	}
	return nil
}

// confirm reads all databases, in a dry run, and asks whether to do what has to be done. Where nothing has to be, it does not ask.
func (p program) confirm(ctx context.Context, groups []*group, maxWait time.Duration) (bool, error) {
	fmt.Fprintln(p.out, "reading the databases; nothing is changed yet")
	ensure(ctx, groups, maxWait, func(o *activitystream.Options) { o.DryRun = true })
	var sum counts
	for _, g := range groups {
		for _, f := range g.tally.failed() {
			fmt.Fprintf(p.out, "%s: %v\n", f.what, f.err)
		}
		sum.add(g.tally.now())
		g.tally.reset()
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	fmt.Fprintf(p.out, "%d databases have to be started, %d are started or starting, %d cannot be.\n", sum.planned, sum.already, sum.failed)
	if sum.planned == 0 {
		return true, nil
	}
	question := fmt.Sprintf("Start %d activity streams in their next maintenance windows? [y/N] ", sum.planned)
	if sum.restarts > 0 {
		question = fmt.Sprintf("Start %d activity streams, which RESTARTS %d of the databases at once? [y/N] ", sum.planned, sum.restarts)
	}
	return show.Ask(ctx, p.in, p.out, question)
}
