package durable

import "go.temporal.io/sdk/workflow"

// signalReport carries the Report of a Region or an Estate to the Estate above it.
const signalReport = "report"

// Report is a report from a part of an Estate.
type Report struct {
	Index    int      `json:"index"`
	Progress Progress `json:"progress"` // complete, so a duplicate report does no harm
}

// current returns the current progress.
func (in *RegionInput) current(open int) Progress {
	p := Progress{Places: 1, Open: open}
	p.add(in.Progress)
	p.Commands += inFlight(in.Ensures)
	for _, e := range in.Ensures {
		status := "unread"
		if n := len(e.Track.History); n > 0 {
			status = string(e.Track.History[n-1].State)
		}
		if p.InProgress == nil {
			p.InProgress = map[string]int{}
		}
		p.InProgress[status]++
	}
	return p
}

// inFlight counts the accepted commands of streams that have not ended.
func inFlight(es []*ensure) (n int) {
	for _, e := range es {
		n += len(e.Accepted)
	}
	return n
}

// report sends changes to the Estate, at most once per Timing.Report, and the end immediately.
func (in *RegionInput) report(ctx workflow.Context, open int) {
	now, p := workflow.Now(ctx), in.current(open)
	if in.Estate == "" || open > 0 && (p.equal(in.Reported) || now.Sub(in.ReportedAt) < in.Spec.Timing.Report) {
		return
	}
	in.Reported, in.ReportedAt = p, now
	send(ctx, in.Estate, Report{Index: in.Index, Progress: p})
}

// send sends a report to an Estate. An Estate that has ended needs none.
func send(ctx workflow.Context, estate string, r Report) {
	if err := workflow.SignalExternalWorkflow(ctx, estate, "", signalReport, r).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("could not report to the estate", "estate", estate, "error", err)
	}
}

// drain drops the signals that a workflow has not received by its end. Otherwise the SDK warns of
// unhandled signals.
func drain(channels ...workflow.ReceiveChannel) {
	for _, c := range channels {
		for c.ReceiveAsync(nil) {
		}
	}
}
