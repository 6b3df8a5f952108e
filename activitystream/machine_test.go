package activitystream_test

import (
	"slices"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestMachineKnowsEveryStateOfSDK fails when the SDK grows a status: the table then needs it, too.
func TestMachineKnowsEveryStateOfSDK(t *testing.T) {
	sameStates(t, activitystream.Machine())
	sameStates(t, activitystream.PolicyMachine())
}

func sameStates[S interface {
	~string
	Values() []S
}](t *testing.T, m *statemachine.Machine[S]) {
	t.Helper()
	want, got := S("").Values(), m.States()
	slices.Sort(want)
	slices.Sort(got)
	assert.Equal(t, m.Name(), want, got)
}

func TestMachinePlans(t *testing.T) {
	const start, stop, modify = activitystream.StartActivityStream, activitystream.StopActivityStream, activitystream.ModifyActivityStream
	for _, test := range []struct {
		why      string
		from, to activitystream.Status
		want     []statemachine.Operation
	}{
		{why: "it settles", from: activitystream.StatusStarting, to: activitystream.StatusStarted},
		{why: "after it has stopped", from: activitystream.StatusStopping, to: activitystream.StatusStarted, want: []statemachine.Operation{start}},
		{why: "after it has started", from: activitystream.StatusStarting, to: activitystream.StatusStopped, want: []statemachine.Operation{stop}},
	} {
		got, ok := activitystream.Machine().Plan(test.from, test.to)
		if !ok {
			t.Errorf("%s → %s: no plan: %s", test.from, test.to, test.why)
		}
		assert.Equal(t, string(test.from)+" → "+string(test.to)+": "+test.why, test.want, got)
	}
	for _, test := range []struct {
		why      string
		from, to activitystream.PolicyStatus
		want     []statemachine.Operation
	}{
		{why: "it settles", from: activitystream.PolicyUnlocking, to: activitystream.PolicyUnlocked},
		{why: "one operation unlocks", from: activitystream.PolicyLocked, to: activitystream.PolicyUnlocked, want: []statemachine.Operation{modify}},
		{why: "and locks", from: activitystream.PolicyUnlocking, to: activitystream.PolicyLocked, want: []statemachine.Operation{modify}},
	} {
		got, ok := activitystream.PolicyMachine().Plan(test.from, test.to)
		if !ok {
			t.Errorf("%s → %s: no plan: %s", test.from, test.to, test.why)
		}
		assert.Equal(t, string(test.from)+" → "+string(test.to)+": "+test.why, test.want, got)
	}
}
