package main

import (
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// counts are the results of some databases.
type counts struct {
	account, region string // of the databases, or what they are together

	total      int
	already    int            // started or starting before the run
	planned    int            // to be started, in a dry run
	restarts   int            // planned ones that would restart at once
	starting   int            // whose start was accepted, and that have no result
	started    int            // by the run
	failed     int            // for a reason of their own
	unfinished int            // when the run was interrupted
	commanded  int            // unfinished ones with an accepted command
	startTime  time.Duration  // of all started ones together
	failures   map[string]int // failed ones, by reason

	reads, commands int     // calls
	rate, quota     float64 // calls per second: recent ones, and RDS's limit
}

// count counts the results of groups so far.
func count(account, region string, groups ...*group) counts {
	c := counts{account: account, region: region, failures: map[string]int{}}
	for _, g := range groups {
		reads, commands, rate := g.calls.sum()
		c.reads, c.commands, c.rate, c.quota = c.reads+reads, c.commands+commands, c.rate+rate, c.quota+quotaPerSecond
		g.mu.Lock()
		c.total, c.starting = c.total+len(g.ins), c.starting+len(g.starting)
		for _, r := range g.results {
			c.add(r)
		}
		g.mu.Unlock()
	}
	return c
}

// countRegions counts the results of each Region, in the order of the groups, and of all.
func countRegions(groups []*group) []counts {
	var all []counts
	for i, g := range groups {
		same := func(o *group) bool { return o.region == g.region }
		if !slices.ContainsFunc(groups[:i], same) {
			others := slices.DeleteFunc(slices.Clone(groups), func(o *group) bool { return !same(o) })
			all = append(all, count("", g.region, others...))
		}
	}
	return append(all, count("", "total", groups...))
}

// add counts a result.
func (c *counts) add(r result) {
	ran, reason := len(r.out.Operations) > 0, r.reason()
	switch {
	case reason == string(statemachine.Interrupted):
		c.unfinished++
		if ran {
			c.commanded++
		}
	case r.err != nil:
		c.failures[reason]++
		c.failed++
	case len(r.out.Planned) > 0:
		c.planned++
		if r.in.ApplyImmediately {
			c.restarts++
		}
	case ran:
		c.started++
		c.startTime += r.took
	default:
		c.already++
	}
}

// done returns the number of databases that are started or failed.
func (c *counts) done() int { return c.already + c.started + c.failed }

// mean returns the mean time of the starts.
func (c *counts) mean() string {
	if c.started == 0 {
		return "-"
	}
	d := c.startTime / time.Duration(c.started)
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
