package main

import (
	"context"
	"log/slog"
	"math"
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
