package sdkcall_test

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go/metrics"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/metrictest"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// reports has a report of each type.
var reports = []statemachine.Progress{
	{Type: statemachine.ProgressRead, Target: "on", State: "off"},
	{Type: statemachine.ProgressChanged, Target: "on", State: "off"},
	{Type: statemachine.ProgressCommand, Target: "on", State: "off", Operation: "Start"},
	{Type: statemachine.ProgressAccepted, Target: "on", State: "off", Operation: "Start"},
	{Type: statemachine.ProgressRejected, Target: "on", State: "off", Operation: "Start", Err: statemachine.Conflict},
	{Type: statemachine.ProgressLost, Target: "on", State: "off", Operation: "Start", Err: statemachine.Unavailable},
	{Type: statemachine.ProgressRead, Target: "on", State: "off", Err: statemachine.Throttled},
	{Type: statemachine.ProgressChanged, Target: "on", From: "off", State: "going"},
	{Type: statemachine.ProgressEnded, Target: "on", State: "on", Elapsed: 90e9},
	{Type: statemachine.ProgressEnded, Target: "on", State: "off", Elapsed: 15e8, Err: &statemachine.WaitError{Reason: statemachine.Lapsed}},
	{Type: statemachine.ProgressEnded, Target: "on", State: "off", Err: statemachine.AccessDenied},
	{Type: statemachine.ProgressEnded, State: "off"}, // of a Get or a Watch
}

func TestWithMetricsRecordsReports(t *testing.T) {
	r := &metrictest.Recorder{Scope: sdkcall.ScopeName}
	c := sdkcall.NewCaller(&api{options: options{Meter: r}}, "resource", nil, nil, fields, sdkcall.Kernel, nil)
	seen := 0
	record := c.WithMetrics(func(statemachine.Progress) { seen++ })
	for _, p := range reports {
		record(p)
		c.WithMetrics(nil)(statemachine.Progress{Type: statemachine.ProgressCommand}) // counts nothing
	}
	assert.Equal(t, "reports of the caller", len(reports), seen)
	assert.Equal(t, "measurements", []string{
		`reads 1 outcome="ok" package="resource"`,
		`state_changes 1 from="" package="resource" to="off"`,
		`commands 1 kind="" operation="Start" outcome="accepted" package="resource"`,
		`commands 1 kind="conflict" operation="Start" outcome="rejected" package="resource"`,
		`commands 1 kind="unavailable" operation="Start" outcome="lost" package="resource"`,
		`reads 1 outcome="throttled" package="resource"`,
		`state_changes 1 from="off" package="resource" to="going"`,
		`wait.duration 90 outcome="ok" package="resource" target="on"`,
		`wait.duration 1.5 outcome="lapsed" package="resource" target="on"`,
		`wait.duration 0 outcome="access denied" package="resource" target="on"`,
	}, r.Lines())
}

// TestWithMetricsWithoutProviderIsFree checks that a client without a MeterProvider, or with one
// that cannot make an instrument, has no function to call.
func TestWithMetricsWithoutProviderIsFree(t *testing.T) {
	for why, provider := range map[string]metrics.MeterProvider{
		"none": nil, "the SDK's default": &metrics.NopMeterProvider{}, "the same as a value": metrics.NopMeterProvider{},
		"no instruments": &metrictest.Recorder{Scope: sdkcall.ScopeName, Err: errors.New("no")},
	} {
		c := sdkcall.NewCaller(&api{options: options{Meter: provider}}, "resource", nil, nil, fields, sdkcall.Kernel, nil)
		if c.WithMetrics(nil) != nil {
			t.Errorf("%s: not nil", why)
		}
	}
}
