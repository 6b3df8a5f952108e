package durable

import (
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ensure is the ensure of one stream, as data.
type ensure = statemachine.EnsureTrack[activitystream.Status]

// ended is told of each ensure that ended: err is nil where the stream arrived.
type ended func(p *ensure, err error)

// singleAttempt has an activity run in one attempt: whether to try again is the ensure's to decide.
func singleAttempt(t Timing) workflow.ActivityOptions {
	return workflow.ActivityOptions{StartToCloseTimeout: t.Activity, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}}
}

// step reads some streams of one place, runs the commands that follow, and takes the outcomes. Only the workflow's own end
// is an error.
func step(ctx workflow.Context, p AccountRegion, w Spec, es []*ensure, stopped func() bool, done ended) error {
	look, err := read(ctx, p, w, es)
	if err != nil {
		return err
	}
	m := activitystream.Machine()
	for i, e := range es {
		seen := look.Seen[i]
		move := m.ObserveRead(e, statemachine.Observation[activitystream.Status]{
			State: seen.Status, Err: seen.Err.Err(), Drift: seen.Drift.Err(), Stuck: seen.Stuck.Err(),
		}, look.At)
		if move.Run != "" {
			if move, err = run(ctx, p, w, e, move.Run, look.At, stopped()); err != nil {
				return err
			}
		}
		if move.Done {
			done(e, move.Err)
		}
	}
	return nil
}

// read reads streams until what was read is fresh. A worker that dies has it fail like any other read. An answer that lay
// about, because no worker was there to go on with the workflow, shows the past: nothing is decided by it.
func read(ctx workflow.Context, p AccountRegion, w Spec, es []*ensure) (ReadResult, error) {
	arns := make([]string, len(es))
	for i, e := range es {
		arns[i] = e.Resource
	}
	for {
		var look ReadResult
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, singleAttempt(w.Timing)), (*Activities).Look, p, w, arns).Get(ctx, &look)
		switch {
		case ctx.Err() != nil:
			return look, fmt.Errorf("read of %s: %w", p, ctx.Err())
		case err != nil || len(look.Seen) != len(es):
			look = ReadResult{At: workflow.Now(ctx), Seen: make([]StreamResult, len(es))}
			for i := range look.Seen {
				look.Seen[i].Err = &ErrorInfo{Kind: statemachine.Unavailable, Message: fmt.Sprintf("the read was lost: %v", err)}
			}
			return look, nil
		case workflow.Now(ctx).Sub(look.At) <= w.Timing.MaxReadAge+w.Timing.Activity:
			return look, nil
		}
	}
}

// run runs one operation. It is sent at most once: an activity whose answer is lost may have carried it out, one that no
// worker took up in time has not, and is forgotten by the server.
func run(ctx workflow.Context, p AccountRegion, w Spec, e *ensure, op statemachine.Operation, read time.Time, stopped bool) (statemachine.EnsureStep, error) {
	m, sent := activitystream.Machine(), workflow.Now(ctx)
	left := w.Timing.MaxReadAge + w.Timing.Activity - sent.Sub(read)
	if stopped || left <= 0 {
		err := fmt.Errorf("%w: what was read is too old to command by", statemachine.Unavailable)
		return m.ObserveCommand(e, err, time.Time{}, sent), nil
	}
	ao := singleAttempt(w.Timing)
	ao.ScheduleToStartTimeout = left
	var ran CommandResult
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, ao), (*Activities).Command, p, w, e.Resource, op).Get(ctx, &ran)
	if ctx.Err() != nil {
		return statemachine.EnsureStep{}, fmt.Errorf("%s of %s: %w", op, e.Resource, ctx.Err())
	}
	if err != nil {
		timeout, ok := errors.AsType[*temporal.TimeoutError](err)
		ran.Sent = !ok || timeout.TimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START
		ran.Err = &ErrorInfo{Kind: statemachine.Unavailable, Message: "the command's answer was lost: " + err.Error()}
	}
	if !ran.Sent {
		sent = time.Time{}
	}
	return m.ObserveCommand(e, ran.Err.Err(), sent, workflow.Now(ctx)), nil
}

// shouldContinueAsNew reports whether it is time to go on in a new history.
func shouldContinueAsNew(ctx workflow.Context, t Timing) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || t.Events > 0 && info.GetCurrentHistoryLength() >= t.Events
}

// sleep waits until an instant, or until a stop is asked for.
func sleep(ctx workflow.Context, until time.Time, stop workflow.ReceiveChannel) (stopped bool) {
	timers, cancel := workflow.WithCancel(ctx)
	defer cancel()
	s := workflow.NewSelector(ctx)
	s.AddFuture(workflow.NewTimer(timers, until.Sub(workflow.Now(ctx))), func(workflow.Future) {})
	s.AddReceive(stop, func(c workflow.ReceiveChannel, _ bool) { stopped = c.ReceiveAsync(nil) })
	s.Select(ctx)
	return stopped
}

// next is when an ensure's next read is due.
func next(e *ensure) time.Time {
	if e.Track.Reads == 0 {
		return e.Track.Start
	}
	return e.Track.Next(e.Track.Now)
}
