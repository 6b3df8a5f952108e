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
	Wish   Spec          `json:"wish"`
	Estate string        `json:"estate,omitempty"` // the workflow to report to
	Index  int           `json:"index,omitempty"`  // which of its parts this is

	// Of a history that was continued in this one.
	Listed   bool      `json:"listed,omitempty"`
	Ensures  []*ensure `json:"ensures,omitempty"` // those under way
	Progress Progress  `json:"progress,omitzero"`
	Told     Progress  `json:"told,omitzero"` // the last report, and when it was
	ToldAt   time.Time `json:"told_at,omitzero"`
}

// maxStreams bounds a Region: 1,000 ensures are about 0.6 MB as JSON, and 2 MB are what Temporal takes as an input.
// RDS's own default quotas are 40 clusters and 40 instances.
const maxStreams = 1000

// batch is how many streams one activity reads: what one call of RDS can.
const batch = 100

// Region brings all streams of one account in one Region to the wanted state.
func Region(ctx workflow.Context, in RegionInput) (Progress, error) {
	in.Wish.Timing = in.Wish.Timing.withDefaults()
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
		if err := step(ctx, in.Place, in.Wish, due, stopped, in.ended); err != nil {
			return in.Progress, err
		}
		if shouldContinueAsNew(ctx, in.Wish.Timing) && !stopped() {
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
	return in.current(open), nil
}

// list begins an ensure of each stream there is.
func (in *RegionInput) list(ctx workflow.Context) error {
	retried := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: in.Wish.Timing.Activity,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 2 * in.Wish.Timing.MinDelay, MaximumAttempts: 20},
	})
	var arns []string
	err := workflow.ExecuteActivity(retried, (*Activities).List, in.Place, in.Wish.Timing.PerSecond).Get(ctx, &arns)
	if err == nil && len(arns) > maxStreams {
		err = fmt.Errorf("%d streams: more than the %d of one workflow", len(arns), maxStreams)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("list of %s: %w", in.Place, ctx.Err())
	}
	in.Listed, in.Progress.Streams = true, len(arns)
	if err != nil { // the place has failed, and says so; the workflow has not
		in.Progress.addFailure(in.Place.String(), err)
		return nil
	}
	for _, arn := range arns {
		e, err := in.Wish.ensure(arn, workflow.Now(ctx))
		if err != nil {
			return nonRetryable(err)
		}
		in.Ensures = append(in.Ensures, &e)
	}
	return nil
}

// due are the streams to read now, filled up with what is due soon; none if none is due yet.
func (in *RegionInput) due(now time.Time) []*ensure {
	slices.SortStableFunc(in.Ensures, byDue)
	if next(in.Ensures[0]).After(now) {
		return nil
	}
	soon := now.Add(in.Wish.Timing.MinDelay / 2) // not at once again what was just read
	n, _ := slices.BinarySearchFunc(in.Ensures, soon, func(e *ensure, at time.Time) int { return next(e).Compare(at) })
	return slices.Clone(in.Ensures[:max(1, min(n, batch))])
}

func byDue(a, b *ensure) int { return next(a).Compare(next(b)) }

// ended takes an ensure off the list.
func (in *RegionInput) ended(e *ensure, err error) {
	in.Progress.countEnded(reasonOf(err), 1)
	in.Progress.Commands += len(e.Accepted)
	if err != nil {
		in.Progress.addFailure(e.Resource, err)
	}
	in.Ensures = slices.DeleteFunc(in.Ensures, func(other *ensure) bool { return other == e })
}
