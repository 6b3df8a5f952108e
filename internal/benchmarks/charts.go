package benchmarks

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// quotaChart is the share of waits that are lost, by how many there are together.
func quotaChart(r *Results) string {
	const bottom, right = 290, 450
	d := &drawing{width: 820, height: 335}
	d.text(10, 18, "title", "start", "Waits lost when many run together under RDS's quota")
	p := plot{d, scale{30, 3000, 50, right, true}, scale{0, 100, bottom, 60, false}}
	p.axes([]float64{30, 100, 300, 1000, 3000}, []float64{0, 25, 50, 75, 100}, "waits together; the quota is 300 calls at once, then 12 a second", "% lost")
	lines := map[string][][2]float64{}
	var order []string
	for _, q := range r.Quota {
		if lines[q.Name] == nil {
			order = append([]string{q.Name}, order...) // this library last
		}
		lines[q.Name] = append(lines[q.Name], [2]float64{p.x.at(float64(q.Waits)), p.y.at(100 * float64(q.Lost) / float64(q.Waits))})
	}
	end := func(name string) float64 { return lines[name][len(lines[name])-1][1] }
	slices.SortStableFunc(order, func(a, b string) int { return int(end(a) - end(b)) })
	for i, name := range order {
		if end(name) < bottom {
			d.path(lines[name], fmt.Sprintf("line s%d", 1+i%3))
		}
	}
	d.path(lines[inCrowds[own]], "line s0")
	d.text(right+10, bottom+31, "small", "start", "%s", "calls and lag are those of 1,000 waits")
	below := float64(bottom + 20)
	for _, name := range slices.Backward(order) { // from the bottom, so that none stands below the axis
		class := "small"
		if name == inCrowds[own] {
			class = "own"
		}
		below = math.Min(end(name)+4, below-16)
		d.text(right+10, below, class, "start", "%s", name+note(r, name))
	}
	return d.String()
}

// note is what else is to be said of a thousand.
func note(r *Results, name string) string {
	for _, q := range r.Quota {
		if q.Name == name && q.Waits == 1000 && q.Lost == 0 {
			return fmt.Sprintf(": %s calls, %.0f s late", thousands(q.Calls), q.Lag)
		}
	}
	return ""
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000) // less than a million
}

// memoryChart is the bytes of a wait that sleeps.
func memoryChart(r *Results) string {
	all := slices.SortedFunc(slices.Values(r.Memory), func(a, b Footprint) int { return int(a.Deep - b.Deep) })
	d := &drawing{width: 720, height: 60 + 26*float64(len(all))}
	d.text(10, 18, "title", "start", "Memory of a wait that sleeps after a call of the SDK, %s at once", thousands(all[0].Waits))
	widest := all[len(all)-1].Deep
	for i, f := range all {
		y := 40 + 26*float64(i)
		class, label := "f4", "small"
		if strings.HasPrefix(f.Name, own) || strings.HasPrefix(f.Name, "activitystream") {
			class, label = "f0", "own"
		}
		d.text(170, y+13, label, "end", "%s", f.Name)
		d.bar(178, y, math.Max(380*f.Deep/widest, 1), 18, class)
		d.text(186+380*f.Deep/widest, y+13, label, "start", "%s bytes, %s", thousands(int(f.Deep)), goroutines(f.Goroutines))
	}
	return d.String()
}

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
