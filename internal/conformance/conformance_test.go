package conformance

import (
	"slices"
	"testing"
)

// scenarios returns the scenarios of all resources.
func scenarios() []scenario {
	return slices.Concat(activityStreams(), eventDataStores(), eventStreams())
}

// rules returns all rules.
func rules() []rule {
	return slices.Concat(waitRules(), watchRules(), ensureRules(), deferralRules(), restartRules(), kindRules())
}

// TestConformance checks each rule on each scenario that has what the rule needs.
func TestConformance(t *testing.T) {
	checked := make(map[string]int)
	for _, w := range scenarios() {
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
	t.Logf("%d rules, %d scenarios, %d checks", len(checked), len(scenarios()), total)
}

// TestRulesAreChecked checks that each rule has a unique name, a reason, and a scenario.
func TestRulesAreChecked(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rules() {
		if r.name == "" || r.why == "" || seen[r.name] {
			t.Errorf("rule %q has no name, no reason, or a duplicate name", r.name)
		}
		seen[r.name] = true
		if !slices.ContainsFunc(scenarios(), func(w scenario) bool { return w.has&r.needs == r.needs }) {
			t.Errorf("rule %q applies to no scenario", r.name)
		}
	}
}
