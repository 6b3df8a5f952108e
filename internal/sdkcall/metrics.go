package sdkcall

import (
	"context"
	"errors"

	"github.com/aws/smithy-go/metrics"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// meter records what the calls of a client do, with the MeterProvider of the SDK's client.
type meter struct {
	name                     string // of the service's package
	reads, changes, commands metrics.Int64Counter
	waits                    metrics.Float64Histogram
}

// newMeter returns the meter of a provider. It is nil if the provider discards everything, as the
// SDK's default does, or cannot make an instrument.
func newMeter(provider metrics.MeterProvider, name string) *meter {
	switch provider.(type) {
	case nil, *metrics.NopMeterProvider, metrics.NopMeterProvider:
		return nil
	}
	source, m := provider.Meter(ScopeName), &meter{name: name}
	var errs [4]error
	m.reads, errs[0] = source.Int64Counter("streamwarden.reads", describe("{read}", "Reads of one resource, by outcome"))
	m.changes, errs[1] = source.Int64Counter("streamwarden.state_changes", describe("{change}", "Changes of state that reads showed"))
	m.commands, errs[2] = source.Int64Counter("streamwarden.commands", describe("{command}", "Commands of Ensure calls, by outcome"))
	m.waits, errs[3] = source.Float64Histogram("streamwarden.wait.duration", describe("s", "Time that waits and Ensure calls took, by outcome"))
	if errors.Join(errs[:]...) != nil {
		return nil
	}
	return m
}

// describe describes an instrument.
func describe(unit, description string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, description }
}

// WithMetrics returns an OnProgress that records metrics and then calls next, which may be nil.
// Without a MeterProvider, it returns next.
func (c *ClientInfo) WithMetrics(next func(statemachine.Progress)) func(statemachine.Progress) {
	m := c.meter
	if m == nil {
		return next
	}
	return func(p statemachine.Progress) {
		m.record(p)
		if next != nil {
			next(p)
		}
	}
}

// record records one report, which has no context.
//
//nolint:contextcheck,nolintlint // contextcheck reads this, and reports nothing here
func (m *meter) record(p statemachine.Progress) {
	ctx := context.Background()
	switch p.Type {
	case statemachine.ProgressRead:
		m.reads.Add(ctx, 1, m.with("outcome", outcome(p.Err)))
	case statemachine.ProgressChanged:
		m.changes.Add(ctx, 1, m.with("from", p.From, "to", p.State))
	case statemachine.ProgressCommand:
	case statemachine.ProgressAccepted, statemachine.ProgressRejected, statemachine.ProgressLost:
		m.commands.Add(ctx, 1, m.with("operation", string(p.Operation), "outcome", string(p.Type), "kind", string(statemachine.KindOf(p.Err))))
	case statemachine.ProgressEnded:
		if p.Target != "" { // neither a Get nor a Watch
			m.waits.Record(ctx, p.Elapsed.Seconds(), m.with("target", p.Target, "outcome", outcome(p.Err)))
		}
	}
}

// with returns the attributes of a measurement: pairs of a key and a value.
func (m *meter) with(pairs ...string) metrics.RecordMetricOption {
	return func(o *metrics.RecordMetricOptions) {
		o.Properties.Set("streamwarden.package", m.name)
		for i := 0; i < len(pairs); i += 2 {
			o.Properties.Set("streamwarden."+pairs[i], pairs[i+1])
		}
	}
}

// outcome returns "ok", or the Reason or Kind of an error.
func outcome(err error) string {
	if wait, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(wait.Reason)
	}
	if err != nil {
		return string(statemachine.KindOf(err))
	}
	return "ok"
}
