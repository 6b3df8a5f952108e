package benchmarks

import (
	"fmt"
	"math"
	"slices"
)

// lagChart is reads against lag, one panel for each class, with the best that any schedule can do.
func lagChart(r *Results) string {
	const panel, height = 290.0, 270.0
	d := &drawing{width: panel*float64(len(r.Lag)) + 10, height: height + 135}
	d.text(10, 18, "title", "start", "How late a change is noticed, by how many reads: down and left is better")
	for i, c := range r.Lag {
		left := panel*float64(i) + 46
		p := plot{d, scale{1, 100, left, left + panel - 62, true}, scale{1, 300, height, 86, true}}
		d.text(left, 52, "", "start", "%s", explained[c.Name])
		p.axes([]float64{1, 3, 10, 30, 100}, []float64{1, 3, 10, 30, 100, 300}, "reads of a wait, mean", "lag in seconds, mean")
		var best [][2]float64
		for _, f := range c.Frontier {
			if f.Reads >= 1 && f.Reads <= 100 && f.Lag >= 1 && f.Lag <= 300 {
				best = append(best, [2]float64{p.x.at(f.Reads), p.y.at(f.Lag)})
			}
		}
		d.path(best, "best")
		p.points(c.Waiters)
	}
	d.segment(16, height+50, 40, height+50, "best")
	d.text(46, height+54, "besttext", "start", "the best schedule of all, for one who knows how long such transitions take")
	for n, w := range r.Lag[0].Waiters {
		x, y := 16+float64(n%3)*panel, height+78+float64(n/3)*20
		d.dot(x, y-4, 5, colour(n))
		d.text(x+11, y, classOf(n), "start", "%s %s", mark(n), w.Name)
	}
	return d.String()
}

var explained = map[string]string{
	"slow": "slow: 4 minutes in the median", "quick": "quick: 20 s in the median", "mixed": "mixed: half of each",
}

// points draws the waiters, this library's last, and a mark beside each where there is room.
func (p plot) points(waiters []Scheduled) {
	var taken [][2]float64
	for _, w := range waiters {
		taken = append(taken, [2]float64{p.x.at(w.Reads), p.y.at(w.Lag)})
	}
	for n := range slices.Backward(waiters) {
		x, y := taken[n][0], taken[n][1]
		p.dot(x, y, 5, colour(n))
		if n == 0 {
			break // it has its colour
		}
		at := place(x, y, taken)
		taken = append(taken, at)
		p.text(at[0], at[1]+4, "small", "middle", "%s", mark(n))
	}
}

// place is where a mark beside a point is farthest from everything else: right, above, left or below of it.
func place(x, y float64, taken [][2]float64) (best [2]float64) {
	room := -1.0
	for _, at := range [][2]float64{{x + 11, y}, {x, y - 12}, {x - 11, y}, {x, y + 12}} {
		nearest := math.Inf(1)
		for _, o := range taken {
			nearest = math.Min(nearest, math.Hypot(o[0]-at[0], o[1]-at[1]))
		}
		if nearest > room+1 {
			room, best = nearest, at
		}
	}
	return best
}

// mark is what a waiter is called in a panel; this library needs none.
func mark(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func colour(n int) string {
	if n == 0 {
		return "f0"
	}
	return "f4"
}

func classOf(n int) string {
	if n == 0 {
		return "own"
	}
	return "small"
}
