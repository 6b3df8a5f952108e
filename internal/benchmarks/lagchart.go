package benchmarks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// lagChart returns the chart of reads against lag, with one panel for each class of transitions
// and the best that any schedule can do.
func lagChart(r *Results) string {
	const first, panel, height, right = 78.0, 248.0, 170.0, 296.0
	d := newDrawing(first+panel*float64(len(r.Lag))-8, "How late a wait notices the change",
		"Three scatter plots of mean reads per wait against mean lag, one for each class of transition times, with a "+
			"curve for the theoretical optimum. "+describeLag(r))
	d.text(10, 39, "small", "start", "Fewer reads mean more lag. Closer to the dashed line is better.")
	d.text(10, 55, "small", "start", "2.0× means twice the lag of the optimum with as many reads.")
	for i, c := range r.Lag {
		top := first + panel*float64(i) + 24
		p := plot{d, scale{1, 100, 40, right, true}, scale{1, 300, top + height, top, true}}
		d.text(10, top-22, "panel", "start", "%s", explained[c.Name])
		p.axes([]float64{1, 3, 10, 30, 100}, []float64{1, 3, 10, 30, 100, 300}, "mean reads per wait (log scale)", "mean lag in seconds (log scale)")
		var best [][2]float64
		for _, f := range c.Frontier {
			if f.Reads >= 1 && f.Reads <= 100 && f.Lag >= 1 && f.Lag <= 300 {
				best = append(best, [2]float64{p.x.at(f.Reads), p.y.at(f.Lag)})
			}
		}
		d.path(best, "best")
		p.points(c.Waiters, best)
	}
	return d.String()
}

// explained has the title of each class's panel.
var explained = map[string]string{
	"slow":  "Slow transitions: median of 4 minutes",
	"quick": "Quick transitions: median of 20 seconds",
	"mixed": "Mixed transitions: half slow, half quick",
}

// shortNames are the names of waiters that are too long for a label.
var shortNames = map[string]string{
	"SDK waiter, 30 to 120 s":                "SDK, 30–120 s",
	"azcore Poller, and by hand, every 30 s": "azcore, 30 s",
	"StateChangeConf as in Terraform":        "Terraform provider",
}

// points draws the waiters and their labels, and labels the optimum.
func (p plot) points(waiters []Scheduled, best [][2]float64) {
	var all []label
	for n, w := range slices.Backward(waiters) {
		l := label{x: p.x.at(w.Reads), y: p.y.at(w.Lag), class: ""}
		dot := "f4"
		if n == 0 {
			l.class, dot = "own", "f0"
		}
		name := w.Name
		if s, ok := shortNames[name]; ok {
			name = s
		}
		l.lines = []string{fmt.Sprintf("%s %.1f×", name, w.Times)}
		p.dot(l.x, l.y, 4.5, dot)
		all = append(all, l)
	}
	end := best[len(best)-1]
	all = append(all, label{x: end[0], y: end[1], class: "besttext", lines: []string{"theoretical optimum"}})
	slices.SortStableFunc(all, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	place(all, p.y.end+8, p.y.start+lineHeight)
	p.labels(p.x.end+18, all)
}

// describeLag returns this library's results as a sentence.
func describeLag(r *Results) string {
	all := make([]string, 0, len(r.Lag))
	for _, c := range r.Lag {
		all = append(all, fmt.Sprintf("%s %.1f", c.Name, c.Waiters[0].Times))
	}
	return "The lag of activitystream as a multiple of the optimum: " + strings.Join(all, ", ") + "."
}
