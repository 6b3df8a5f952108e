package main

import (
	"context"
	"iter"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activityStreams guards the activity streams of many databases of one Region, which are read together.
func activityStreams(client *activitystream.Client, r backoff, ins ...*activitystream.StartInput) *source {
	s := &source{resources: map[string]*resource{}}
	for _, in := range ins {
		t := newResource(activitystream.Machine(), in.ResourceArn, activitystream.StatusStarted)
		t.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
			out, err := client.EnsureStarted(ctx, in, r.maxWait)
			return out.Operations, err
		}
		s.resources[t.name] = t
	}
	s.watch = func(ctx context.Context, arns []string, onRead func(statemachine.Reading)) iter.Seq2[string, observation] {
		return func(yield func(string, observation) bool) {
			for arn, res := range client.WatchEach(ctx, arns, func(o *activitystream.Options) { setWatchOptions(&o.Wait, r, onRead) }) {
				seen := observation{err: res.Err}
				if v := res.Value; v != nil {
					seen.summary = joinNonEmpty(string(v.Status), string(v.Mode), "policy "+string(v.PolicyStatus), "database "+v.ResourceStatus)
				}
				if !yield(arn, seen) {
					return
				}
			}
		}
	}
	return s
}

// eventDataStore guards the ingestion of one event data store.
func eventDataStore(client *ingestion.Client, r backoff, arn string) *source {
	t := newResource(ingestion.Machine(), arn, ingestion.StatusEnabled)
	t.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
		out, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, r.maxWait)
		return out.Operations, err
	}
	return singleSource(t, func(ctx context.Context, onRead func(statemachine.Reading)) iter.Seq2[*ingestion.EventDataStore, error] {
		return client.Watch(ctx, arn, func(o *ingestion.Options) { setWatchOptions(&o.Wait, r, onRead) })
	}, func(v *ingestion.EventDataStore) string { return string(v.Status) })
}

// eventStream guards one event stream. What its destination is like is logged, and not the guard's to mend.
func eventStream(client *eventstream.Client, r backoff, in *eventstream.CreateInput) *source {
	t := newResource(eventstream.Machine(), in.Ref.String(), eventstream.StateRunning)
	t.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
		out, err := client.EnsureCreated(ctx, in, r.maxWait)
		return out.Operations, err
	}
	return singleSource(t, func(ctx context.Context, onRead func(statemachine.Reading)) iter.Seq2[*eventstream.Stream, error] {
		return client.Watch(ctx, in.Ref, func(o *eventstream.Options) { setWatchOptions(&o.Wait, r, onRead) })
	}, func(v *eventstream.Stream) string {
		return joinNonEmpty(string(v.State), "destination "+string(v.Status), v.Message)
	})
}

// newResource makes a thing that should be in the state target of a machine.
func newResource[S ~string](m *statemachine.Machine[S], name string, target S) *resource {
	return &resource{name: name, target: string(target), recheck: true, settling: func(state string) bool {
		return !m.Known(S(state)) || m.Settles(S(state), target)
	}}
}

// singleSource makes a source of one thing.
func singleSource[R any](t *resource, watch func(context.Context, func(statemachine.Reading)) iter.Seq2[*R, error], text func(*R) string) *source {
	return &source{
		resources: map[string]*resource{t.name: t},
		watch: func(ctx context.Context, _ []string, onRead func(statemachine.Reading)) iter.Seq2[string, observation] {
			return func(yield func(string, observation) bool) {
				for v, err := range watch(ctx, onRead) {
					seen := observation{err: err}
					if v != nil {
						seen.summary = text(v)
					}
					if !yield(t.name, seen) {
						return
					}
				}
			}
		},
	}
}

func setWatchOptions(o *statemachine.WaitOptions, r backoff, onRead func(statemachine.Reading)) {
	o.WatchDelay, o.OnRead = r.interval, onRead
}

// joinNonEmpty joins what there is to say: of "policy " and nothing there is nothing.
func joinNonEmpty(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" && !strings.HasSuffix(p, " ") {
			said = append(said, p)
		}
	}
	return strings.Join(said, ", ")
}
