package benchmarks

import (
	"fmt"
	"math"
	"strconv"
)

// spread is a median, and the quartiles where they differ.
func spread(s Spread) string {
	if s.Low == s.High {
		return short(s.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", short(s.Median), short(s.Low), short(s.High))
}

func times(v float64) string { return short(v) + " ×" }

// short is a number with three digits, and one more near 1, where it is the rest that counts.
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
