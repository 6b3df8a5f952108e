package benchmarks

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// goalsTable returns a table of every goal and what was measured.
func goalsTable(r *Results) string {
	var b strings.Builder
	b.WriteString("| Measure | | Goal | Measured | |\n|---|---|---:|---:|---|\n")
	for _, row := range r.Rows {
		bound, met := "≤ ", "met"
		if row.AtLeast {
			bound = "≥ "
		}
		if !row.Met() {
			met = "**not met**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s%s | %s | %s |\n", row.Measure, row.Unit, bound, short(row.Goal), spread(row.Got), met)
	}
	return b.String()
}

// waitersTable returns a table of the costs of each way to wait, as multiples of this library's.
func waitersTable(r *Results) string {
	var b strings.Builder
	b.WriteString("| | wait of one read: time | allocations | each further read: time | allocations | memory of a sleeping wait | lag as a multiple of the optimum: slow, quick, mixed | lost of 1,000 together |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|\n")
	one, further := timings(r, "one read"), timings(r, "further read")
	memory := map[string]float64{}
	for _, f := range r.Memory {
		memory[f.Name] = f.Deep
	}
	all := names(r, "one read")
	slices.SortFunc(all, func(a, b string) int { // this library first, the hand-written loop last
		rank := func(name string) string { return strings.NewReplacer(own, " ", "by hand", "~").Replace(name) }
		return strings.Compare(rank(a), rank(b))
	})
	for _, name := range all {
		t, f := one[name], further[name]
		label := name
		if name == own {
			label = "**" + own + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", label,
			times(t.Nanoseconds.Median/one[own].Nanoseconds.Median), short(math.Round(t.Allocs)),
			times(math.Max(f.Nanoseconds.Median/further[own].Nanoseconds.Median, 0)), short(math.Round(f.Allocs)),
			times(memory[name]/memory[own]), lagOf(r, name), lostOf(r, name))
	}
	return b.String()
}

// togetherTable returns the table of the README: 1,000 waits together under RDS's quota.
func togetherTable(r *Results) string {
	var b strings.Builder
	b.WriteString("| 1,000 waits together, under RDS's quota | waits lost | calls | mean lag of the others |\n|---|---:|---:|---:|\n")
	for _, q := range r.Quota {
		if q.Waits != 1000 {
			continue
		}
		name := q.Name
		if name == inCrowds[own] {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %.1f s |\n", name, q.Lost, thousands(q.Calls), q.Lag)
	}
	return b.String()
}

// own is this library in the table of waiters.
const own = "streamwarden"

// lagOf returns the lag of a waiter in each class, with its own delays.
func lagOf(r *Results, name string) string {
	var all []string
	for _, c := range r.Lag {
		for _, w := range c.Waiters {
			if w.Name == ownDelays[name] {
				all = append(all, fmt.Sprintf("%.1f", w.Times))
			}
		}
	}
	return strings.Join(all, ", ")
}

// lostOf returns how many of 1,000 waits together a waiter loses.
func lostOf(r *Results, name string) string {
	for _, q := range r.Quota {
		if q.Waits == 1000 && q.Name == inCrowds[name] {
			return strconv.Itoa(q.Lost)
		}
	}
	return ""
}

// ownDelays and inCrowds are the names of the waiters where they wait with delays of their own, and
// for many clusters.
var (
	ownDelays = map[string]string{
		own: "activitystream", "SDK waiter": "SDK waiter", "StateChangeConf": "StateChangeConf as in Terraform", "k8s wait": "k8s wait, 10 s",
		"azcore Poller": "azcore Poller, and by hand, every 30 s", "backoff": "backoff", "by hand": "azcore Poller, and by hand, every 30 s",
	}
	inCrowds = map[string]string{own: "activitystream WaitEach", "SDK waiter": "SDK waiter", "StateChangeConf": "StateChangeConf", "k8s wait": "k8s wait, 30 s"}
)

// machineTable returns a table of the costs of the machines, as multiples of this library's.
func machineTable(r *Results) string {
	var b strings.Builder
	b.WriteString("| State machine | | time | allocations |\n|---|---|---:|---:|\n")
	for _, part := range []struct{ work, what, own string }{
		{"ask", "query what a state permits", "Permits"}, {"tell", "a read, or an event, that changes nothing", "Observe"},
	} {
		all := timings(r, part.work)
		for _, name := range names(r, part.work) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, part.what, times(all[name].Nanoseconds.Median/all[part.own].Nanoseconds.Median), short(all[name].Allocs))
		}
	}
	return b.String()
}

// conditions returns the machine and the versions of the measurement.
func conditions(r *Results) string {
	peers := make([]string, 0, len(r.Peers))
	for path, version := range r.Peers {
		peers = append(peers, path+" "+version)
	}
	slices.Sort(peers)
	return fmt.Sprintf("Measured on %d cores of %s, %s/%s, %s; with %s.\n", r.Machine.Cores, r.Machine.CPU, r.Machine.OS, r.Machine.Arch, r.Machine.Go, strings.Join(peers, ", "))
}

// timings returns the timings of one kind of work, by contender.
func timings(r *Results, work string) map[string]Timing {
	all := map[string]Timing{}
	for _, t := range r.Timings {
		if t.Work == work {
			all[t.Name] = t
		}
	}
	return all
}

// names returns the contenders of one kind of work, the fastest first.
func names(r *Results, work string) (all []string) {
	for _, t := range r.Timings {
		if t.Work == work {
			all = append(all, t.Name)
		}
	}
	return all
}
