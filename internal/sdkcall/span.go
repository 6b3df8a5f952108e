package sdkcall

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Scope is the name of the tracer that this library asks the SDK's TracerProvider for.
const Scope = "github.com/streamwarden/streamwarden-go"

// Wait waits, in a span.
func Wait[R any, S ~string](ctx context.Context, provider tracing.TracerProvider, name string,
	w *statemachine.Waiter[R, S], target S, maxWait time.Duration,
) (R, error) {
	ctx, end := Span(ctx, provider, name, w.Resource, string(target), &w.Options)
	v, err := w.Wait(ctx, target, maxWait)
	end(nil, err)
	return v, err
}

// Ensure ensures, in a span.
func Ensure[R any, S ~string](ctx context.Context, provider tracing.TracerProvider, name string,
	e *statemachine.Ensurer[R, S], target S, maxWait time.Duration,
) (statemachine.Ensured[R], error) {
	ctx, end := Span(ctx, provider, name, e.Resource, string(target), &e.Options)
	done, err := e.Ensure(ctx, target, maxWait)
	end(done.Operations, err)
	return done, err
}

// Span begins a span of the tracing that the SDK's client is set up with, around a wait or an ensure: the spans of the SDK's
// own calls become its children. A resource's changes of state are its events. end ends it with the outcome. name is the
// client's method, "activitystream.Wait".
func Span(ctx context.Context, provider tracing.TracerProvider, name, resource, target string, o *statemachine.WaitOptions) (
	spanned context.Context, end func(ops []statemachine.Operation, err error),
) {
	if _, none := provider.(*tracing.NopTracerProvider); none || provider == nil {
		return ctx, func([]statemachine.Operation, error) {}
	}
	ctx, span := provider.Tracer(Scope).StartSpan(ctx, name, func(o *tracing.SpanOptions) {
		o.Kind = tracing.SpanKindInternal
		o.Properties.Set("streamwarden.resource", resource)
		o.Properties.Set("streamwarden.target", target)
	})
	onRead, last := o.OnRead, ""
	o.OnRead = func(r statemachine.Reading) {
		if r.Err == nil && r.State != last && resource != "" { // a span of many resources has no states of its own
			span.AddEvent("state", func(o *tracing.EventOptions) {
				o.Properties.Set("streamwarden.from", last)
				o.Properties.Set("streamwarden.to", r.State)
			})
			last = r.State
		}
		if onRead != nil {
			onRead(r)
		}
	}
	return ctx, func(ops []statemachine.Operation, err error) {
		defer span.End()
		for _, op := range ops {
			span.AddEvent("accepted", func(o *tracing.EventOptions) { o.Properties.Set("streamwarden.operation", string(op)) })
		}
		if err == nil {
			span.SetStatus(tracing.SpanStatusOK)
			return
		}
		span.SetStatus(tracing.SpanStatusError)
		span.SetProperty("streamwarden.kind", string(statemachine.KindOf(err)))
		if wait, ok := errors.AsType[*statemachine.WaitError](err); ok {
			span.SetProperty("streamwarden.reason", string(wait.Reason))
		}
		span.SetProperty("exception.message", err.Error())
	}
}
