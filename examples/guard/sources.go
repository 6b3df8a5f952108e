package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// source watches resources of one kind in one Region together.
type source struct {
	resources map[string]*resource // by name

	// watch calls seen with a summary of a resource when it has changed, and onProgress. An error
	// ends the watch of that resource.
	watch func(ctx context.Context, names []string, onProgress func(statemachine.Progress), seen func(name, summary string, err error))

	// ensure repairs resources, and calls done for each when it is repaired or cannot be.
	ensure func(ctx context.Context, names []string, done func(name string, accepted []statemachine.Operation, err error))

	pending []string // resources to repair together; guarded by the mu of the guard
}

// activityStreams returns a source of activity streams.
func activityStreams(client *activitystream.Client, s settings, ins ...*activitystream.StartInput) *source {
	return newSource(activitystream.Machine(), activitystream.StatusStarted, s, ins,
		func(in *activitystream.StartInput) string { return in.ResourceArn },
		client.EnsureStartedEach,
		func(out *activitystream.EnsureOutput) []statemachine.Operation { return out.Operations },
		client.WatchEach,
		func(o *activitystream.Options) *statemachine.WaitOptions { return &o.Wait },
		func(v *activitystream.Stream) string {
			native := ""
			if v.EngineNativeAuditFieldsIncluded {
				native = "native audit fields"
			}
			return join(string(v.Status), string(v.Mode), label("key", v.KmsKeyId), native, label("policy", v.PolicyStatus),
				label("database", v.ResourceStatus), v.ResourceId)
		})
}

// eventDataStores returns a source of event data stores.
func eventDataStores(client *ingestion.Client, s settings, ins ...*ingestion.StartInput) *source {
	return newSource(ingestion.Machine(), ingestion.StatusEnabled, s, ins,
		func(in *ingestion.StartInput) string { return in.EventDataStore },
		client.EnsureStartedEach,
		func(out *ingestion.EnsureOutput) []statemachine.Operation { return out.Operations },
		client.WatchEach,
		func(o *ingestion.Options) *statemachine.WaitOptions { return &o.Wait },
		func(v *ingestion.EventDataStore) string { return string(v.Status) })
}

// eventStreams returns a source of event streams. The guard logs the health of their destinations,
// but cannot repair it.
func eventStreams(client *eventstream.Client, s settings, ins ...*eventstream.CreateInput) *source {
	return newSource(eventstream.Machine(), eventstream.StateRunning, s, ins,
		func(in *eventstream.CreateInput) eventstream.Ref { return in.Ref },
		client.EnsureCreatedEach,
		func(out *eventstream.EnsureOutput) []statemachine.Operation { return out.Operations },
		client.WatchEach,
		func(o *eventstream.Options) *statemachine.WaitOptions { return &o.Wait },
		func(v *eventstream.Stream) string {
			tags := ""
			if len(v.Tags) > 0 {
				tags = fmt.Sprint("tags ", v.Tags) // in the order of the keys
			}
			return join(string(v.State), label("destination", v.Status), v.Uri, v.Message, tags)
		})
}

// newSource returns a source of the resources of ins, which should be in the state target of m. A
// summary has every setting: a change of one, between two reads, is a reason to check them all.
func newSource[I, O, V, Options any, K comparable, S ~string](
	m *statemachine.Machine[S], target S, s settings, ins []I, key func(I) K,
	ensure func(context.Context, []I, time.Duration, ...func(*Options)) iter.Seq2[K, statemachine.Result[O]],
	operations func(O) []statemachine.Operation,
	watch func(context.Context, []K, ...func(*Options)) iter.Seq2[K, statemachine.Result[V]],
	wait func(*Options) *statemachine.WaitOptions,
	summarize func(V) string,
) *source {
	src, byName := &source{resources: map[string]*resource{}}, map[string]I{}
	for _, in := range ins {
		r := &resource{name: fmt.Sprint(key(in)), target: string(target)}
		r.settles = func(state string) bool { return !m.Known(S(state)) || m.Settles(S(state), target) }
		r.repair.checks = checksAfterChange
		src.resources[r.name], byName[r.name] = r, in
	}
	src.ensure = func(ctx context.Context, names []string, done func(string, []statemachine.Operation, error)) {
		broken := make([]I, len(names))
		for i, name := range names {
			broken[i] = byName[name]
		}
		for _, r := range ensure(ctx, broken, s.maxWait) {
			done(names[r.Index], operations(r.Value), r.Err)
		}
	}
	src.watch = func(ctx context.Context, names []string, onProgress func(statemachine.Progress), seen func(string, string, error)) {
		keys := make([]K, len(names))
		for i, name := range names {
			keys[i] = key(byName[name])
		}
		for _, r := range watch(ctx, keys, func(o *Options) { w := wait(o); w.WatchDelay, w.OnProgress = s.interval, onProgress }) {
			summary := ""
			if r.Err == nil {
				summary = summarize(r.Value)
			}
			seen(names[r.Index], summary, r.Err)
		}
	}
	return src
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
