package durable

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// EstateInput is the input of an Estate workflow.
type EstateInput struct {
	Places []AccountRegion `json:"places"`
	Spec   Spec            `json:"spec"`
	Fanout int             `json:"fanout,omitempty"` // the maximum number of parts of one workflow; zero means 100

	Estate string `json:"estate,omitempty"` // the workflow to report to
	Index  int    `json:"index,omitempty"`

	// From the history that this one continues.
	Parts   []Progress `json:"parts,omitempty"` // the last report of each part
	Stopped bool       `json:"stopped,omitempty"`
}

// Estate brings the streams of many accounts and Regions to the target state. It starts a Region
// for each place. For more than Fanout places, it starts an Estate for each of some parts
// instead, and so on, so that no workflow has many children or a long history.
func Estate(ctx workflow.Context, in EstateInput) (Progress, error) {
	if in.Fanout < 2 {
		in.Fanout = 100
	}
	in.Spec.Timing = in.Spec.Timing.withDefaults()
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return in.progress(), nil }); err != nil {
		return Progress{}, fmt.Errorf("query handler: %w", err)
	}
	parts := in.split()
	first := in.Parts == nil
	if first {
		in.open(parts)
	}
	s := workflow.NewSelector(ctx)
	in.start(ctx, parts, first, s)
	reports, stop := workflow.GetSignalChannel(ctx, signalReport), workflow.GetSignalChannel(ctx, SignalStop)
	s.AddReceive(reports, func(c workflow.ReceiveChannel, _ bool) { in.take(ctx, c) })
	s.AddReceive(stop, func(c workflow.ReceiveChannel, _ bool) {
		for c.ReceiveAsync(nil) { // several signals count as one
		}
		in.stop(ctx, parts)
	})
	s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	if in.Stopped { // a part that started again has not received the signal
		in.stop(ctx, parts)
	}
	reported, soon := Progress{}, false
	for in.progress().Open > 0 {
		if p := in.progress(); in.Estate != "" && !soon && !p.equal(reported) {
			soon = true
			s.AddFuture(workflow.NewTimer(ctx, in.Spec.Timing.Report), func(workflow.Future) {
				reported, soon = in.progress(), false
				send(ctx, in.Estate, Report{Index: in.Index, Progress: reported})
			})
		}
		s.Select(ctx)
		p := in.progress()
		if ctx.Err() != nil {
			return p, fmt.Errorf("estate: %w", ctx.Err())
		}
		if shouldContinueAsNew(ctx, in.Spec.Timing) && reports.Len() == 0 && stop.Len() == 0 && p.Open > 0 {
			return p, workflow.NewContinueAsNewError(ctx, Estate, in)
		}
	}
	p := in.progress()
	if in.Estate != "" {
		send(ctx, in.Estate, Report{Index: in.Index, Progress: p})
	}
	drain(reports, stop)
	return p, nil
}

// open sets the progress of each part to that before its first report.
func (in *EstateInput) open(parts [][]AccountRegion) {
	in.Parts = make([]Progress, len(parts))
	for i, places := range parts {
		in.Parts[i] = Progress{Places: len(places), Open: len(places)}
	}
}

// abandon marks a part as failed.
func (in *EstateInput) abandon(i int, places []AccountRegion, err error) {
	p := &in.Parts[i]
	p.Open = 0
	p.addFailure(partID("part", i, places), err)
}

// take records a report.
func (in *EstateInput) take(ctx workflow.Context, c workflow.ReceiveChannel) {
	var r Report
	if c.Receive(ctx, &r); r.Index >= 0 && r.Index < len(in.Parts) && in.Parts[r.Index].Open > 0 {
		in.Parts[r.Index] = r.Progress
	}
}

// stop forwards a stop signal to the parts.
func (in *EstateInput) stop(ctx workflow.Context, parts [][]AccountRegion) {
	in.Stopped = true
	self := workflow.GetInfo(ctx).WorkflowExecution.ID
	for i, places := range parts {
		if in.Parts[i].Open > 0 {
			if err := workflow.SignalExternalWorkflow(ctx, partID(self, i, places), "", SignalStop, nil).Get(ctx, nil); err != nil {
				workflow.GetLogger(ctx).Warn("could not forward the stop signal", "part", i, "error", err) // the part has just ended
			}
		}
	}
}

// progress returns the sum of all parts.
func (in *EstateInput) progress() Progress {
	var p Progress
	for _, part := range in.Parts {
		p.add(part)
	}
	return p
}
