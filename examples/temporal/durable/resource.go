package durable

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// ResourceInput is the input of a Resource workflow.
type ResourceInput struct {
	Place AccountRegion `json:"place"`
	ARN   string        `json:"arn"`
	Wish  Spec          `json:"wish"`

	Ensure *ensure `json:"ensure,omitempty"` // of a history that was continued in this one
}

// ResourceOutcome is what a Resource workflow did.
type ResourceOutcome struct {
	Ensure ensure `json:"ensure"` // what was run, and what was seen
	Ended  string `json:"ended"`  // "arrived", "stopped", or why it did not arrive: the Reason, or the Kind of the error
	Said   string `json:"said,omitempty"`
}

// Names of the signal and the queries of all these workflows.
const (
	SignalStop    = "stop"     // no command from now on, and an end
	QueryProgress = "progress" // of a Region or an Estate: a Progress; of a Resource: an EnsureTrack
)

// Resource brings one stream to the wanted state, by the rules of statemachine's Ensure. It is not for many streams of one
// account and Region: nothing paces two of them together. That is what a Region is for.
func Resource(ctx workflow.Context, in ResourceInput) (ResourceOutcome, error) {
	in.Wish.Timing = in.Wish.Timing.withDefaults()
	if in.Ensure == nil {
		e, err := in.Wish.ensure(in.ARN, workflow.Now(ctx))
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
		err := step(ctx, in.Place, in.Wish, []*ensure{e}, func() bool { return stop.Len() > 0 }, func(e *ensure, err error) {
			out = &ResourceOutcome{Ensure: *e, Ended: reasonOf(err)}
			if err != nil {
				out.Said = err.Error()
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
		case shouldContinueAsNew(ctx, in.Wish.Timing) && stop.Len() == 0:
			return ResourceOutcome{}, workflow.NewContinueAsNewError(ctx, Resource, in)
		}
	}
	return *out, nil
}

// stoppedEarly is how a workflow ends that was told to.
const stoppedEarly = "stopped"
