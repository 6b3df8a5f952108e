package durable

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"go.temporal.io/sdk/activity"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Activities are what touches AWS. Each makes its calls in one attempt: the workflow tries again, and reads first.
type Activities struct {
	// Connect gives the configuration for an account in a Region. It is asked by each activity: keep what is costly to make.
	Connect func(ctx context.Context, p AccountRegion) (aws.Config, error)
}

// ReadResult is what a read of some streams gave, in the order in which they were asked for.
type ReadResult struct {
	At   time.Time      `json:"at"` // before the first call: what was read is no older
	Seen []StreamResult `json:"seen"`
}

// StreamResult is one stream in a Look.
type StreamResult struct {
	Status activitystream.Status `json:"s,omitempty"`
	Err    *ErrorInfo            `json:"err,omitempty"`
	Drift  *ErrorInfo            `json:"drift,omitempty"`
	Stuck  *ErrorInfo            `json:"stuck,omitempty"`
}

// client is one for the calls of one activity. They are made one after the other, at the pace of the quota, and the
// activity ends when the last has had its time, too. As a Region has one activity under way at a time, wherever it runs,
// the account stays under its quota with no worker knowing of another.
func (a *Activities) client(ctx context.Context, p AccountRegion, perSecond float64) (c *activitystream.Client, waitTurn func(), err error) {
	cfg, err := a.Connect(ctx, p)
	if err != nil {
		return nil, nil, fmt.Errorf("configuration for %s: %w", p, err)
	}
	pacer := statemachine.NewPacer(perSecond, 1)
	c = activitystream.NewFromConfig(cfg, func(o *activitystream.Options) {
		o.Pacer, o.Concurrency = pacer, 1
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Retryer = aws.NopRetryer{} })
	})
	return c, func() { _ = pacer.Wait(ctx) }, nil // an activity that was lost has had its time
}

// List names the streams of a place.
func (a *Activities) List(ctx context.Context, p AccountRegion, perSecond float64) ([]string, error) {
	c, rest, err := a.client(ctx, p, perSecond)
	if err != nil {
		return nil, err
	}
	defer rest()
	var arns []string
	for s, err := range c.List(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list of %s: %w", p, err)
		}
		arns = append(arns, s.ResourceArn)
	}
	return arns, nil
}

// Look reads streams, a hundred in a call.
func (a *Activities) Look(ctx context.Context, p AccountRegion, w Spec, arns []string) (ReadResult, error) {
	look := ReadResult{At: activity.GetInfo(ctx).StartedTime, Seen: make([]StreamResult, len(arns))}
	c, rest, err := a.client(ctx, p, w.Timing.PerSecond)
	if err != nil {
		return look, err
	}
	defer rest()
	ctx, cancel := context.WithTimeout(ctx, w.Timing.Activity*3/4) // what was read till then is told, the rest failed
	defer cancel()
	for _, r := range c.GetEach(ctx, arns) {
		if r.Err != nil {
			look.Seen[r.Index].Err = newErrorInfo(r.Err)
			continue
		}
		seen := StreamResult{Status: r.Value.Status, Stuck: newErrorInfo(r.Value.Stuck())}
		if w.Target == activitystream.StatusStarted && seen.Status == w.Target {
			seen.Drift = newErrorInfo(new(w.startInput(arns[r.Index])).Drift(r.Value))
		}
		look.Seen[r.Index] = seen
	}
	return look, nil
}

// CommandResult is the outcome of a command.
type CommandResult struct {
	Sent bool       `json:"sent"` // it may have been carried out
	Err  *ErrorInfo `json:"err,omitempty"`
}

// Command runs one operation. What AWS answers is data; an error of the activity means that the answer was lost.
func (a *Activities) Command(ctx context.Context, p AccountRegion, w Spec, arn string, op statemachine.Operation) (CommandResult, error) {
	c, rest, err := a.client(ctx, p, w.Timing.PerSecond)
	if err != nil {
		return CommandResult{Err: newErrorInfo(err)}, nil
	}
	defer rest()
	in := w.startInput(arn)
	if w.Target == activitystream.StatusStarted { // before the stop of a restart, too: it must be possible to start again
		modes, err := c.Supported(ctx, arn)
		if err == nil {
			err = supports(modes, in)
		}
		if err != nil && !errors.Is(err, statemachine.AccessDenied) { // who may not ask is not stopped
			return CommandResult{Err: newErrorInfo(err)}, nil
		}
	}
	rest() // a plain call goes at once
	if op == activitystream.StopActivityStream {
		_, err = c.Stop(ctx, &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: in.ApplyImmediately})
	} else {
		_, err = c.Start(ctx, &in)
	}
	return CommandResult{Sent: !errors.Is(err, statemachine.InvalidInput), Err: newErrorInfo(err)}, nil
}
