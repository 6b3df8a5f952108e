package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/examples/internal/records"
)

// recording watches whether each instance of a database is recorded, while its activity stream is
// started. A silence is an alert. It is not repaired, because only a restart of the database could,
// unless restartAfter is set.
type recording struct {
	client       *activitystream.Client
	cfg          aws.Config // of Kinesis and KMS
	resourceArn  string
	restartAfter time.Duration // how long an instance is silent before the stream is restarted; zero means never
	settings     settings
	log          *slog.Logger

	position activityreader.Position
	silent   map[string]time.Time // since when, by instance
}

// run watches until ctx ends.
func (r *recording) run(ctx context.Context) {
	r.position, r.silent = activityreader.Latest(), map[string]time.Time{}
	failures := 0
	for ctx.Err() == nil {
		delay := r.settings.interval
		if err := r.watch(ctx); err != nil && ctx.Err() == nil {
			failures++
			delay = r.settings.backoff(failures)
			r.log.Error("recording cannot be checked", "resource", r.resourceArn, "error", err, "retry_in", delay)
		} else {
			failures = 0
		}
		sleep(ctx, delay)
	}
}

// watch watches while the activity stream is started, until it has to be restarted.
func (r *recording) watch(ctx context.Context) error {
	stream, err := r.client.Get(ctx, r.resourceArn)
	if err != nil || stream.Status != activitystream.StatusStarted {
		return err // the guard itself takes care of a stream that is stopped
	}
	instances, err := records.Instances(ctx, r.client, stream)
	if err != nil {
		return err
	}
	reader, err := records.NewReader(r.cfg, stream)
	if err != nil {
		return err
	}
	round, cancel := context.WithCancel(ctx)
	defer cancel()
	restart := time.AfterFunc(math.MaxInt64, cancel) // not yet
	defer restart.Stop()
	for c, err := range reader.Watch(round, r.position, instances) {
		if err != nil {
			return r.end(ctx, err)
		}
		r.position = c.Position()
		r.handle(ctx, c)
		restart.Stop()
		if r.restartAfter > 0 && len(r.silent) > 0 {
			since := slices.MinFunc(slices.Collect(maps.Values(r.silent)), time.Time.Compare)
			restart.Reset(time.Until(since.Add(r.restartAfter)))
		}
	}
	return nil
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
