package benchmarks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// quotaChart returns the chart of the share of waits that succeed, by how many run together.
func quotaChart(r *Results) string {
	const top, bottom, right = 86.0, 350.0, 260.0
	d := newDrawing(bottom+40, "Waits that succeed under RDS's quota",
		"A line chart of the percentage of waits that succeed against the number of waits that run together. "+describeQuota(r))
	d.text(10, 39, "small", "start", "The quota is 300 calls at once, then 12 a second.")
	d.text(10, 55, "small", "start", "Calls and lag are those of 1,000 waits.")
	p := plot{d, scale{30, 3000, 40, right, true}, scale{0, 100, bottom, top, false}}
	p.axes([]float64{30, 100, 300, 1000, 3000}, []float64{0, 25, 50, 75, 100}, "waits together (log scale)", "% that succeed: higher is better")
	lines := map[string][][2]float64{}
	var order []string // results.json has this library first: the others are drawn on top of its thick line
	for _, q := range r.Quota {
		if lines[q.Name] == nil {
			order = append(order, q.Name)
		}
		lines[q.Name] = append(lines[q.Name], [2]float64{p.x.at(float64(q.Waits)), p.y.at(100 * float64(q.Waits-q.Lost) / float64(q.Waits))})
	}
	labels := make([]label, 0, len(order))
	dashes := map[bool]int{} // of those that succeed to the end, and of the others: lines that overlap differ
	for i, name := range order {
		end := lines[name][len(lines[name])-1]
		class := fmt.Sprintf("line s%d dash%d", i, dashes[end[1] > top]%3)
		dashes[end[1] > top]++
		if name == inCrowds[own] {
			class += " thick"
		}
		d.path(lines[name], class)
		text := []string{name}
		if len(name) > len(inCrowds[own]) { // too long for one line
			text = strings.SplitN(name, ", ", 2)
		}
		text = append(text, note(r, name)...)
		labels = append(labels, label{x: end[0], y: end[1], class: fmt.Sprintf("t%d", i), lines: text})
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	place(labels, top+4, bottom+4)
	p.labels(right+20, labels)
	return d.String()
}

// note returns the number of calls and the mean lag of 1,000 waits, as a line of a label.
func note(r *Results, name string) []string {
	for _, q := range r.Quota {
		if q.Name == name && q.Waits == 1000 {
			return []string{fmt.Sprintf("%s calls, %.0f s late", thousands(q.Calls), q.Lag)}
		}
	}
	return nil
}

// describeQuota returns the results of 1,000 waits as a sentence.
func describeQuota(r *Results) string {
	var all []string
	for _, q := range r.Quota {
		if q.Waits == 1000 {
			all = append(all, fmt.Sprintf("%s %d", q.Name, q.Lost))
		}
	}
	return "Of 1,000 waits, the following numbers fail: " + strings.Join(all, "; ") + "."
}

// thousands returns a number below a million with a comma.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// ownBars are this library's bars in the chart of memory: how the name is shown, and what the bar
// is.
var ownBars = map[string][2]string{
	"streamwarden WaitEach": {"activitystream WaitEach", "all waits in one call, each with the last stream read"},
	"streamwarden":          {"statemachine Waiter", "only the wait, like the peers in gray"},
	"activitystream Wait":   {"activitystream Wait", "a Waiter with its input, options and the last stream read"},
}

// memoryChart returns the chart of the memory of a wait that sleeps.
func memoryChart(r *Results) string {
	all := slices.SortedFunc(slices.Values(r.Memory), func(a, b Footprint) int { return int(a.Deep - b.Deep) })
	d := &drawing{}
	y := 66.0
	widest := all[len(all)-1].Deep
	described := make([]string, 0, len(all))
	for _, f := range all {
		name, class, label := f.Name, "f4", ""
		if bar, ok := ownBars[f.Name]; ok {
			name, class, label = bar[0], "f0", "own"
		}
		d.text(10, y, label, "start", "%s", name)
		d.text(470, y, "small", "end", "%s bytes, %s", thousands(int(f.Deep)), goroutines(f.Goroutines))
		d.bar(10, y+5, math.Max(460*f.Deep/widest, 1), 11, class)
		y += 34
		if bar, ok := ownBars[f.Name]; ok {
			d.text(10, y-4, "small", "start", "%s", bar[1])
			y += 17
		}
		described = append(described, fmt.Sprintf("%s %s", name, thousands(int(f.Deep))))
	}
	whole := newDrawing(y-10, "Memory per sleeping wait", "A bar chart of bytes per wait: "+strings.Join(described, "; ")+".")
	whole.text(10, 40, "small", "start", "%s waits at once, after one call of the SDK: less is better", thousands(all[0].Waits))
	fmt.Fprint(whole, d.Builder.String())
	return whole.String()
}

// goroutines returns a number of goroutines in words.
func goroutines(n float64) string {
	switch n := math.Round(n); n {
	case 0:
		return "no goroutine"
	case 1:
		return "1 goroutine"
	default:
		return fmt.Sprintf("%.0f goroutines", n)
	}
}
