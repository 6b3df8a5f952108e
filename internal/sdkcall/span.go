package sdkcall

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/aws/smithy-go/tracing"

	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ScopeName is the name of this library's tracer and meter in the providers of the SDK's client.
const ScopeName = "github.com/streamwarden/streamwarden-go"

// Wait runs w.Wait in a span. invalid is what is wrong with other arguments of the call, or nil.
// All invalid arguments are reported together, without a span.
func Wait[R any, S ~string](ctx context.Context, provider tracing.TracerProvider, name string,
	w *statemachine.Waiter[R, S], target S, maxWait time.Duration, invalid error,
) (R, error) {
	if err := validate.WaitArgs(w.Machine, target, maxWait, &w.Options, invalid); err != nil {
		var none R
		return none, err
	}
	ctx, end := Span(ctx, provider, name, w.Resource, string(target), &w.Options)
	v, err := w.Wait(ctx, target, maxWait)
	end(nil, err)
	return v, err
}

// Waiter returns the waiter of one resource, which f reads.
func Waiter[R any, S ~string](f *statemachine.Fleet[R, S], resource string) *statemachine.Waiter[R, S] {
	read := f.Read
	return &statemachine.Waiter[R, S]{
		Machine: f.Machine, Resource: resource, Read: func(ctx context.Context) (R, error) { return read(ctx, resource) },
		State: f.State, Kind: f.Kind, Check: f.Check, Same: f.Same, Identity: f.Identity, Pacer: f.Pacer, Options: f.Options,
	}
}

// Ensurer returns the ensurer of one resource, which w reads.
func Ensurer[R any, S ~string](
	w *statemachine.Waiter[R, S], g statemachine.Goal[R, S], o statemachine.EnsureOptions[R],
) *statemachine.Ensurer[R, S] {
	return &statemachine.Ensurer[R, S]{
		Waiter: *w, Command: g.Command, Drift: g.Drift, Preflight: g.Preflight, Restore: g.Restore,
		AcceptedGrace: g.AcceptedGrace, Leave: g.Leave, NotBefore: g.NotBefore, Commands: o,
	}
}

// Ensure runs e.Ensure in a span. convert converts its result to the type of the method's output.
func Ensure[R any, S ~string, Out any](ctx context.Context, provider tracing.TracerProvider, name string,
	e *statemachine.Ensurer[R, S], target S, maxWait time.Duration, convert func(*statemachine.Ensured[R]) Out,
) (Out, error) {
	ctx, end := Span(ctx, provider, name, e.Resource, string(target), &e.Options)
	done, err := e.Ensure(ctx, target, maxWait)
	end(done.Operations, err)
	return convert(&done), err
}

// eachInSpan runs f.Each in one span for all resources. The span's status is an error if one
// resource failed, and OK if all succeeded. It is unset if the caller broke out of the loop before
// a failure.
func eachInSpan[R any, S ~string](ctx context.Context, provider tracing.TracerProvider, name string,
	f *statemachine.Fleet[R, S], goals []statemachine.Goal[R, S], maxWait time.Duration,
) iter.Seq2[int, statemachine.Result[statemachine.Ensured[R]]] {
	if isNop(provider) || len(goals) == 0 {
		return f.Each(ctx, goals, maxWait)
	}
	return func(yield func(int, statemachine.Result[statemachine.Ensured[R]]) bool) {
		ctx, span := startSpan(ctx, provider, name, string(goals[0].Target))
		defer span.End()
		span.SetProperty("streamwarden.resources", len(goals))
		var first error
		failed, complete := 0, false
		defer func() {
			span.SetProperty("streamwarden.failed", failed)
			if complete || first != nil {
				recordOutcome(span, first)
			}
		}()
		for i, r := range f.Each(ctx, goals, maxWait) {
			if r.Err != nil {
				failed++
				if first == nil {
					first = r.Err
				}
			}
			if !yield(i, r) {
				return
			}
		}
		complete = true
	}
}

// Span starts a span around a call for one resource. The name is the client's method, for example
// "activitystream.Wait". The spans of the SDK's requests become its children, and changes of state,
// which Span observes through o.OnProgress, its events. The function end ends it with the accepted
// operations and the outcome. Without a tracer, Span does nothing.
func Span(ctx context.Context, provider tracing.TracerProvider, name, resource, target string, o *statemachine.WaitOptions) (
	spanned context.Context, end func(accepted []statemachine.Operation, err error),
) {
	if isNop(provider) {
		return ctx, func([]statemachine.Operation, error) {}
	}
	ctx, span := startSpan(ctx, provider, name, target)
	span.SetProperty("streamwarden.resource", resource)
	next := o.OnProgress
	o.OnProgress = func(p statemachine.Progress) {
		if p.Type == statemachine.ProgressChanged {
			span.AddEvent("state changed", func(o *tracing.EventOptions) {
				o.Properties.Set("streamwarden.from", p.From)
				o.Properties.Set("streamwarden.to", p.State)
			})
		}
		if next != nil {
			next(p)
		}
	}
	return ctx, func(accepted []statemachine.Operation, err error) {
		defer span.End()
		if len(accepted) > 0 {
			ops := make([]string, len(accepted))
			for i, op := range accepted {
				ops[i] = string(op)
			}
			span.SetProperty("streamwarden.operations", ops)
		}
		recordOutcome(span, err)
	}
}

// isNop reports whether spans are discarded. That is the default: the SDK sets a no-op provider.
func isNop(provider tracing.TracerProvider) bool {
	switch provider.(type) {
	case nil, *tracing.NopTracerProvider, tracing.NopTracerProvider:
		return true
	}
	return false
}

// startSpan starts a span of this library's tracer.
func startSpan(ctx context.Context, provider tracing.TracerProvider, name, target string) (context.Context, tracing.Span) { //nolint:ireturn // smithy's type
	return provider.Tracer(ScopeName).StartSpan(ctx, name, func(o *tracing.SpanOptions) {
		o.Kind = tracing.SpanKindInternal
		o.Properties.Set("streamwarden.target", target)
	})
}

// recordOutcome sets the status of a span. For an error it sets the kind, the reason and the text,
// the latter under the name that the SDK's spans use.
func recordOutcome(span tracing.Span, err error) {
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
