package statemachine_test

import (
	"testing"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestStatesThatLookAlike has states of one length with the same byte in the middle, and so one place in the
// machine's table of guesses.
func TestStatesThatLookAlike(t *testing.T) {
	m := statemachine.MustNew(statemachine.Definition[string]{
		Name: "likeness",
		Transitions: []statemachine.Transition[string]{
			{From: "axb", To: "bxa", By: "Turn"},
			{From: "bxa", To: "cxc"},
			{From: "cxc", To: "axb", By: "Return"},
		},
	})
	for _, s := range m.States() {
		if !m.Known(s) {
			t.Errorf("%s is not known", s)
		}
	}
	for _, s := range []string{"dxd", "", "x", "axbb"} {
		if m.Known(s) {
			t.Errorf("%q is known", s)
		}
	}
	if !m.Permits("axb", "Turn") || m.Permits("bxa", "Turn") || m.Permits("cxc", "Turn") || !m.Permits("cxc", "Return") {
		t.Error("an operation is permitted by another state than its own")
	}
	if !m.Settles("bxa", "cxc") || m.Settles("axb", "cxc") || m.Settles("cxc", "bxa") {
		t.Error("a state settles as another one does")
	}
}
