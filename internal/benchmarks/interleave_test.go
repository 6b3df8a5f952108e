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
	run  func(n int) // does it n times
	per  int         // how many units of work one time is; zero: 1
}

// interleave times contenders beside each other: in each of many rounds each runs once, for about slice, in random order, so that
// whatever else the machine does hits all alike. What is compared afterwards is what one round gave. The garbage collector runs between the rounds and
// not in them: whose turn it would hit is chance, and allocations are counted for themselves.
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
			c.run(1) // what the collector took away, such as a large stack, nobody pays for
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

// anew is interleave in several parts, each with contenders that are made anew: where their memory happens to lie is worth a percent.
func anew(parts, rounds int, slice time.Duration, contenders func() []contender) map[string]Timing {
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

// clock is how many nanoseconds a unit of work takes.
func clock(c contender, times int) float64 {
	start := time.Now()
	c.run(times)
	return float64(time.Since(start)) / float64(times*max(c.per, 1))
}

// calibrated is how many times fit into slice.
func calibrated(c contender, slice time.Duration) int {
	c.run(1) // what is done the first time only
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

// allocations counts the allocations and the bytes of a unit of work: the median of a few runs, because what runs in the background allocates too.
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

// ratio is a to b: of each round's times, and then the median.
func ratio(a, b Timing) Spread {
	rs := make([]float64, len(a.rounds))
	for i := range rs {
		rs[i] = a.rounds[i] / b.rounds[i]
	}
	return spreadOf(rs)
}

// less is t without what o takes: round by round.
func (t Timing) less(o Timing) Timing {
	rounds := make([]float64, len(t.rounds))
	for i := range rounds {
		rounds[i] = t.rounds[i] - o.rounds[i]
	}
	return Timing{Nanoseconds: spreadOf(rounds), Allocs: t.Allocs, Bytes: t.Bytes, rounds: rounds}
}
