package benchmarks

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// contender is one way to do the work that is compared.
type contender struct {
	name string
	run  func(n int) // does the work n times
	per  int         // the units of work in one time; zero means 1
}

// interleave times contenders alternately. In each of many rounds each contender runs once, for
// about slice, in random order, so that other load on the machine affects all alike. The results of
// one round are compared with each other. The garbage collector runs only between the rounds,
// because it would slow a random contender. Allocations are counted separately.
func interleave(rounds int, slice time.Duration, cs []contender) map[string]Timing {
	times := make([]int, len(cs))
	series := make([][]float64, len(cs))
	for i, c := range cs {
		times[i] = calibrated(c, slice)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range rounds {
		runtime.GC()
		for _, c := range cs {
			c.run(1) // restores what the collector freed, such as a large stack
		}
		for _, i := range rand.Perm(len(cs)) {
			series[i] = append(series[i], clock(cs[i], times[i]))
		}
	}
	all := map[string]Timing{}
	for i, c := range cs {
		allocs, bytes := allocations(c)
		all[c.name] = Timing{Nanoseconds: spreadOf(series[i]), Allocs: allocs, Bytes: bytes, rounds: series[i]}
	}
	return all
}

// fresh runs interleave in several parts with new contenders, because the position of their objects
// in memory changes the times by a percent.
func fresh(parts, rounds int, slice time.Duration, contenders func() []contender) map[string]Timing {
	all := map[string]Timing{}
	for range parts {
		for name, t := range interleave(max(rounds/parts, 1), slice, contenders()) {
			t.rounds = append(all[name].rounds, t.rounds...)
			t.Nanoseconds = spreadOf(t.rounds)
			all[name] = t
		}
	}
	return all
}

// clock returns the nanoseconds of a unit of work.
func clock(c contender, times int) float64 {
	start := time.Now()
	c.run(times)
	return float64(time.Since(start)) / float64(times*max(c.per, 1))
}

// calibrated returns how many times a contender fits into slice.
func calibrated(c contender, slice time.Duration) int {
	c.run(1) // does the work of the first time
	n := 1
	for {
		start := time.Now()
		c.run(n)
		if d := time.Since(start); d >= slice/2 || n > 1<<24 {
			return max(int(float64(n)*float64(slice)/float64(max(d, 1))), 1)
		}
		n *= 2
	}
}

// allocations returns the allocations and the bytes of a unit of work. It takes the median of a few
// runs, because background work allocates too.
func allocations(c contender) (allocs, bytes float64) {
	times := max(100/max(c.per, 1), 2)
	var counts, sizes []float64
	var before, after runtime.MemStats
	for range 9 {
		runtime.ReadMemStats(&before)
		c.run(times)
		runtime.ReadMemStats(&after)
		units := float64(times * max(c.per, 1))
		counts = append(counts, float64(after.Mallocs-before.Mallocs)/units)
		sizes = append(sizes, float64(after.TotalAlloc-before.TotalAlloc)/units)
	}
	slices.Sort(counts)
	slices.Sort(sizes)
	return counts[len(counts)/2], sizes[len(sizes)/2]
}

// ratio returns the median of the ratios of a to b in each round.
func ratio(a, b Timing) Spread {
	rs := make([]float64, len(a.rounds))
	for i := range rs {
		rs[i] = a.rounds[i] / b.rounds[i]
	}
	return spreadOf(rs)
}

// less returns t minus o, round by round.
func (t Timing) less(o Timing) Timing {
	rounds := make([]float64, len(t.rounds))
	for i := range rounds {
		rounds[i] = t.rounds[i] - o.rounds[i]
	}
	return Timing{Nanoseconds: spreadOf(rounds), Allocs: t.Allocs, Bytes: t.Bytes, rounds: rounds}
}
