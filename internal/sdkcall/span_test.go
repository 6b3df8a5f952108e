package sdkcall_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/tracing"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/spantest"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

type state string

var machine = statemachine.MustNew(statemachine.Definition[state]{
	Name: "resource",
	Transitions: []statemachine.Transition[state]{
		{From: "off", To: "going", By: "Start"},
		{From: "going", To: "on"},
	},
})

// resource shows its states one after the other, and then the last one. An empty one is a read that
// is throttled.
type resource struct{ shows []state }

func (r *resource) read(ctx context.Context) (state, error) {
	tracer, _ := tracing.GetSpan(ctx)
	tracer.AddEvent("read") // what the SDK does in the context of a read, it does below the span
	s := r.shows[0]
	if len(r.shows) > 1 {
		r.shows = r.shows[1:]
	}
	if s == "" {
		return s, statemachine.Throttled
	}
	return s, nil
}

func (r *resource) waiter() *statemachine.Waiter[state, state] {
	return &statemachine.Waiter[state, state]{
		Machine: machine, Resource: "resource-1", Read: r.read,
		State:   func(s state) state { return s },
		Options: statemachine.WaitOptions{Grace: statemachine.NoGrace},
	}
}

func changed(from, to string) spantest.Event {
	return spantest.Event{Name: "state changed", Properties: map[any]any{"streamwarden.from": from, "streamwarden.to": to}}
}

// spansAre compares all that was recorded, but for the events that tell of reads.
func spansAre(t *testing.T, r *spantest.Recorder, want ...*spantest.Span) {
	t.Helper()
	got := r.Spans("")
	for _, s := range got {
		s.Events = slices.DeleteFunc(s.Events, func(e spantest.Event) bool { return e.Name == "read" })
	}
	for _, s := range want {
		s.Scope, s.Ended = sdkcall.ScopeName, 1
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func TestSpanOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			why   string
			shows []state
			ends  error
			want  spantest.Span
		}{
			{
				"it is reached; a failed read and one that shows the same are no change", []state{"going", "", "going", "on"}, nil,
				spantest.Span{
					Status: tracing.SpanStatusOK, Properties: map[any]any{},
					Events: []spantest.Event{changed("", "going"), changed("going", "on")},
				},
			},
			{
				"it lapses", []state{"going", "off"}, statemachine.Lapsed,
				spantest.Span{
					Status: tracing.SpanStatusError,
					Properties: map[any]any{
						"streamwarden.kind": "unknown", "streamwarden.reason": "lapsed",
						"exception.message": "resource resource-1: waiting for on: lapsed: going → off after 2s (2 reads in 2s); Start would lead to on",
					},
					Events: []spantest.Event{changed("", "going"), changed("going", "off")},
				},
			},
			{
				"all reads are throttled", []state{""}, statemachine.TimedOut,
				spantest.Span{
					Status: tracing.SpanStatusError,
					Properties: map[any]any{
						"streamwarden.kind": "throttled", "streamwarden.reason": "timed out",
						"exception.message": "resource resource-1: waiting for on: timed out (4 reads in 10s): throttled",
					},
				},
			},
		} {
			var r spantest.Recorder
			w := (&resource{shows: tt.shows}).waiter()
			w.Options.Jitter = func(d time.Duration) time.Duration { return d }
			reads := 0
			w.Options.OnRead = func(statemachine.Reading) { reads++ }
			if _, err := sdkcall.Wait(t.Context(), &r, "resources.Wait", w, "on", 10*time.Second, nil); !errors.Is(err, tt.ends) {
				t.Errorf("%s: %v", tt.why, err)
			}
			if reads < 2 {
				t.Errorf("%s: the caller's OnRead got %d reads", tt.why, reads)
			}
			tt.want.Name = "resources.Wait"
			tt.want.Properties["streamwarden.resource"], tt.want.Properties["streamwarden.target"] = "resource-1", "on"
			spansAre(t, &r, &tt.want)
		}
	})
}

