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

// activityStreams returns a source of the activity streams of one Region, which are read together.
func activityStreams(client *activitystream.Client, s settings, ins ...*activitystream.StartInput) *source {
	src := &source{resources: map[string]*resource{}}
	byName := map[string]*activitystream.StartInput{}
	for _, in := range ins {
		r := newResource(activitystream.Machine(), in.ResourceArn, activitystream.StatusStarted)
		src.resources[r.name], byName[r.name] = r, in
	}
	src.ensure = func(ctx context.Context, names []string) iter.Seq2[string, repaired] {
		broken := make([]*activitystream.StartInput, len(names))
		for i, name := range names {
			broken[i] = byName[name]
		}
		return repairs(client.EnsureStartedEach(ctx, broken, s.maxWait), names, func(out *activitystream.EnsureOutput) []statemachine.Operation { return out.Operations })
	}
	// A summary has every setting: a change of one, between two reads, is a reason to check them all.
	summarize := func(v *activitystream.Stream) string {
		native := ""
		if v.EngineNativeAuditFieldsIncluded {
			native = "native audit fields"
		}
		return join(string(v.Status), string(v.Mode), label("key", v.KmsKeyId), native, label("policy", v.PolicyStatus),
			label("database", v.ResourceStatus), v.ResourceId)
	}
	src.watch = func(ctx context.Context, arns []string, onProgress func(statemachine.Progress)) iter.Seq2[string, observation] {
		return func(yield func(string, observation) bool) {
			for arn, res := range client.WatchEach(ctx, arns, func(o *activitystream.Options) {
				o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress
			}) {
				if !yield(arn, observe(res.Value, res.Err, summarize)) {
					return
				}
			}
		}
	}
	return src
}

// eventDataStore returns a source of one event data store.
func eventDataStore(client *ingestion.Client, s settings, arn string) *source {
	r := newResource(ingestion.Machine(), arn, ingestion.StatusEnabled)
	ensure := func(ctx context.Context, names []string) iter.Seq2[string, repaired] {
		ins := []*ingestion.StartInput{{EventDataStore: arn}}
		return repairs(client.EnsureStartedEach(ctx, ins, s.maxWait), names, func(out *ingestion.EnsureOutput) []statemachine.Operation { return out.Operations })
	}
	return singleSource(r, ensure, func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[*ingestion.EventDataStore, error] {
		return client.Watch(ctx, arn, func(o *ingestion.Options) { o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress })
	}, func(v *ingestion.EventDataStore) string { return string(v.Status) })
}

// eventStream returns a source of one event stream. The guard logs the health of its destination,
// but cannot repair it.
func eventStream(client *eventstream.Client, s settings, in *eventstream.CreateInput) *source {
	r := newResource(eventstream.Machine(), in.Ref.String(), eventstream.StateRunning)
	ensure := func(ctx context.Context, names []string) iter.Seq2[string, repaired] {
		ins := []*eventstream.CreateInput{in}
		return repairs(client.EnsureCreatedEach(ctx, ins, s.maxWait), names, func(out *eventstream.EnsureOutput) []statemachine.Operation { return out.Operations })
	}
	return singleSource(r, ensure, func(ctx context.Context, onProgress func(statemachine.Progress)) iter.Seq2[*eventstream.Stream, error] {
		return client.Watch(ctx, in.Ref, func(o *eventstream.Options) { o.Wait.WatchDelay, o.Wait.OnProgress = s.interval, onProgress })
	}, func(v *eventstream.Stream) string {
		tags := ""
		if len(v.Tags) > 0 {
			tags = fmt.Sprint("tags ", v.Tags) // in the order of the keys
		}
		return join(string(v.State), label("destination", v.Status), v.Uri, v.Message, tags)
	})
}

// newResource returns a resource that should be in the state target of m. A state that m does not
// know counts as one that settles.
func newResource[S ~string](m *statemachine.Machine[S], name string, target S) *resource {
	r := &resource{name: name, target: string(target)}
	r.settles = func(state string) bool { return !m.Known(S(state)) || m.Settles(S(state), target) }
	r.repair.recheck = true
	return r
}

// repairs returns the results of an Each method by the name of the resource. names has one for each
// input.
func repairs[K, R any](results iter.Seq2[K, statemachine.Result[R]], names []string, operations func(R) []statemachine.Operation) iter.Seq2[string, repaired] {
	return func(yield func(string, repaired) bool) {
		for _, r := range results {
			if !yield(names[r.Index], repaired{operations: operations(r.Value), err: r.Err}) {
				return
			}
		}
	}
}

// singleSource returns a source of one resource.
func singleSource[R any](r *resource, ensure func(context.Context, []string) iter.Seq2[string, repaired], watch func(context.Context, func(statemachine.Progress)) iter.Seq2[*R, error], summarize func(*R) string) *source {
	return &source{
		resources: map[string]*resource{r.name: r},
		ensure:    ensure,
		watch: func(ctx context.Context, _ []string, onProgress func(statemachine.Progress)) iter.Seq2[string, observation] {
			return func(yield func(string, observation) bool) {
				for v, err := range watch(ctx, onProgress) {
					if !yield(r.name, observe(v, err, summarize)) {
						return
					}
				}
			}
		},
	}
}

// observe returns the observation of a value, which may be nil if err is not.
func observe[R any](v *R, err error, summarize func(*R) string) observation {
	o := observation{err: err}
	if v != nil {
		o.summary = summarize(v)
	}
	return o
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
