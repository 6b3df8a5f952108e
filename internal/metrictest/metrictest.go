// Package metrictest has a metrics.MeterProvider that records measurements, for tests.
package metrictest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/smithy-go/metrics"
)

// Recorder records the measurements of one scope. It is safe for concurrent use.
type Recorder struct {
	Scope string
	Err   error // of every instrument

	mu    sync.Mutex
	lines []string
}

var _ metrics.MeterProvider = (*Recorder)(nil)

// Lines returns one line for each measurement: the instrument, the value and the attributes,
// without their common prefix.
func (r *Recorder) Lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Meter returns a meter that records in r, or nothing if the scope is another one.
func (r *Recorder) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter { //nolint:ireturn // the interface's signature
	if scope != r.Scope {
		return metrics.NopMeter{}
	}
	return meter{recorder: r}
}

type meter struct {
	metrics.NopMeter

	recorder *Recorder
}

func (m meter) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) { //nolint:ireturn // the interface's signature
	return instrument{m.recorder, name}, m.recorder.Err
}

func (m meter) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) { //nolint:ireturn // the interface's signature
	return instrument{m.recorder, name}, m.recorder.Err
}

// instrument is a counter or a histogram.
type instrument struct {
	recorder *Recorder
	name     string
}

func (i instrument) Add(_ context.Context, n int64, optFns ...metrics.RecordMetricOption) {
	i.recorder.add(i.name, n, optFns)
}

func (i instrument) Record(_ context.Context, v float64, optFns ...metrics.RecordMetricOption) {
	i.recorder.add(i.name, v, optFns)
}

func (r *Recorder) add(name string, value any, optFns []metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, fn := range optFns {
		fn(&o)
	}
	attributes := map[string]string{}
	for k, v := range o.Properties.Values() {
		attributes[strings.TrimPrefix(fmt.Sprint(k), "streamwarden.")] = fmt.Sprint(v)
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%s %v", strings.TrimPrefix(name, "streamwarden."), value)
	for _, k := range slices.Sorted(maps.Keys(attributes)) {
		fmt.Fprintf(&line, " %s=%q", k, attributes[k])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line.String())
}
