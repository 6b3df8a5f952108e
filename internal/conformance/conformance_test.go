package conformance

import (
	"slices"
	"testing"
)

// ways are all ways of all resources.
func ways() []scenario { return slices.Concat(activityStreams(), eventDataStores(), eventStreams()) }

// rules are all rules.
func rules() []rule { return slices.Concat(waiting(), watching(), ensuring(), kinds()) }

func TestConformance(t *testing.T) {
	checked := make(map[string]int)
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			for _, r := range rules() {
				if w.has&r.needs == r.needs {
					checked[r.name]++
					simulate(t, w, r)
				}
			}
		})
	}
	total := 0
	for _, n := range checked {
		total += n
	}
	t.Logf("%d rules, %d ways, %d times checked", len(checked), len(ways()), total)
}

// TestRulesAreChecked: a rule that applies to nothing, or is told without a reason, is none.
func TestRulesAreChecked(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rules() {
		if r.name == "" || r.why == "" || seen[r.name] {
			t.Errorf("the rule %q has no name, no reason, or a namesake", r.name)
		}
		seen[r.name] = true
		if !slices.ContainsFunc(ways(), func(w scenario) bool { return w.has&r.needs == r.needs }) {
			t.Errorf("no way has what the rule %q needs", r.name)
		}
	}
}
