package eventstream_test

import (
	"slices"
	"testing"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestMachinesHaveStatesOfSDK fails if the SDK has a new state, which the tables then need.
func TestMachinesHaveStatesOfSDK(t *testing.T) {
	assert.Equal(t, "streams", append(eventstream.State("").Values(), eventstream.StateAbsent), eventstream.Machine().States(), sorted[eventstream.State]())
	assert.Equal(t, "destinations", eventstream.DestinationStatus("").Values(), eventstream.DestinationMachine().States(), sorted[eventstream.DestinationStatus]())
	if slices.Contains(eventstream.State("").Values(), eventstream.StateAbsent) {
		t.Error("StateAbsent is a state of the service")
	}
}

func TestMachinePlans(t *testing.T) {
	const (
		absent, running, stopped = eventstream.StateAbsent, eventstream.StateRunning, eventstream.StateStopped
		create, remove           = eventstream.CreateEventStream, eventstream.DeleteEventStream
	)
	m := eventstream.Machine()
	assert.Equal(t, "absent", absent, m.Absent())
	for _, test := range []struct {
		from, to eventstream.State
		want     []statemachine.Operation
		ok       bool
	}{
		{absent, absent, nil, true},
		{absent, running, []statemachine.Operation{create}, true},
		{running, absent, []statemachine.Operation{remove}, true},
		{stopped, absent, []statemachine.Operation{remove}, true},
		{stopped, running, []statemachine.Operation{remove, create}, true},
		{running, stopped, nil, false}, // no operation leads there
	} {
		got, ok := m.Plan(test.from, test.to)
		assert.Equal(t, string(test.from)+" to "+string(test.to), test.want, slices.Clip(got))
		assert.Equal(t, string(test.from)+" to "+string(test.to), test.ok, ok)
	}
	for _, s := range m.States() {
		if m.Transient(s) {
			t.Errorf("%s is transient", s)
		}
	}
	d := eventstream.DestinationMachine()
	if !d.Settles(eventstream.DestinationUnhealthy, eventstream.DestinationHealthy) || d.Settles(eventstream.DestinationHealthy, eventstream.DestinationUnhealthy) {
		t.Error("want UNHEALTHY to settle into HEALTHY, and not the reverse")
	}
}

func TestMustRecreateDependsOnMessage(t *testing.T) {
	for _, test := range []struct {
		message string
		want    bool
	}{
		{eventstreamtest.MessageNotActive, true},
		{eventstreamtest.MessageMissing, true},
		{eventstreamtest.MessageThrottled, false},
		{eventstreamtest.MessageKeyThrottled, false},
		{eventstreamtest.MessageKey, false},
		{"", false},
	} {
		d := eventstream.Destination{Status: eventstream.DestinationUnhealthy, Message: test.message}
		assert.Equal(t, test.message, test.want, d.MustRecreate())
		d.Status = eventstream.DestinationHealthy
		assert.Equal(t, "healthy: "+test.message, false, d.MustRecreate())
	}
}
