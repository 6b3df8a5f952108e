package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// demoSettings returns settings with seconds instead of minutes.
func demoSettings() settings {
	return settings{interval: 200 * time.Millisecond, maxWait: 10 * time.Second, minBackoff: 500 * time.Millisecond, maxBackoff: 4 * time.Second, alertAfter: 3}
}

// defaultLength is long enough for all changes of the other actor and their repairs.
const defaultLength = 12 * time.Second

// demo has the simulated services and resources of the demonstration.
type demo struct {
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server

	cluster, instance, store, stream string // by ARN

	jitter func(time.Duration) time.Duration // for WaitOptions.Jitter
}

// newDemo returns a demonstration without resources.
func newDemo() *demo {
	const transition = 400 * time.Millisecond
	return &demo{
		rds:      activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting, o.Stopping = transition, transition }),
		trail:    ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting, o.Stopping = transition, transition }),
		profiles: eventstreamtest.NewServer(),
	}
}

// run guards the simulated resources against another actor for a time, and writes a summary to out.
func (d *demo) run(ctx context.Context, log *slog.Logger, out io.Writer, length time.Duration) error {
	g := &guard{settings: demoSettings(), log: log}
	g.resources = d.resources(g.settings)
	log.Info("using the simulators, no AWS account", "duration", length)

	guarded, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	g.wg.Go(func() { d.interfere(guarded, log) })
	g.run(guarded)
	g.summarize(out)
	return ctx.Err()
}

// resources adds the resources to the servers and returns them.
func (d *demo) resources(s settings) []*resource {
	const key = "1234abcd-12ab-34cd-56ef-1234567890ab"
	d.cluster = d.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	d.instance = d.rds.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: activitystream.StatusStarted, KmsKeyId: key})
	d.store = d.trail.AddEventDataStore(ingestiontest.EventDataStore{})
	in := &eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"},
		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	}
	d.stream = d.profiles.AddEventStream(eventstreamtest.EventStream{DomainName: in.DomainName, EventStreamName: in.EventStreamName, Uri: in.Uri})

	started := func(arn string) *activitystream.StartInput {
		return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true}
	}
	fastWait := func(o *statemachine.WaitOptions) { o.MinDelay, o.Jitter = 100*time.Millisecond, d.jitter }
	pacer := statemachine.NewPacer(100, 10) // the simulators have no quota
	databases := activitystream.NewFromConfig(d.rds.Config(), func(o *activitystream.Options) {
		fastWait(&o.Wait)
		o.Pacer = pacer
	})
	stores := ingestion.NewFromConfig(d.trail.Config(), func(o *ingestion.Options) {
		fastWait(&o.Wait)
		o.ReadPacer = pacer
	})
	streams := eventstream.NewFromConfig(d.profiles.Config(), func(o *eventstream.Options) {
		fastWait(&o.Wait)
		o.ReadPacer = pacer
	})
	return []*resource{
		activityStream(databases, s, started(d.cluster)),
		activityStream(databases, s, started(d.instance)),
		eventDataStore(stores, s, &ingestion.StartInput{EventDataStore: d.store}),
		eventStream(streams, s, in),
	}
}

// interfere plays another actor, which stops resources, one of them repeatedly.
func (d *demo) interfere(ctx context.Context, log *slog.Logger) {
	stop := func() { d.rds.Set(d.instance, activitystream.StatusStopping) }
	for _, act := range []struct {
		after time.Duration
		what  string
		do    func()
	}{
		{2 * time.Second, "stops ingestion into the event data store", func() { d.trail.Set(d.store, ingestion.StatusStoppingIngestion) }},
		{time.Second, "deletes the event stream", func() { d.profiles.Remove(d.stream) }},
		{time.Second, "stops the activity stream of the instance", stop},
		{1500 * time.Millisecond, "stops the activity stream of the instance again", stop},
		{2 * time.Second, "stops the activity stream of the instance a third time", stop},
		{1500 * time.Millisecond, "stops the activity stream of the cluster and denies one start", func() {
			d.rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: http.StatusForbidden})
			d.rds.Set(d.cluster, activitystream.StatusStopping)
		}},
	} {
		select {
		case <-ctx.Done():
			return
		case <-time.After(act.after):
			log.Info("another actor interferes", "action", act.what)
			act.do()
		}
	}
}
