package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"go.temporal.io/sdk/activity"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Activities are the activities, which call AWS. Each makes its calls in one attempt: the workflow
// retries, and reads first.
type Activities struct {
	// Connect returns the configuration for an account in a Region. Each activity calls it, so it
	// should cache what is expensive to create.
	Connect func(ctx context.Context, p AccountRegion) (aws.Config, error)
}

// ReadResult is the result of a read of some streams, in the order of the request.
type ReadResult struct {
	At      time.Time      `json:"at"` // before the first call: the result is no older
	Streams []StreamResult `json:"streams"`
}

// StreamResult is one stream in a ReadResult.
type StreamResult struct {
	Status activitystream.Status `json:"s,omitempty"`
	ID     string                `json:"id,omitempty"` // the ResourceId
	Err    *ErrorInfo            `json:"err,omitempty"`
	Drift  *ErrorInfo            `json:"drift,omitempty"`
	Stuck  *ErrorInfo            `json:"stuck,omitempty"`

	Settings json.RawMessage `json:"settings,omitempty"` // of a stream that is to be restarted: the StartInput that restores them
}

// client returns a client for the calls of one activity, which makes them one after the other under
// the quota. The activity calls waitTurn before it ends, so that the last call takes its time, too.
// A Region has one activity in flight at a time, wherever that runs. The account therefore stays
// under its quota although no worker knows of another.
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
	return c, func() { _ = pacer.Wait(ctx) }, nil // if ctx ends, the activity is lost
}

// List returns the ARNs of the streams of an account in a Region.
func (a *Activities) List(ctx context.Context, p AccountRegion, perSecond float64) ([]string, error) {
	c, waitTurn, err := a.client(ctx, p, perSecond)
	if err != nil {
		return nil, err
	}
	defer waitTurn()
	var arns []string
	for s, err := range c.List(ctx) {
		if err != nil {
			return nil, fmt.Errorf("list of %s: %w", p, err)
		}
		arns = append(arns, s.ResourceArn)
	}
	return arns, nil
}

// Read reads streams, up to 100 in a call.
func (a *Activities) Read(ctx context.Context, p AccountRegion, spec Spec, arns []string) (ReadResult, error) {
	result := ReadResult{At: activity.GetInfo(ctx).StartedTime, Streams: make([]StreamResult, len(arns))}
	c, waitTurn, err := a.client(ctx, p, spec.Timing.PerSecond)
	if err != nil {
		return result, err
	}
	defer waitTurn()
	ctx, cancel := context.WithTimeout(ctx, spec.Timing.Activity*3/4) // then the reads so far are returned, and the others fail
	defer cancel()
	for _, r := range c.GetEach(ctx, arns) {
		if r.Err != nil {
			result.Streams[r.Index].Err = newErrorInfo(r.Err)
			continue
		}
		stream := StreamResult{Status: r.Value.Status, ID: r.Value.ResourceId, Stuck: newErrorInfo(r.Value.Stuck())}
		if spec.Target == activitystream.StatusStarted && stream.Status == spec.Target {
			stream.Drift = newErrorInfo(new(spec.startInput(arns[r.Index])).Drift(r.Value))
			if stream.Drift != nil && spec.Restart {
				if stream.Settings, err = json.Marshal(formerInput(r.Value)); err != nil {
					return result, err
				}
			}
		}
		result.Streams[r.Index] = stream
	}
	return result, nil
}

// CommandResult is the outcome of a command.
type CommandResult struct {
	Sent bool       `json:"sent"` // the command may have been executed
	Err  *ErrorInfo `json:"err,omitempty"`
}

// formerInput returns the input that starts a stream as it is.
func formerInput(s *activitystream.Stream) activitystream.StartInput {
	return activitystream.StartInput{
		ResourceArn: s.ResourceArn, Mode: s.Mode, KmsKeyId: s.KmsKeyId, ApplyImmediately: true,
		EngineNativeAuditFieldsIncluded: s.EngineNativeAuditFieldsIncluded,
	}
}

// Command runs one operation, a start with the input restore unless that is nil. AWS's response is
// data, also if it is an error. An error of the activity means that the response was lost.
func (a *Activities) Command(ctx context.Context, p AccountRegion, spec Spec, arn string, op statemachine.Operation, restore *activitystream.StartInput) (CommandResult, error) {
	c, waitTurn, err := a.client(ctx, p, spec.Timing.PerSecond)
	if err != nil {
		return CommandResult{Err: newErrorInfo(err)}, nil
	}
	defer waitTurn()
	in := spec.startInput(arn)
	if restore != nil {
		in = *restore
	} else if spec.Target == activitystream.StatusStarted { // also before the stop of a restart: the start has to be possible
		modes, err := c.Supported(ctx, arn)
		if err == nil {
			err = supports(modes, in)
		}
		if kind := statemachine.KindOf(err); kind == statemachine.Unsupported || kind.Retryable() { // otherwise it is not known, and RDS decides
			return CommandResult{Err: newErrorInfo(err)}, nil
		}
	}
	waitTurn() // a plain call does not queue
	if op == activitystream.StopActivityStream {
		_, err = c.Stop(ctx, &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: in.ApplyImmediately})
	} else {
		_, err = c.Start(ctx, &in)
	}
	f, ok := errors.AsType[*statemachine.Fault](err)
	return CommandResult{Sent: !errors.Is(err, statemachine.InvalidInput) && !(ok && f.NotSent), Err: newErrorInfo(err)}, nil
}
