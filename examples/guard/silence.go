package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/examples/internal/records"
)

// handle logs a change.
func (r *recording) handle(ctx context.Context, c *activityreader.Change) {
	log := r.log.With("resource", r.resourceArn, "instance", c.InstanceId, "since", c.Since)
	switch c.State {
	case activityreader.StateRecording:
		delete(r.silent, c.InstanceId)
		log.Info("instance is recorded")
	case activityreader.StateGap:
		log.Error("instance was not recorded", "until", c.Until)
	case activityreader.StateSilent:
		if stream, err := r.client.Get(ctx, r.resourceArn); err == nil {
			if ids, err := records.Instances(ctx, r.client, stream); err == nil && !slices.Contains(ids, c.InstanceId) {
				log.Info("instance left the database")
				return
			}
		}
		if _, ok := r.silent[c.InstanceId]; !ok {
			r.silent[c.InstanceId] = time.Now()
		}
		log.Error("instance is not recorded")
	case activityreader.StateBehind, activityreader.StateUndecodable:
		log.Warn("recording cannot be judged", "state", c.State, "error", c.Err)
	}
}

// due returns when the stream is restarted. Zero means never.
func (r *recording) due() (next time.Time) {
	for _, at := range r.silent {
		if at = at.Add(r.restartAfter); r.restartAfter > 0 && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// end handles the end of a watch: a stream that was stopped, or the time for a restart.
func (r *recording) end(ctx context.Context, err error) error {
	end, ok := errors.AsType[*activityreader.ReadError](err)
	if !ok || ctx.Err() != nil {
		return err
	}
	r.position = end.Position
	switch end.Verdict {
	case activityreader.StreamDeleted, activityreader.StreamRecreated: // records of the old stream are gone
		r.log.Warn("the stream of records ended", "resource", r.resourceArn, "error", err)
		r.position, r.silent = activityreader.Position{}, map[string]time.Time{}
		return nil
	case activityreader.Interrupted: // an instance is silent for too long
		r.log.Warn("restarting the activity stream of an instance that is not recorded", "resource", r.resourceArn)
		r.position, r.silent = activityreader.Position{}, map[string]time.Time{}
		_, err = r.client.EnsureStopped(ctx, &activitystream.StopInput{ResourceArn: r.resourceArn, ApplyImmediately: true}, r.settings.maxWait)
		return err // the guard starts it again
	case activityreader.ReadFailed:
	}
	return err
}
