package ingestion_test

import (
	"slices"
	"testing"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestMachineHasStatesOfSDK fails if the SDK has a new status, which the table then needs.
func TestMachineHasStatesOfSDK(t *testing.T) {
	want, got := ingestion.Status("").Values(), ingestion.Machine().States()
	slices.Sort(want)
	slices.Sort(got)
	assert.Equal(t, "the states", want, got)
}

func TestMachinePlans(t *testing.T) {
	const (
		start = ingestion.StartEventDataStoreIngestion
		stop  = ingestion.StopEventDataStoreIngestion
	)
	for _, test := range []struct {
		why      string
		from, to ingestion.Status
		want     []statemachine.Operation
	}{
		{why: "it settles", from: ingestion.StatusCreated, to: ingestion.StatusEnabled},
		{why: "it settles there if StartIngestion was false", from: ingestion.StatusCreated, to: ingestion.StatusStoppedIngestion},
		{why: "after it has stopped", from: ingestion.StatusStoppingIngestion, to: ingestion.StatusEnabled, want: []statemachine.Operation{start}},
		{why: "after it has started", from: ingestion.StatusStartingIngestion, to: ingestion.StatusStoppedIngestion, want: []statemachine.Operation{stop}},
		{why: "only a restore", from: ingestion.StatusPendingDeletion, to: ingestion.StatusEnabled, want: []statemachine.Operation{ingestion.RestoreEventDataStore}},
		{
			why: "it comes back enabled", from: ingestion.StatusPendingDeletion, to: ingestion.StatusStoppedIngestion,
			want: []statemachine.Operation{ingestion.RestoreEventDataStore, stop},
		},
		{
			why: "a store that is stopped can be deleted", from: ingestion.StatusStoppedIngestion, to: ingestion.StatusPendingDeletion,
			want: []statemachine.Operation{ingestion.DeleteEventDataStore},
		},
	} {
		got, ok := ingestion.Machine().Plan(test.from, test.to)
		if !ok {
			t.Errorf("%s → %s: no plan: %s", test.from, test.to, test.why)
		}
		assert.Equal(t, string(test.from)+" → "+string(test.to)+": "+test.why, test.want, got)
	}
	if _, ok := ingestion.Machine().Plan(ingestion.StatusEnabled, ingestion.StatusCreated); ok {
		t.Error("a plan leads to CREATED")
	}
}
