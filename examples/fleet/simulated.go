package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// runSimulated starts the streams of n simulated databases. Only the expected failures are a
// success.
func (p program) runSimulated(ctx context.Context, n int) error {
	groups, wantFailures := simulate(n)
	expected := len(wantFailures)
	p.screen.Println(fmt.Sprintf("%d simulated databases, no AWS account. Transitions take seconds, not minutes.", n), 0)
	p.screen.Println(fmt.Sprintf("The quota is real: %d calls per second in each account and Region, burst %d.", quotaPerSecond, quotaBurst), 0)
	fmt.Fprintln(p.screen)
	p.watch(groups, time.Second, func() { ensure(ctx, groups, time.Hour) })
	summarize(p.screen, groups, 1)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, g := range groups {
		for _, r := range g.results {
			arn := r.in.ResourceArn
			if wantFailures[arn] != r.reason() {
				return fmt.Errorf("%s was not expected to fail: %w", arn, r.err)
			}
			delete(wantFailures, arn)
		}
	}
	if len(wantFailures) > 0 {
		return fmt.Errorf("%d databases did not fail as expected", len(wantFailures))
	}
	end := "\nAll streams are started."
	if expected > 0 {
		end = "\nThese failures were simulated on purpose.\nAll other streams are started."
	}
	fmt.Fprintln(p.screen, end)
	return nil
}

// simulate returns the groups of two accounts in three Regions with n databases, and the expected
// failures by ARN.
func simulate(n int) (groups []*group, wantFailures map[string]string) {
	wantFailures = map[string]string{}
	servers := make([]*activitystreamtest.Server, 0, 6)
	for _, region := range []string{"us-east-1", "eu-west-1", "sa-east-1"} {
		for _, account := range []string{"111122223333", "444455556666"} {
			servers = append(servers, activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
				o.Region, o.Account, o.Transition, o.Latency = region, account, transition, latency
			}))
			groups = append(groups, &group{account: account, region: region})
		}
	}
	shares := []int{0, 2, 4, 0, 2, 1, 0, 3, 0, 2, 5, 1} // group indexes: the first group gets 4 of 12 databases, the last one 1
	for i := range n {
		k := shares[i%len(shares)]
		arn, failure := add(servers[k], i)
		if failure != "" {
			wantFailures[arn] = failure
		}
		groups[k].ins = append(groups[k].ins, &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		})
	}
	for i, server := range servers {
		server.Throttle(quotaBurst, quotaPerSecond)
		groups[i].connect(server.Config(), func(o *activitystream.Options) {
			o.Pacer = statemachine.NewPacer(10, 60)                    // no other caller shares the quota
			o.Wait.MinDelay, o.Wait.Grace = time.Second, 5*time.Second // by default 5 s and 1 minute
		})
	}
	return slices.DeleteFunc(groups, func(g *group) bool { return len(g.ins) == 0 }), wantFailures
}

// add adds database number i and returns its expected failure, if any. Most databases are stopped.
func add(s *activitystreamtest.Server, i int) (arn, failure string) {
	c := activitystreamtest.Cluster{Engine: []string{"aurora-postgresql", "aurora-mysql", "oracle-ee", "sqlserver-se"}[i%4]}
	var class string
	then := func(string) {}
	switch i % 37 { // 37 is coprime to the numbers of engines and groups
	case 2, 11, 20, 29:
		c.Status = activitystream.StatusStarted
	case 7, 26:
		c.Status = activitystream.StatusStarting
	case 5: // only Aurora PostgreSQL supports sync, and async is requested
		c.Engine, c.Status, c.Mode, failure = "aurora-postgresql", activitystream.StatusStarted, activitystream.ModeSync, string(statemachine.Drifted)
	case 14:
		c.Engine, class, failure = "oracle-ee", "db.t3.medium", string(statemachine.Unsupported)
	case 17:
		c.ResourceStatus, failure = "stopped", string(statemachine.InvalidState)
	case 23: // deleted, but still in the list
		then, failure = s.Remove, string(statemachine.NotFound)
	case 32: // RDS will roll the start back
		then, failure = s.Lapse, string(statemachine.Lapsed)
	}
	c.Identifier = fmt.Sprintf("%s-%03d", c.Engine, i+1)
	if strings.HasPrefix(c.Engine, "aurora") {
		arn = s.AddCluster(c)
	} else {
		arn = s.AddInstance(activitystreamtest.Instance{
			Identifier: c.Identifier, Engine: c.Engine, Class: class, Status: c.Status, ResourceStatus: c.ResourceStatus,
		})
	}
	then(arn)
	return arn, failure
}

// transition returns the time that a stream takes to start: log-normally distributed, and the same
// in each run.
func transition(arn, _, _ string) time.Duration {
	h := fnv.New64a()
	fmt.Fprint(h, arn)
	r := rand.New(rand.NewPCG(1, h.Sum64())) //nolint:gosec // no secret
	return time.Duration(float64(3*time.Second) * math.Exp(0.4*r.NormFloat64()))
}

// latency returns the latency of a response.
func latency(c activitystreamtest.Call) time.Duration {
	return 150*time.Millisecond + time.Duration(c.Records)*time.Millisecond
}
