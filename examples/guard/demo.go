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

// demoRules are the rules with seconds for minutes.
func demoRules() backoff {
	return backoff{interval: 200 * time.Millisecond, maxWait: 10 * time.Second, minBackoff: 500 * time.Millisecond, maxBackoff: 4 * time.Second, alertAfter: 3}
}

// defaultLength is time enough for the intruder, and for what it does to be put right.
const defaultLength = 12 * time.Second

// demo is what is guarded in the demonstration.
type demo struct {
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server

	cluster, instance, store, stream string // by ARN

	jitter func(time.Duration) time.Duration // of the delays between reads; nil: the library's
}

func newWorld() *demo {
	const transition = 400 * time.Millisecond
	return &demo{
		rds: activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting, o.Stopping = transition, transition }),
		trail: ingestiontest.NewServer(func(o *ingestiontest.Options) {
			o.Starting, o.Stopping = transition, transition
		}),
		profiles: eventstreamtest.NewServer(),
	}
}

// run guards the simulated resources against an intruder for a while, and tells on out what became of them.
func (w *demo) run(ctx context.Context, log *slog.Logger, out io.Writer, length time.Duration) error {
	g := &guard{rules: demoRules(), log: log}
	g.sources = w.sources(g.rules)
	log.Info("no AWS account is used: these are the simulators for your tests, and their transitions take less than a second", "for", length)

	guarded, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	intruder := make(chan struct{})
	go func() {
		defer close(intruder)
		w.intrude(guarded, log)
	}()
	g.run(guarded)
	<-intruder
	g.summarize(out)
	return ctx.Err()
}

// sources fills the world, and says how it should be.
func (w *demo) sources(r backoff) []*source {
	const key = "1234abcd-12ab-34cd-56ef-1234567890ab"
	w.cluster = w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	w.instance = w.rds.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: activitystream.StatusStarted, KmsKeyId: key})
	w.store = w.trail.AddEventDataStore(ingestiontest.EventDataStore{})
	in := &eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"},
		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	}
	w.stream = w.profiles.AddEventStream(eventstreamtest.EventStream{DomainName: in.DomainName, EventStreamName: in.EventStreamName, Uri: in.Uri})

	started := func(arn string) *activitystream.StartInput {
		return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true}
	}
	fastWait := func(o *statemachine.WaitOptions) { o.MinDelay, o.Jitter = 100*time.Millisecond, w.jitter }
	fast := statemachine.NewPacer(100, 10) // the simulators have no quota
	databases := activitystream.NewFromConfig(w.rds.Config(), func(o *activitystream.Options) {
		fastWait(&o.Wait)
		o.Pacer = fast
	})
	stores := ingestion.NewFromConfig(w.trail.Config(), func(o *ingestion.Options) {
		fastWait(&o.Wait)
		o.ReadPacer = fast
	})
	streams := eventstream.NewFromConfig(w.profiles.Config(), func(o *eventstream.Options) {
		fastWait(&o.Wait)
		o.ReadPacer = fast
	})
	return []*source{activityStreams(databases, r, started(w.cluster), started(w.instance)), eventDataStore(stores, r, w.store), eventStream(streams, r, in)}
}

// intrude switches things off, the audit of the instance again and again.
func (w *demo) intrude(ctx context.Context, log *slog.Logger) {
	stop := func() { w.rds.Set(w.instance, activitystream.StatusStopping) }
	for _, act := range []struct {
		after time.Duration
		what  string
		do    func()
	}{
		{2 * time.Second, "stops the ingestion of the event data store", func() { w.trail.Set(w.store, ingestion.StatusStoppingIngestion) }},
		{time.Second, "deletes the event stream", func() { w.profiles.Remove(w.stream) }},
		{time.Second, "stops the instance's activity stream", stop},
		{1500 * time.Millisecond, "stops it again", stop},
		{2 * time.Second, "and again", stop},
		{1500 * time.Millisecond, "revokes the right to start activity streams for a moment", func() {
			w.rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: http.StatusForbidden})
			w.rds.Set(w.cluster, activitystream.StatusStopping)
		}},
	} {
		select {
		case <-ctx.Done():
			return
		case <-time.After(act.after):
			log.Info("INTRUDER " + act.what)
			act.do()
		}
	}
}
