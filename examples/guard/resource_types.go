package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activityStream returns an activity stream as a resource.
func activityStream(client *activitystream.Client, s settings, in *activitystream.StartInput) *resource {
	r := newResource(in.ResourceArn, activitystream.Machine(), activitystream.StatusStarted)
	r.watch = func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[string, error] {
		return summaries(client.Watch(ctx, in.ResourceArn, func(o *activitystream.Options) {
			o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress
		}), func(v *activitystream.Stream) string {
			native := ""
			if v.EngineNativeAuditFieldsIncluded {
				native = "native audit fields"
			}
			return join(string(v.Status), string(v.Mode), label("key", v.KmsKeyId), native, label("policy", v.PolicyStatus),
				label("database", v.ResourceStatus), v.ResourceId)
		})
	}
	r.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
		out, err := client.EnsureStarted(ctx, in, s.maxWait)
		return out.Operations, err
	}
	return r
}

// eventDataStore returns an event data store as a resource.
func eventDataStore(client *ingestion.Client, s settings, in *ingestion.StartInput) *resource {
	r := newResource(in.EventDataStore, ingestion.Machine(), ingestion.StatusEnabled)
	r.watch = func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[string, error] {
		return summaries(client.Watch(ctx, in.EventDataStore, func(o *ingestion.Options) {
			o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress
		}), func(v *ingestion.EventDataStore) string { return string(v.Status) })
	}
	r.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
		out, err := client.EnsureStarted(ctx, in, s.maxWait)
		return out.Operations, err
	}
	return r
}

// eventStream returns an event stream as a resource. The guard logs the health of its destination,
// but cannot repair it.
func eventStream(client *eventstream.Client, s settings, in *eventstream.CreateInput) *resource {
	r := newResource(in.Ref.String(), eventstream.Machine(), eventstream.StateRunning)
	r.watch = func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[string, error] {
		return summaries(client.Watch(ctx, in.Ref, func(o *eventstream.Options) {
			o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress
		}), func(v *eventstream.Stream) string {
			tags := ""
			if len(v.Tags) > 0 {
				tags = fmt.Sprint("tags ", v.Tags) // in the order of the keys
			}
			return join(string(v.State), label("destination", v.Status), v.Uri, v.Message, tags)
		})
	}
	r.ensure = func(ctx context.Context) ([]statemachine.Operation, error) {
		out, err := client.EnsureCreated(ctx, in, s.maxWait)
		return out.Operations, err
	}
	return r
}

// newResource returns a resource that should be in the state target of m. Its settings are checked
// at first, too.
func newResource[S ~string](name string, m *statemachine.Machine[S], target S) *resource {
	r := &resource{name: name, target: string(target)}
	r.settles = func(state string) bool { return !m.Known(S(state)) || m.Settles(S(state), target) }
	r.repair.checks = checksAfterChange
	return r
}

// summaries returns a summary of each value. A summary has every setting: a change of one, between
// two reads, is a reason to check them all.
func summaries[V any](values iter.Seq2[V, error], summarize func(V) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for v, err := range values {
			summary := ""
			if err == nil {
				summary = summarize(v)
			}
			if !yield(summary, err) {
				return
			}
		}
	}
}

// label returns a value with its name, or "" without a value.
func label[S ~string](name string, value S) string {
	if value == "" {
		return ""
	}
	return name + " " + string(value)
}

// join joins the parts that are not empty.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
