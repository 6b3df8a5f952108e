package main

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// group has the databases of one account in one Region, which share RDS's quota. A group has a
// client of its own, because a client has one Region, one set of credentials and one pacer.
type group struct {
	account, region string
	profile         string // of the credentials; empty means the default chain
	ins             []*activitystream.StartInput
	client          *activitystream.Client
	calls           *meter
	tally           tally
}

// connect creates the client of the group.
func (g *group) connect(cfg aws.Config, optFns ...func(*activitystream.Options)) {
	g.calls = &meter{}
	g.client = activitystream.NewFromConfig(cfg, append(optFns, func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, g.calls.attach)
	})...)
}

// ensure starts the streams of all groups and counts the results as they arrive. It returns when
// each database has a result. If ctx ends, the databases that are not ready get that as their
// result at once.
func ensure(ctx context.Context, groups []*group, maxWait time.Duration, optFns ...func(*activitystream.Options)) {
	var running sync.WaitGroup
	begin := time.Now()
	for _, g := range groups {
		running.Go(func() {
			onProgress := func(o *activitystream.Options) { o.Wait.OnProgress = g.tally.observe }
			for _, result := range g.client.EnsureStartedEach(ctx, g.ins, maxWait, append(optFns, onProgress)...) {
				g.tally.add(g.ins[result.Index], result.Value, result.Err, time.Since(begin))
			}
		})
	}
	running.Wait()
}

// runWithProgress runs work and shows the progress, once per period and at the end.
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

// view shows the progress.
type view interface {
	show(now []progress)
	end(now []progress)
}

// progress is the progress of a Region, over all of its accounts.
type progress struct {
	region              string
	total, done, failed int     // databases; done includes failed
	starting            int     // databases whose start was accepted
	rate                float64 // recent calls per second
	quota               float64 // of all accounts
}

// add adds the progress of another Region.
func (r *progress) add(other progress) {
	r.total += other.total
	r.done += other.done
	r.failed += other.failed
	r.starting += other.starting
	r.rate += other.rate
	r.quota += other.quota
}

// regions returns the progress of each Region, in the order of the groups.
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
		all[i].add(progress{
			total: len(g.ins), done: c.already + c.started + c.failed, failed: c.failed, starting: len(c.starting),
			rate: g.calls.rate(), quota: quotaPerSecond,
		})
	}
	return all
}
