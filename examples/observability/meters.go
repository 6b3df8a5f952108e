package main

import (
	"context"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meters adapts an OpenTelemetry MeterProvider for the SDK, as far as this library and the SDK's
// counts and durations need it. The SDK's module smithyotelmetrics adapts all instruments.
type meters struct{ metric.MeterProvider }

func (m meters) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter { //nolint:ireturn // the interface's signature
	return meter{Meter: metrics.NopMeter{}, otel: m.MeterProvider.Meter(scope)}
}

type meter struct {
	metrics.Meter // of the other instruments

	otel metric.Meter
}

func (m meter) Int64Counter(name string, optFns ...metrics.InstrumentOption) (metrics.Int64Counter, error) { //nolint:ireturn // the interface's signature
	o := options(optFns)
	c, err := m.otel.Int64Counter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return counter{c}, err
}

func (m meter) Float64Histogram(name string, optFns ...metrics.InstrumentOption) (metrics.Float64Histogram, error) { //nolint:ireturn // the interface's signature
	o := options(optFns)
	h, err := m.otel.Float64Histogram(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return histogram{h}, err
}

type counter struct{ metric.Int64Counter }

func (c counter) Add(ctx context.Context, n int64, optFns ...metrics.RecordMetricOption) {
	c.Int64Counter.Add(ctx, n, attributes(optFns))
}

type histogram struct{ metric.Float64Histogram }

func (h histogram) Record(ctx context.Context, v float64, optFns ...metrics.RecordMetricOption) {
	h.Float64Histogram.Record(ctx, v, attributes(optFns))
}

func options(optFns []metrics.InstrumentOption) (o metrics.InstrumentOptions) {
	for _, fn := range optFns {
		fn(&o)
	}
	return o
}

// attributes returns the properties that are texts.
func attributes(optFns []metrics.RecordMetricOption) metric.MeasurementOption { //nolint:ireturn // OpenTelemetry's type
	o := metrics.RecordMetricOptions{Properties: smithy.Properties{}}
	for _, fn := range optFns {
		fn(&o)
	}
	var all []attribute.KeyValue
	for k, v := range o.Properties.Values() {
		key, ok := k.(string)
		if text, isText := v.(string); ok && isText {
			all = append(all, attribute.String(key, text))
		}
	}
	return metric.WithAttributes(all...)
}
