package eventstream_test

import (
	"slices"
	"testing"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The machines have the states that the SDK's enums have: this fails when the SDK grows one.
func TestStatesAreTheSDKs(t *testing.T) {
	wantEqual(t, "streams", append(eventstream.State("").Values(), eventstream.StateAbsent), eventstream.Machine().States(), sorted[eventstream.State]())
	wantEqual(t, "destinations", eventstream.DestinationStatus("").Values(), eventstream.DestinationMachine().States(), sorted[eventstream.DestinationStatus]())
	if slices.Contains(eventstream.State("").Values(), eventstream.StateAbsent) {
		t.Error("StateAbsent has become a state of the service")
	}
}

func TestMachine(t *testing.T) {
	const (
		absent, running, stopped = eventstream.StateAbsent, eventstream.StateRunning, eventstream.StateStopped
		create, remove           = eventstream.CreateEventStream, eventstream.DeleteEventStream
	)
	m := eventstream.Machine()
	wantEqual(t, "absent", absent, m.Absent())
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
		{running, stopped, nil, false}, // nobody can command it
	} {
		got, ok := m.Plan(test.from, test.to)
		wantEqual(t, string(test.from)+" to "+string(test.to), test.want, slices.Clip(got))
		wantEqual(t, string(test.from)+" to "+string(test.to), test.ok, ok)
	}
	for _, s := range m.States() {
		if m.Transient(s) {
			t.Errorf("the service leaves %s by itself", s)
		}
	}
	d := eventstream.DestinationMachine()
	if !d.Settles(eventstream.DestinationUnhealthy, eventstream.DestinationHealthy) || d.Settles(eventstream.DestinationHealthy, eventstream.DestinationUnhealthy) {
		t.Error("an unhealthy destination heals, and a healthy one stays")
	}
}

func TestMustRecreate(t *testing.T) {
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
		wantEqual(t, test.message, test.want, d.MustRecreate())
		d.Status = eventstream.DestinationHealthy
		wantEqual(t, "healthy: "+test.message, false, d.MustRecreate())
	}
}
