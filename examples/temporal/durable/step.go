package durable

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ensure is an Ensure call for one stream, as data.
type ensure = statemachine.EnsureTrack[activitystream.Status]

// ended is called for each Ensure call that ended. The error is nil if the stream reached the
// target.
type ended func(e *ensure, err error)

// singleAttempt returns options for an activity that runs in one attempt: the Ensure call decides
// about retries.
func singleAttempt(t Timing) workflow.ActivityOptions {
	return workflow.ActivityOptions{StartToCloseTimeout: t.Activity, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}}
}

// step reads some streams of one account in a Region, runs the resulting commands, and records
// their outcomes. It returns an error only if the workflow ends.
func step(ctx workflow.Context, p AccountRegion, spec Spec, es []*ensure, stopped func() bool, done ended) error {
	result, err := read(ctx, p, spec, es)
	if err != nil {
		return err
	}
	m := activitystream.Machine()
	for i, e := range es {
		stream := result.Streams[i]
		move := m.ObserveRead(e, statemachine.Observation[activitystream.Status]{
			State: stream.Status, Identity: stream.ID, Err: stream.Err.Err(), Drift: stream.Drift.Err(), Stuck: stream.Stuck.Err(), Settings: stream.Settings,
		}, result.At)
		if move.Run != "" {
			if move, err = run(ctx, p, spec, e, move, result.At, stopped()); err != nil {
				return err
			}
		}
		if move.Done {
			done(e, move.Err)
		}
	}
	return nil
}

// read reads streams once. If the worker dies, the read fails like any other. So does a read that
// no worker started within MaxReadAge, and one whose result queued while no worker was running,
// because it is stale: the loops that read again respect the deadlines, the stop signal and the
// length of the history.
func read(ctx workflow.Context, p AccountRegion, spec Spec, es []*ensure) (ReadResult, error) {
	arns := make([]string, len(es))
	for i, e := range es {
		arns[i] = e.Resource
	}
	ao := singleAttempt(spec.Timing)
	ao.ScheduleToStartTimeout = spec.Timing.MaxReadAge
	var result ReadResult
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, ao), (*Activities).Read, p, spec, arns).Get(ctx, &result)
	now := workflow.Now(ctx)
	if result.At.After(now) { // the clock of a worker is ahead
		result.At = now
	}
	switch {
	case ctx.Err() != nil:
		return result, fmt.Errorf("read of %s: %w", p, ctx.Err())
	case err != nil || len(result.Streams) != len(es):
		return failedRead(now, len(es), fmt.Sprintf("the result of the read was lost: %v", err)), nil
	case now.Sub(result.At) > spec.Timing.MaxReadAge+spec.Timing.Activity:
		return failedRead(now, len(es), "the result of the read came too late"), nil
	}
	return result, nil
}

// failedRead returns the result of a read that showed none of n streams.
func failedRead(at time.Time, n int, message string) ReadResult {
	result := ReadResult{At: at, Streams: make([]StreamResult, n)}
	for i := range result.Streams {
		result.Streams[i].Err = &ErrorInfo{Kind: statemachine.Unavailable, Message: message}
	}
	return result
}

// run runs one operation, which is sent at most once. An activity whose result is lost may have
// executed it. An activity that no worker started in time has not, and the server drops it.
func run(ctx workflow.Context, p AccountRegion, spec Spec, e *ensure, move statemachine.EnsureStep, read time.Time, stopped bool) (statemachine.EnsureStep, error) {
	m, sent, op := activitystream.Machine(), workflow.Now(ctx), move.Run
	left := spec.Timing.MaxReadAge + spec.Timing.Activity - sent.Sub(read)
	if stopped || left <= 0 {
		err := fmt.Errorf("%w: the read is too old to base a command on it", statemachine.Unavailable)
		return m.ObserveCommand(e, err, time.Time{}, sent), nil
	}
	var restore *activitystream.StartInput
	if move.Restore {
		if err := json.Unmarshal(e.Before, &restore); err != nil {
			return statemachine.EnsureStep{}, fmt.Errorf("former settings of %s: %w", e.Resource, err)
		}
	}
	ao := singleAttempt(spec.Timing)
	ao.ScheduleToStartTimeout = left
	var ran CommandResult
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, ao), (*Activities).Command, p, spec, e.Resource, op, restore).Get(ctx, &ran)
	if ctx.Err() != nil {
		return statemachine.EnsureStep{}, fmt.Errorf("%s of %s: %w", op, e.Resource, ctx.Err())
	}
	if err != nil {
		timeout, ok := errors.AsType[*temporal.TimeoutError](err)
		ran.Sent = !ok || timeout.TimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START
		ran.Err = &ErrorInfo{Kind: statemachine.Unavailable, Message: "the response to the command was lost: " + err.Error()}
	}
	if !ran.Sent {
		sent = time.Time{}
	}
	return m.ObserveCommand(e, ran.Err.Err(), sent, workflow.Now(ctx)), nil
}

// shouldContinueAsNew reports whether the workflow should continue in a new history.
func shouldContinueAsNew(ctx workflow.Context, t Timing) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || t.Events > 0 && info.GetCurrentHistoryLength() >= t.Events
}

// sleep waits until an instant or a stop signal, and reports whether it was the signal.
func sleep(ctx workflow.Context, until time.Time, stop workflow.ReceiveChannel) (stopped bool) {
	timers, cancel := workflow.WithCancel(ctx)
	defer cancel()
	s := workflow.NewSelector(ctx)
	s.AddFuture(workflow.NewTimer(timers, until.Sub(workflow.Now(ctx))), func(workflow.Future) {})
	s.AddReceive(stop, func(c workflow.ReceiveChannel, _ bool) { stopped = c.ReceiveAsync(nil) })
	s.Select(ctx)
	return stopped
}

// next returns when an Ensure call's next read is due.
func next(e *ensure) time.Time {
	if e.Track.Reads == 0 {
		return e.Track.Start
	}
	return e.Track.Next(e.Track.Now)
}
