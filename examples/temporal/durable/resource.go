package durable

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// ResourceInput is the input of a Resource workflow.
type ResourceInput struct {
	Place AccountRegion `json:"place"`
	ARN   string        `json:"arn"`
	Spec  Spec          `json:"spec"`

	Ensure *ensure `json:"ensure,omitempty"` // from the history that this one continues
}

// ResourceOutcome is what a Resource workflow did.
type ResourceOutcome struct {
	Ensure  ensure `json:"ensure"` // what was run and read
	Ended   string `json:"ended"`  // "reached", "stopped", or the Reason or Kind of the failure
	Message string `json:"message,omitempty"`
}

// Names of the signal and the queries of all these workflows.
const (
	SignalStop    = "stop"     // end without a further command
	QueryProgress = "progress" // of a Region or an Estate: a Progress; of a Resource: an EnsureTrack
)

// Resource brings one stream to the target state, by the rules of statemachine's Ensure. Use
// Region for many streams of one account and Region, because nothing paces two Resource workflows
// together.
func Resource(ctx workflow.Context, in ResourceInput) (ResourceOutcome, error) {
	in.Spec.Timing = in.Spec.Timing.withDefaults()
	if in.Ensure == nil {
		e, err := in.Spec.ensure(in.ARN, workflow.Now(ctx))
		if err != nil {
			return ResourceOutcome{}, nonRetryable(err)
		}
		in.Ensure = &e
	}
	e, stop := in.Ensure, workflow.GetSignalChannel(ctx, SignalStop)
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (*ensure, error) { return e, nil }); err != nil {
		return ResourceOutcome{}, fmt.Errorf("query handler: %w", err)
	}
	var out *ResourceOutcome
	for out == nil {
		err := step(ctx, in.Place, in.Spec, []*ensure{e}, func() bool { return stop.Len() > 0 }, func(e *ensure, err error) {
			out = &ResourceOutcome{Ensure: *e, Ended: reasonOf(err)}
			if err != nil {
				out.Message = err.Error()
			}
		})
		switch {
		case err != nil:
			return ResourceOutcome{Ensure: *e}, err
		case out != nil:
		case sleep(ctx, next(e), stop):
			out = &ResourceOutcome{Ensure: *e, Ended: stoppedEarly}
		case ctx.Err() != nil:
			return ResourceOutcome{Ensure: *e}, fmt.Errorf("ensure of %s: %w", in.ARN, ctx.Err())
		case shouldContinueAsNew(ctx, in.Spec.Timing) && stop.Len() == 0:
			return ResourceOutcome{}, workflow.NewContinueAsNewError(ctx, Resource, in)
		}
	}
	drain(stop)
	return *out, nil
}

// stoppedEarly is the outcome of a workflow that received a stop signal.
const stoppedEarly = "stopped"