// TestSpanOfAnEnsure checks the kind of a failure that is not a wait's. It also checks that a
// read's span is below the call's span, and that below the caller's.
func TestSpanOfAnEnsure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			why     string
			refusal error
			want    spantest.Span
		}{
			{"accepted", nil, spantest.Span{
				Status:     tracing.SpanStatusOK,
				Properties: map[any]any{"streamwarden.operations": []string{"Start"}},
				Events:     []spantest.Event{changed("", "off"), changed("off", "going"), changed("going", "on")},
			}},
			{"refused", &statemachine.Fault{Operation: "Start", Kind: statemachine.AccessDenied}, spantest.Span{
				Status:     tracing.SpanStatusError,
				Properties: map[any]any{"streamwarden.kind": "access denied", "exception.message": "Start: access denied"},
				Events:     []spantest.Event{changed("", "off")},
			}},
		} {
			var r spantest.Recorder
			ctx, outer := r.Tracer(sdkcall.ScopeName).StartSpan(t.Context(), "outer")
			e := &statemachine.Ensurer[state, state]{
				Waiter:  *(&resource{shows: []state{"off", "going", "on"}}).waiter(),
				Command: func(context.Context, statemachine.Operation) error { return tt.refusal },
			}
			done, err := sdkcall.Ensure(ctx, &r, "machine.Ensure", e, "on", time.Minute, sdkcall.Same)
			outer.End()
			if !errors.Is(err, tt.refusal) || len(done.Operations) != 1 == (tt.refusal == nil) {
				t.Errorf("%s: %v, %v", tt.why, done, err)
			}
			if spans := r.Spans(""); len(spans) == 2 && !slices.ContainsFunc(spans[1].Events, func(e spantest.Event) bool { return e.Name == "read" }) {
				t.Errorf("%s: the reads were not made in the span", tt.why)
			}
			tt.want.Name, tt.want.Parent = "machine.Ensure", &spantest.Span{Scope: sdkcall.ScopeName, Name: "outer", Ended: 1}
			tt.want.Properties["streamwarden.resource"], tt.want.Properties["streamwarden.target"] = "resource-1", "on"
			spansAre(t, &r, &spantest.Span{Name: "outer"}, &tt.want)
		}
	})
}

func TestSpanOfMany(t *testing.T) {
	fleet := func() *statemachine.Fleet[state, state] {
		return &statemachine.Fleet[state, state]{
			Machine: machine,
			Read: func(_ context.Context, resource string) (state, error) {
				if resource == "gone" {
					return "", statemachine.NotFound
				}
				return "on", nil
			},
			State: func(s state) state { return s },
		}
	}
	inputs := func(resources ...string) *sdkcall.Inputs[string, string] {
		return sdkcall.NewInputs(resources, func(i int) sdkcall.Input[string] {
			return sdkcall.Input[string]{ID: strconv.Itoa(i), Name: resources[i]}
		}, nil, "")
	}
	gone := "resource gone: waiting for on: gone: there is no such resource (1 read in 0s): not found"
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			why       string
			resources []string
			breaks    int // after so many; zero: never
			want      *spantest.Span
		}{
			{"none: nothing is done", nil, 0, nil},
			{"all are well", []string{"a", "b"}, 0, &spantest.Span{
				Status: tracing.SpanStatusOK, Properties: map[any]any{"streamwarden.resources": 2, "streamwarden.failed": 0},
			}},
			{"one is not", []string{"a", "gone"}, 0, &spantest.Span{
				Status: tracing.SpanStatusError, Properties: map[any]any{
					"streamwarden.resources": 2, "streamwarden.failed": 1,
					"streamwarden.kind": "not found", "streamwarden.reason": "gone", "exception.message": gone,
				},
			}},
			{"none is", []string{"gone", "gone"}, 0, &spantest.Span{
				Status: tracing.SpanStatusError, Properties: map[any]any{
					"streamwarden.resources": 2, "streamwarden.failed": 2,
					"streamwarden.kind": "not found", "streamwarden.reason": "gone", "exception.message": gone,
				},
			}},
			{"the caller has enough after one that is well", []string{"a", "b"}, 1, &spantest.Span{
				Status: tracing.SpanStatusUnset, Properties: map[any]any{"streamwarden.resources": 2, "streamwarden.failed": 0},
			}},
			{"the caller has enough after one that is not", []string{"gone"}, 1, &spantest.Span{
				Status: tracing.SpanStatusError, Properties: map[any]any{
					"streamwarden.resources": 1, "streamwarden.failed": 1,
					"streamwarden.kind": "not found", "streamwarden.reason": "gone", "exception.message": gone,
				},
			}},
		} {
			var r spantest.Recorder
			results := 0
			for range sdkcall.Each(t.Context(), &r, "machine.WaitEach", fleet(), inputs(tt.resources...), "on", time.Minute, nil) {
				if results++; results == tt.breaks {
					break
				}
			}
			if tt.breaks == 0 && results != len(tt.resources) || tt.breaks > 0 && results != tt.breaks {
				t.Errorf("%s: %d results", tt.why, results)
			}
			if tt.want == nil {
				spansAre(t, &r)
				continue
			}
			tt.want.Name, tt.want.Properties["streamwarden.target"] = "machine.WaitEach", "on"
			spansAre(t, &r, tt.want)
		}
		n := 0
		for range sdkcall.Each(t.Context(), nil, "machine.WaitEach", fleet(), inputs("a", "b"), "on", time.Minute, nil) {
			n++
		}
		if n != 2 {
			t.Errorf("without tracing: %d results", n)
		}
	})
}

