package benchmarks

import (
	"fmt"
	"math"
	"strconv"
)

// spread returns a median, with the quartiles if they differ.
func spread(s Spread) string {
	if s.Low == s.High {
		return short(s.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", short(s.Median), short(s.Low), short(s.High))
}

// times returns a factor as text.
func times(v float64) string { return short(v) + " ×" }

// short returns a number with three digits, and with one more near 1, where the difference counts.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a > 0.9 && a < 1.1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.005:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 1, 64)
}
