package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
)

// recording watches whether each instance of a database is recorded, while its activity stream is
// started. A silence is an alert. It is not repaired, because only a restart of the database could,
// unless restartAfter is set.
type recording struct {
	client       *activitystream.Client
	resourceArn  string
	reader       func(*activitystream.Stream) (*activityreader.Reader, error)
	restartAfter time.Duration // how long an instance is silent before the stream is restarted; zero means never
	settings     settings
	log          *slog.Logger

	position activityreader.Position
	silent   map[string]time.Time // since when, by instance
}

// run watches until ctx ends.
func (r *recording) run(ctx context.Context) {
	r.position, r.silent = activityreader.Latest(), map[string]time.Time{}
	var back backoff
	for ctx.Err() == nil {
		delay := r.settings.interval
		if err := r.watch(ctx); err != nil && ctx.Err() == nil {
			delay = back.fail(r.settings, 0)
			r.log.Error("recording cannot be checked", "resource", r.resourceArn, "error", err, "retry_in", delay)
		} else {
			back = backoff{}
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// watch watches while the activity stream is started, until it has to be restarted.
func (r *recording) watch(ctx context.Context) error {
	stream, err := r.client.Get(ctx, r.resourceArn)
	if err != nil || stream.Status != activitystream.StatusStarted {
		return err // the guard itself takes care of a stream that is stopped
	}
	instances, err := r.instances(ctx, stream)
	if err != nil {
		return err
	}
	reader, err := r.reader(stream)
	if err != nil {
		return err
	}
	round, cancel := context.WithCancel(ctx)
	defer cancel()
	restart := time.AfterFunc(math.MaxInt64, cancel)
	defer restart.Stop()
	for c, err := range reader.Watch(round, r.position, instances) {
		if err != nil {
			return r.end(ctx, err)
		}
		r.position = c.Position()
		r.handle(ctx, c)
		restart.Reset(math.MaxInt64)
		if due := r.due(); !due.IsZero() {
			restart.Reset(time.Until(due))
		}
	}
	return nil
}

// instances returns the resource IDs of the instances that should be recorded.
func (r *recording) instances(ctx context.Context, stream *activitystream.Stream) ([]string, error) {
	if !strings.Contains(r.resourceArn, ":cluster:") {
		return []string{stream.ResourceId}, nil
	}
	members, err := r.client.Members(ctx, r.resourceArn)
	var ids []string
	for _, m := range members {
		ids = append(ids, m.ResourceId)
	}
	return ids, err
}

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
		stream, err := r.client.Get(ctx, r.resourceArn)
		if err == nil {
			var ids []string
			if ids, err = r.instances(ctx, stream); err == nil && !slices.Contains(ids, c.InstanceId) {
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
