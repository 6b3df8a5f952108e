package durable

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// RegionInput is the input of a Region workflow.
type RegionInput struct {
	Place  AccountRegion `json:"place"`
	Spec   Spec          `json:"spec"`
	Estate string        `json:"estate,omitempty"` // the workflow to report to
	Index  int           `json:"index,omitempty"`  // this workflow's index among its parts

	// From the history that this one continues.
	Listed     bool      `json:"listed,omitempty"`
	Ensures    []*ensure `json:"ensures,omitempty"` // those that have not ended
	Progress   Progress  `json:"progress,omitzero"`
	Reported   Progress  `json:"reported,omitzero"` // the last report and its time
	ReportedAt time.Time `json:"reported_at,omitzero"`
}

// maxStreams bounds a Region: 1,000 Ensure calls are about 0.6 MB of JSON, and Temporal accepts
// inputs of up to 2 MB. RDS's own default quotas are 40 clusters and 40 instances.
const maxStreams = 1000

// batch is how many streams one activity reads: the maximum of one RDS call.
const batch = 100

// Region brings all streams of one account in one Region to the target state.
func Region(ctx workflow.Context, in RegionInput) (Progress, error) {
	in.Spec.Timing = in.Spec.Timing.withDefaults()
	stop := workflow.GetSignalChannel(ctx, SignalStop)
	stopped := func() bool { return stop.Len() > 0 }
	open := 1
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return in.current(open), nil }); err != nil {
		return Progress{}, fmt.Errorf("query handler: %w", err)
	}
	if !in.Listed {
		if err := in.list(ctx); err != nil {
			return in.Progress, err
		}
	}
	for len(in.Ensures) > 0 && !stopped() {
		now := workflow.Now(ctx)
		due := in.due(now)
		if len(due) == 0 {
			in.report(ctx, open)
			if first := slices.MinFunc(in.Ensures, byDue); sleep(ctx, next(first), stop) {
				break
			}
			if ctx.Err() != nil {
				return in.Progress, fmt.Errorf("%s: %w", in.Place, ctx.Err())
			}
			continue
		}
		if err := step(ctx, in.Place, in.Spec, due, stopped, in.ended); err != nil {
			return in.Progress, err
		}
		if shouldContinueAsNew(ctx, in.Spec.Timing) && !stopped() {
			return Progress{}, workflow.NewContinueAsNewError(ctx, Region, in)
		}
	}
	if n := len(in.Ensures); n > 0 {
		in.Progress.countEnded(stoppedEarly, n)
		in.Progress.Commands += inFlight(in.Ensures)
		in.Ensures = nil
	}
	open = 0
	in.report(ctx, open)
	drain(stop)
	return in.current(open), nil
}

// list starts an Ensure call for each stream.
func (in *RegionInput) list(ctx workflow.Context) error {
	retried := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: in.Spec.Timing.Activity,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * in.Spec.Timing.MinDelay, MaximumAttempts: 20},
	})
	var arns []string
	err := workflow.ExecuteActivity(retried, (*Activities).List, in.Place, in.Spec.Timing.PerSecond).Get(ctx, &arns)
	if err == nil && len(arns) > maxStreams {
		err = fmt.Errorf("has %d streams, the maximum of one workflow is %d", len(arns), maxStreams)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("list of %s: %w", in.Place, ctx.Err())
	}
	in.Listed, in.Progress.Streams = true, len(arns)
	if err != nil { // the place failed, and its progress says so; the workflow did not
		in.Progress.addFailure(in.Place.String(), err)
		return nil
	}
	for _, arn := range arns {
		e, err := in.Spec.ensure(arn, workflow.Now(ctx))
		if err != nil {
			return nonRetryable(err)
		}
		in.Ensures = append(in.Ensures, &e)
	}
	return nil
}

// due returns the streams to read now, filled up with those that are due soon. It returns none if
// none is due yet.
func (in *RegionInput) due(now time.Time) []*ensure {
	slices.SortStableFunc(in.Ensures, byDue)
	if next(in.Ensures[0]).After(now) {
		return nil
	}
	soon := now.Add(in.Spec.Timing.MinDelay / 2) // not those that were just read
	n, _ := slices.BinarySearchFunc(in.Ensures, soon, func(e *ensure, at time.Time) int { return next(e).Compare(at) })
	return slices.Clone(in.Ensures[:max(1, min(n, batch))])
}

// byDue compares ensures by the time of their next read.
func byDue(a, b *ensure) int { return next(a).Compare(next(b)) }

// ended removes an Ensure call from the list and counts it.
func (in *RegionInput) ended(e *ensure, err error) {
	in.Progress.countEnded(reasonOf(err), 1)
	in.Progress.Commands += len(e.Accepted)
	if err != nil {
		in.Progress.addFailure(e.Resource, err)
	}
	in.Ensures = slices.DeleteFunc(in.Ensures, func(other *ensure) bool { return other == e })
}
