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

// watch is a guard of simulated resources in a bubble, in which time is virtual: every instant is exact.
type watch struct {
	*testing.T
	*guard
	began    time.Time
	log      bytes.Buffer // read it when the guard has ended
	rds      *activitystreamtest.Server
	trail    *ingestiontest.Server
	profiles *eventstreamtest.Server
}

func newWatch(t *testing.T) *watch {
	w := &watch{
		T: t, began: time.Now(),
		rds:      activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting, o.Stopping = time.Minute, time.Minute }),
		trail:    ingestiontest.NewServer(),
		profiles: eventstreamtest.NewServer(),
	}
	w.guard = &guard{rules: defaultBackoff(), log: slog.New(slog.NewTextHandler(&w.log, nil))}
	return w
}

func exact(d time.Duration) time.Duration { return d }

// databases guards the activity streams of databases.
func (w *watch) databases(arns ...string) {
	client := activitystream.NewFromConfig(w.rds.Config(), func(o *activitystream.Options) { o.Wait.Jitter = exact })
	var ins []*activitystream.StartInput
	for _, arn := range arns {
		ins = append(ins, &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: key, ApplyImmediately: true})
	}
	w.sources = append(w.sources, activityStreams(client, w.rules, ins...))
}

func (w *watch) cluster(status activitystream.Status) string {
	return w.rds.AddCluster(activitystreamtest.Cluster{Status: status, KmsKeyId: key})
}

func (w *watch) store(status ingestion.Status) string {
	arn := w.trail.AddEventDataStore(ingestiontest.EventDataStore{Status: status})
	client := ingestion.NewFromConfig(w.trail.Config(), func(o *ingestion.Options) { o.Wait.Jitter = exact })
	w.sources = append(w.sources, eventDataStore(client, w.rules, arn))
	return arn
}

func (w *watch) stream() string {
	arn := w.profiles.AddEventStream(eventstreamtest.EventStream{DomainName: "domain", EventStreamName: "stream"})
	client := eventstream.NewFromConfig(w.profiles.Config(), func(o *eventstream.Options) { o.Wait.Jitter = exact })
	w.sources = append(w.sources, eventStream(client, w.rules, &eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: "domain", EventStreamName: "stream"}, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/domain",
	}))
	return arn
}

// guarding runs the guard for so long, and script beside it.
func (w *watch) guarding(length time.Duration, script func(ctx context.Context)) {
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
		w.Errorf("it ended after %s, want %s", got, length)
	}
	<-done
}

// at waits until so long after the beginning.
func (w *watch) at(d time.Duration) { time.Sleep(d - time.Since(w.began)) } // in a bubble, as all of this is

// starts are when a database's stream was commanded to start, with what was answered if that was an error.
func (w *watch) starts(arn string) []string {
	var list []string
	for _, c := range w.rds.Calls() {
		if c.Operation == activitystream.StartActivityStream && c.Resource == arn {
			list = append(list, strings.TrimSpace(c.At.Sub(w.began).String()+" "+c.Code))
		}
	}
	return list
}

func (w *watch) same(what string, got, want []string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s: %q, want %q\n%s", what, got, want, w.log.String())
	}
}

// logged counts the lines of the log that hold all of the texts.
func (w *watch) logged(texts ...string) int {
	n := 0
	for line := range strings.Lines(w.log.String()) {
		if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(line, s) }) {
			n++
		}
	}
	return n
}

// sightings are a history in words.
func sightings[S ~string](w *watch, history []statemachine.Sighting[S]) []string {
	var list []string
	for _, s := range history {
		list = append(list, strings.TrimSpace(string(s.State)+" "+s.At.Sub(w.began).String()))
	}
	return list
}