// TestWaitReportsInvalidArgumentsTogether checks that a wait whose arguments are invalid sends
// nothing, and has no span.
func TestWaitReportsInvalidArgumentsTogether(t *testing.T) {
	var r spantest.Recorder
	res := &resource{shows: []state{"off", "on"}}
	_, err := sdkcall.Wait(t.Context(), &r, "resources.Wait", res.waiter(), "red", -1, validate.FieldError("Name", "is required"))
	assert.Equal(t, "fields", []string{"Name", "target", "maxWait"}, assert.InputFields(err))
	assert.Equal(t, "states that were not read", 2, len(res.shows))
	spansAre(t, &r)
}

// TestEachRejectsAllInputsForInvalidArguments checks the errors of inputs that are valid, invalid
// and in conflict, if the arguments that they share are invalid, too.
func TestEachRejectsAllInputsForInvalidArguments(t *testing.T) {
	keys := []string{"a", "", "b", "b"}
	set := sdkcall.NewInputs(keys, func(i int) sdkcall.Input[string] {
		in := sdkcall.Input[string]{ID: keys[i], Name: keys[i]}
		if keys[i] == "" {
			in.Err = validate.FieldError("Name", "is required")
		}
		return in
	}, func(i, j int) bool { return i == j }, "Name")
	f := &statemachine.Fleet[state, state]{Machine: machine}
	results := sdkcall.Each(t.Context(), nil, "machine.WaitEach", f, set, "on", -1, func(int, string) statemachine.Goal[state, state] {
		t.Error("made the goal of a resource")
		return statemachine.Goal[state, state]{}
	})
	var got []string
	for key, r := range sdkcall.ByInput(set, results, sdkcall.Value) {
		got = append(got, fmt.Sprint(r.Index, " ", key, ": ", r.Err))
	}
	assert.Equal(t, "results", []string{
		"0 a: invalid input: maxWait must be positive, got -1ns",
		"1 : invalid input: Name is required; maxWait must be positive, got -1ns",
		"2 b: invalid input: Name has conflicting inputs for the same resource: b; maxWait must be positive, got -1ns",
		"3 b: invalid input: Name has conflicting inputs for the same resource: b; maxWait must be positive, got -1ns",
	}, got)
}

// TestNoSpan checks that without a tracer, which is the default, a span costs nothing.
func TestNoSpan(t *testing.T) {
	ctx := t.Context()
	bare := testing.AllocsPerRun(100, func() {
		_, _ = (&resource{shows: []state{"on"}}).waiter().Wait(ctx, "on", time.Minute)
	})
	for _, provider := range []tracing.TracerProvider{nil, &tracing.NopTracerProvider{}, tracing.NopTracerProvider{}} {
		got := testing.AllocsPerRun(100, func() {
			_, _ = sdkcall.Wait(ctx, provider, "resources.Wait", (&resource{shows: []state{"on"}}).waiter(), "on", time.Minute, nil)
		})
		if got > bare {
			t.Errorf("%T: %v allocations, without a span %v", provider, got, bare)
		}
		var o statemachine.WaitOptions
		spanned, end := sdkcall.Span(ctx, provider, "resources.Wait", "resource-1", "on", &o)
		end(nil, nil)
		if spanned != ctx || o.OnProgress != nil {
			t.Errorf("%T: the context or the options have changed", provider)
		}
	}
}
