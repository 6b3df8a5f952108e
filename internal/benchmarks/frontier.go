package benchmarks

import (
	"math"
	"slices"
)

// A law is the distribution of how long transitions take: the share that takes longer than a number
// of seconds.
type law func(seconds float64) float64

// logNormal returns the log-normal law with a median and σ 0.7: nine of ten transitions take
// between a third and three times the median.
func logNormal(median float64) law {
	return func(x float64) float64 {
		if x <= 0 {
			return 1
		}
		return math.Erfc(math.Log(x/median)/(sigma*math.Sqrt2)) / 2
	}
}

const sigma = 0.7

// mixed returns the law of transitions that follow a or b, half of them each.
func mixed(a, b law) law { return func(x float64) float64 { return (a(x) + b(x)) / 2 } }

// frontier returns the best schedules of reads at fixed instants, given the law. For each price of
// a read in seconds of lag, it computes the cheapest schedule, backwards over a grid of instants.
// No other schedule has less lag with as many reads.
func frontier(longer law) []Point {
	grid := instants(longer)
	n := len(grid)
	left := make([]float64, n) // the share that takes longer
	area := make([]float64, n) // the integral of left up to here: what turns a pause into lag
	for i, at := range grid {
		left[i] = longer(at)
		if i > 0 {
			area[i] = area[i-1] + (at-grid[i-1])*(left[i]+left[i-1])/2
		}
	}
	var points []Point
	for price := 0.01; price < 5000; price *= 1.25 {
		cost, next := make([]float64, n), make([]int, n)
		for i := n - 2; i >= 0; i-- {
			cost[i] = math.Inf(1)
			for j := i + 1; j < n; j++ {
				// The waits that are not over at i read at j; those that ended since i have the lag.
				lag := left[i]*(grid[j]-grid[i]) - (area[j] - area[i])
				if lag > cost[i] {
					break // it only grows
				}
				if c := price*left[i] + lag + cost[j]; c < cost[i] {
					cost[i], next[i] = c, j
				}
			}
		}
		var p Point
		for i := 0; i < n-1; i = next[i] {
			j := next[i]
			p.Reads += left[i]
			p.Lag += left[i]*(grid[j]-grid[i]) - (area[j] - area[i])
		}
		points = append(points, p)
	}
	slices.SortFunc(points, func(a, b Point) int { return int(math.Copysign(1, a.Reads-b.Reads)) })
	return points
}

// instants returns the grid: dense where many transitions end, until one in 100,000 is left.
func instants(longer law) []float64 {
	const steps = 2500
	end := 1.0
	for longer(end) > 1e-5 {
		end *= 1.05
	}
	grid := make([]float64, 0, steps)
	const first = 1.0 // instants below one second do not matter
	for i := range steps {
		grid = append(grid, first*math.Pow(end/first, float64(i)/(steps-1)))
	}
	return append([]float64{0}, grid...)
}

// best returns the frontier's lag at a number of reads, interpolated between the logarithms of two
// points.
func best(frontier []Point, reads float64) float64 {
	i, _ := slices.BinarySearchFunc(frontier, reads, func(p Point, reads float64) int { return int(math.Copysign(1, p.Reads-reads)) })
	i = min(max(i, 1), len(frontier)-1)
	a, b := frontier[i-1], frontier[i]
	share := math.Log(reads/a.Reads) / math.Log(b.Reads/a.Reads)
	return math.Exp(math.Log(a.Lag) + share*math.Log(b.Lag/a.Lag))
}
