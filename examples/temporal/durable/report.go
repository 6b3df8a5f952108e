package durable

import "go.temporal.io/sdk/workflow"

// signalReport carries the Report of a Region or an Estate to the Estate above it.
const signalReport = "report"

// Report is what a part of an Estate tells it.
type Report struct {
	Index    int      `json:"index"`
	Progress Progress `json:"progress"` // whole, not what is new: a report that comes twice does no harm
}

// current is the progress at this moment.
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

// inFlight counts the commands that were accepted for streams still under way.
func inFlight(es []*ensure) (n int) {
	for _, e := range es {
		n += len(e.Accepted)
	}
	return n
}

// report tells the Estate what has changed, now and then, and the end at once.
func (in *RegionInput) report(ctx workflow.Context, open int) {
	now, p := workflow.Now(ctx), in.current(open)
	if in.Estate == "" || open > 0 && (p.equal(in.Told) || now.Sub(in.ToldAt) < in.Wish.Timing.Report) {
		return
	}
	in.Told, in.ToldAt = p, now
	send(ctx, in.Estate, Report{Index: in.Index, Progress: p})
}

// send tells an Estate. One that is there no more needs no report.
func send(ctx workflow.Context, estate string, r Report) {
	if err := workflow.SignalExternalWorkflow(ctx, estate, "", signalReport, r).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("no estate to report to", "estate", estate, "error", err)
	}
}
