// Package spantest has a tracing.TracerProvider that records spans, for tests.
package spantest

import (
	"context"
	"sync"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/tracing"
)

// Span is a recorded span.
type Span struct {
	Scope, Name string
	Parent      *Span // nil for a root span
	Kind        tracing.SpanKind
	Properties  map[any]any
	Events      []Event
	Status      tracing.SpanStatus
	Ended       int // the number of calls of End
}

// Event is a recorded event of a span.
type Event struct {
	Name       string
	Properties map[any]any
}

// Recorder records spans in the order of their start. The zero value is ready for use. It is safe
// for concurrent use.
type Recorder struct {
	mu    sync.Mutex
	spans []*Span
}

var _ tracing.TracerProvider = (*Recorder)(nil)

// Spans returns the spans of a scope, or of all scopes if scope is empty. The spans must have
// ended.
func (r *Recorder) Spans(scope string) []*Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*Span
	for _, s := range r.spans {
		if scope == "" || s.Scope == scope {
			found = append(found, s)
		}
	}
	return found
}

// Tracer returns a tracer that records its spans in r.
func (r *Recorder) Tracer(scope string, _ ...tracing.TracerOption) tracing.Tracer { //nolint:ireturn // the interface's signature
	return tracer{recorder: r, scope: scope}
}

type tracer struct {
	recorder *Recorder
	scope    string
}

func (t tracer) StartSpan(ctx context.Context, name string, optFns ...tracing.SpanOption) (context.Context, tracing.Span) { //nolint:ireturn // the interface's signature
	var o tracing.SpanOptions
	for _, fn := range optFns {
		fn(&o)
	}
	s := &Span{Scope: t.scope, Name: name, Kind: o.Kind, Properties: values(o.Properties)}
	parent, _ := tracing.GetSpan(ctx)
	if p, ok := parent.(span); ok {
		s.Parent = p.Span
	}
	t.recorder.mu.Lock()
	defer t.recorder.mu.Unlock()
	t.recorder.spans = append(t.recorder.spans, s)
	recording := span{Span: s, mu: &t.recorder.mu}
	return tracing.WithSpan(ctx, recording), recording
}

// values returns the properties as a map that is not nil.
func values(p smithy.Properties) map[any]any {
	if v := p.Values(); v != nil {
		return v
	}
	return map[any]any{}
}

// span is the tracing.Span that the code under test uses.
type span struct {
	*Span

	mu *sync.Mutex
}

func (s span) Name() string                 { return s.Span.Name }
func (s span) Context() tracing.SpanContext { return tracing.SpanContext{} }

func (s span) AddEvent(name string, optFns ...tracing.EventOption) {
	var o tracing.EventOptions
	for _, fn := range optFns {
		fn(&o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Events = append(s.Events, Event{Name: name, Properties: values(o.Properties)})
}

func (s span) SetProperty(k, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Properties[k] = v
}

func (s span) SetStatus(status tracing.SpanStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Status = status
}

func (s span) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Ended++
}
