package main

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const key = "1234abcd-12ab-34cd-56ef-1234567890ab"

// fixture is a guard of simulated resources. Tests run it in virtual time.
type fixture struct {
	*testing.T
	*guard
	began    time.Time
	log      bytes.Buffer // not while the guard runs
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server
}

func newFixture(t *testing.T) *fixture {
	w := &fixture{
		T: t, began: time.Now(),
		rds:      activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting, o.Stopping = time.Minute, time.Minute }),
		trail:    ingestiontest.NewServer(),
		profiles: eventstreamtest.NewServer(),
	}
	w.guard = &guard{settings: defaultSettings(), log: slog.New(slog.NewTextHandler(&w.log, nil))}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	return w
}

// exact leaves a delay unchanged, as a Jitter.
func exact(d time.Duration) time.Duration { return d }

// databases makes w guard the activity streams of databases, with one client.
func (w *fixture) databases(arns ...string) {
	client := activitystream.NewFromConfig(w.rds.Config(), func(o *activitystream.Options) { o.Wait.Jitter = exact })
	for _, arn := range arns {
		in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true}
		w.resources = append(w.resources, activityStream(client, w.settings, in))
	}
}

// cluster adds a cluster, without guarding it.
func (w *fixture) cluster(status activitystream.Status) string {
	return w.rds.AddCluster(activitystreamtest.Cluster{Status: status, KmsKeyId: key})
}

// store adds an event data store and guards it.
func (w *fixture) store(status ingestion.Status) string {
	arn := w.trail.AddEventDataStore(ingestiontest.EventDataStore{Status: status})
	client := ingestion.NewFromConfig(w.trail.Config(), func(o *ingestion.Options) { o.Wait.Jitter = exact })
	w.resources = append(w.resources, eventDataStore(client, w.settings, &ingestion.StartInput{EventDataStore: arn}))
	return arn
}

// stream adds an event stream and guards it.
func (w *fixture) stream() string {
	arn := w.profiles.AddEventStream(eventstreamtest.EventStream{DomainName: "domain", EventStreamName: "stream"})
	client := eventstream.NewFromConfig(w.profiles.Config(), func(o *eventstream.Options) { o.Wait.Jitter = exact })
	w.resources = append(w.resources, eventStream(client, w.settings, &eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: "domain", EventStreamName: "stream"}, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/domain",
	}))
	return arn
}

// runGuard runs the guard for the given time, concurrently with script.
func (w *fixture) runGuard(length time.Duration, script func(ctx context.Context)) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), length)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if script != nil {
			script(ctx)
		}
	}()
	w.run(ctx)
	if got := time.Since(w.began); got != length {
		w.Errorf("guard ran for %s, want %s", got, length)
	}
	<-done
}

// at sleeps until the time d after the beginning.
func (w *fixture) at(d time.Duration) { time.Sleep(d - time.Since(w.began)) }

// starts returns when StartActivityStream was called for a database, with the error code, if any.
func (w *fixture) starts(arn string) []string {
	var list []string
	for _, c := range w.rds.Calls() {
		if c.Operation == activitystream.StartActivityStream && c.Resource == arn {
			list = append(list, strings.TrimSpace(c.At.Sub(w.began).Truncate(100*time.Millisecond).String()+" "+c.Code))
		}
	}
	return list
}

// logged returns how many lines of the log contain all texts.
func (w *fixture) logged(texts ...string) int {
	n := 0
	for line := range strings.Lines(w.log.String()) {
		if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(line, s) }) {
			n++
		}
	}
	return n
}

// sightings formats a history, one string per state.
func sightings[S ~string](w *fixture, history []statemachine.Sighting[S]) []string {
	var list []string
	for _, s := range history {
		list = append(list, strings.TrimSpace(string(s.State)+" "+s.At.Sub(w.began).Truncate(100*time.Millisecond).String()))
	}
	return list
}
