package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// runSimulated has n simulated databases started. A failure of those in trouble is as it should be.
func (p program) runSimulated(ctx context.Context, n int) error {
	groups, trouble := simulate(n)
	fmt.Fprintf(p.out, "%d simulated databases; no AWS account is used. RDS's minutes are seconds here,\n"+
		"its quota is real: %d calls a second in each account and Region, after %d.\n\n", n, quotaPerSecond, quotaBurst)
	p.watch(ctx, groups, time.Second, func() { ensure(ctx, groups, time.Hour) })
	summarize(p.out, groups, 1)
	if err := ctx.Err(); err != nil {
		return err
	}
	failed := 0
	for _, g := range groups {
		for _, f := range g.tally.failed() {
			failed++
			if trouble[f.arn] != f.reason {
				return fmt.Errorf("%s was not expected to fail: %w", f.arn, f.err)
			}
			delete(trouble, f.arn)
		}
	}
	if len(trouble) > 0 {
		return fmt.Errorf("%d databases in trouble did not fail", len(trouble))
	}
	if failed == 0 {
		fmt.Fprintln(p.out, "\nAll are started.")
		return nil
	}
	fmt.Fprintln(p.out, "\nThese were in trouble from the start, as they should be. The others are started.")
	return nil
}

// simulate makes two accounts in three Regions, with n databases among them, and tells which of them are in what trouble, by their ARNs.
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
	shares := []int{0, 2, 4, 0, 2, 1, 0, 3, 0, 2, 5, 1} // of the groups: the first has four of twelve databases, the last one
	for i := range n {
		k := shares[i%len(shares)]
		arn, in := add(servers[k], i)
		if in != "" {
			wantFailures[arn] = in
		}
		groups[k].ins = append(groups[k].ins, &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		})
	}
	for i, server := range servers {
		server.Throttle(quotaBurst, quotaPerSecond)
		groups[i].connect(server.Config(), func(o *activitystream.Options) {
			o.Pacer = statemachine.NewPacer(10, 60)                    // nobody else is there to share the quota with
			o.Wait.MinDelay, o.Wait.Grace = time.Second, 5*time.Second // 5 s and a minute by default: databases take minutes
		})
	}
	return slices.DeleteFunc(groups, func(g *group) bool { return len(g.ins) == 0 }), wantFailures
}

// add adds the database with the number i, and tells what its failure will be described as, if it is in trouble. Most are simply
// stopped.
func add(s *activitystreamtest.Server, i int) (arn, trouble string) {
	var status activitystream.Status
	var mode activitystream.Mode
	var class, resourceStatus string
	engine := []string{"aurora-postgresql", "aurora-mysql", "oracle-ee", "sqlserver-se"}[i%4]
	state := i % 37 // 37 shares no factor with the numbers of engines and groups
	switch state {
	case 2, 11, 20, 29:
		status = activitystream.StatusStarted
	case 7, 26:
		status = activitystream.StatusStarting
	case 5: // only Aurora PostgreSQL has this mode, and async is what is asked for
		engine, status, mode, trouble = "aurora-postgresql", activitystream.StatusStarted, activitystream.ModeSync, string(statemachine.Drifted)
	case 14:
		engine, class, trouble = "oracle-ee", "db.t3.medium", string(statemachine.Unsupported)
	case 17:
		resourceStatus, trouble = "stopped", string(statemachine.InvalidState)
	case 23:
		trouble = string(statemachine.NotFound)
	case 32:
		trouble = string(statemachine.Lapsed)
	}
	name := fmt.Sprintf("%s-%03d", engine, i+1)
	if engine[:6] == "aurora" {
		arn = s.AddCluster(activitystreamtest.Cluster{Identifier: name, Engine: engine, Status: status, Mode: mode, ResourceStatus: resourceStatus})
	} else {
		arn = s.AddInstance(activitystreamtest.Instance{Identifier: name, Engine: engine, Class: class, Status: status, ResourceStatus: resourceStatus})
	}
	switch state {
	case 23:
		s.Remove(arn) // somebody deleted it, and left it in the list
	case 32:
		s.Lapse(arn) // RDS will roll the start back
	}
	return arn, trouble
}

// transition is how long a stream takes to start: log-normal, as such times are, and the same in each run.
func transition(arn, _, _ string) time.Duration {
	h := fnv.New64a()
	fmt.Fprint(h, arn)
	r := rand.New(rand.NewPCG(1, h.Sum64())) //nolint:gosec // no secret
	return time.Duration(float64(3*time.Second) * math.Exp(0.4*r.NormFloat64()))
}

// latency is how long an answer takes.
func latency(c activitystreamtest.Call) time.Duration {
	return 150*time.Millisecond + time.Duration(c.Records)*time.Millisecond
}
