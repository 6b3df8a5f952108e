package main

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// group is the databases of one account in one Region, which share RDS's quota. A client has one Region and one account's credentials, and by
// default a pacer of its own.
type group struct {
	account, region string
	profile         string // of the credentials; empty: the default chain
	ins             []*activitystream.StartInput
	client          *activitystream.Client
	calls           *meter
	tally           tally
}

// connect gives the group its client.
func (g *group) connect(cfg aws.Config, optFns ...func(*activitystream.Options)) {
	g.calls = &meter{}
	g.client = activitystream.NewFromConfig(cfg, append(optFns, func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, g.calls.attach)
	})...)
}

// ensure has the databases of all groups started and counts the results as they come. It returns when each has one: at once when ctx
// ends, since then those that are not ready have that as their result.
func ensure(ctx context.Context, groups []*group, maxWait time.Duration, optFns ...func(*activitystream.Options)) {
	var running sync.WaitGroup
	begin := time.Now()
	for _, g := range groups {
		running.Go(func() {
			for _, result := range g.client.EnsureStartedEach(ctx, g.ins, maxWait, optFns...) {
				g.tally.add(g.ins[result.Index], result.Value, result.Err, time.Since(begin))
			}
		})
	}
	running.Wait()
}

// runWithProgress does work while the view shows how far it is: every period, and in the end.
func runWithProgress(groups []*group, v view, period time.Duration, work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.show(regions(groups))
		case <-done:
			v.end(regions(groups))
			return
		}
	}
}

// view shows how far the Regions are.
type view interface {
	show(now []progress)
	end(now []progress)
}

// progress is how far a Region is, with all of its accounts.
type progress struct {
	region              string
	total, done, failed int     // of the databases; those that failed are done, too
	rate                float64 // calls a second, in the last seconds
	quota               float64 // of all its accounts together
}

// regions are in the order in which they are named first.
func regions(groups []*group) []progress {
	var all []progress
	index := map[string]int{}
	for _, g := range groups {
		i, ok := index[g.region]
		if !ok {
			i = len(all)
			index[g.region] = i
			all = append(all, progress{region: g.region})
		}
		c := g.tally.now()
		all[i].total += len(g.ins)
		all[i].done += c.already + c.started + c.failed
		all[i].failed += c.failed
		all[i].rate += g.calls.rate()
		all[i].quota += quotaPerSecond
	}
	return all
}
