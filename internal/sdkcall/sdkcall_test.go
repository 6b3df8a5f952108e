package sdkcall_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

type (
	options struct {
		Region     string
		Tracer     tracing.TracerProvider
		Meter      metrics.MeterProvider
		Retryer    aws.Retryer
		APIOptions []func(*middleware.Stack) error
		Applied    []string
	}
	in  struct{ Name string }
	out struct{ Applied []string }
)

const op statemachine.Operation = "DescribeResource"

// api is a mock of an SDK client, with one response.
type api struct {
	options options
	out     *out
	err     error
	at      []time.Time
}

func (a *api) Options() options { return a.options }

func (a *api) Describe(_ context.Context, _ *in, optFns ...func(*options)) (*out, error) {
	a.at = append(a.at, time.Now())
	var o options
	for _, fn := range optFns {
		fn(&o)
	}
	if a.out != nil {
		a.out.Applied = o.Applied
	}
	return a.out, a.err
}

func apply(name string) func(*options) {
	return func(o *options) { o.Applied = append(o.Applied, name) }
}

func fields(o *options) sdkcall.Fields {
	return sdkcall.Fields{Region: &o.Region, Tracer: &o.Tracer, Meter: &o.Meter, Retryer: &o.Retryer, APIOptions: &o.APIOptions}
}

func TestDoReturnsFaults(t *testing.T) {
	ctx := context.Background()
	a := &api{out: &out{}}
	c := sdkcall.Caller[options]{Options: []func(*options){apply("first"), apply("last")}, Faults: sdkfault.Table{{Code: "Gone", Kind: statemachine.NotFound}}}
	got, err := sdkcall.Do(ctx, c, op, "resource-1", a.Describe, &in{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"first", "last"}, got.Applied); diff != "" {
		t.Error(diff)
	}

	a.err = &smithy.GenericAPIError{Code: "Gone", Message: "It is gone."}
	none, err := sdkcall.Do(ctx, c, op, "resource-1", a.Describe, &in{})
	want := &statemachine.Fault{Kind: statemachine.NotFound, Operation: op, Resource: "resource-1", Code: "Gone", Message: "It is gone.", Err: a.err}
	if diff := cmp.Diff(error(want), err, cmp.Comparer(func(a, b *smithy.GenericAPIError) bool { return a == b })); diff != "" || none != nil {
		t.Errorf("%v, (-want +got):\n%s", none, diff)
	}

	a.out, a.err = nil, nil
	if _, err = sdkcall.Do(ctx, c, op, "resource-1", a.Describe, &in{}); !errors.Is(err, statemachine.Unavailable) {
		t.Errorf("a nil output: %v", err)
	}
}

// TestNewCallerAppendsToACopy checks that two callers do not share the space behind one slice of
// options.
func TestNewCallerAppendsToACopy(t *testing.T) {
	base := make([]func(*options), 1, 8)
	base[0] = apply("base")
	kernel := sdkcall.NewCaller(nil, "resource", nil, base, fields, sdkcall.Kernel, nil)
	_ = append(base, apply("other"))
	got, err := sdkcall.Do(context.Background(), kernel, op, "", (&api{out: &out{}}).Describe, &in{})
	if diff := cmp.Diff([]string{"base"}, got.Applied); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
}

func TestNewCallerDisablesRetriesOnlyForKernel(t *testing.T) {
	for pacing, want := range map[sdkcall.Pacing]aws.Retryer{sdkcall.Counted: nil, sdkcall.Queued: nil, sdkcall.Kernel: aws.NopRetryer{}} {
		var got options
		for _, fn := range sdkcall.NewCaller(nil, "resource", nil, nil, fields, pacing, nil).Options {
			fn(&got)
		}
		if got.Retryer != want {
			t.Errorf("pacing %d: retryer %v, want %v", pacing, got.Retryer, want)
		}
	}
}

func TestDoQueuedWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := &api{out: &out{}}
		counted := sdkcall.Caller[options]{Pacer: statemachine.NewPacer(1, 1)}
		c := counted.Queued()
		if _, err := sdkcall.Do(t.Context(), counted, op, "", a.Describe, &in{}); err != nil { // takes a slot and goes at once
			t.Fatal(err)
		}
		if _, err := sdkcall.Do(t.Context(), sdkcall.Caller[options]{Pacer: c.Pacer, Pacing: sdkcall.Kernel}, op, "", a.Describe, &in{}); err != nil { // takes none
			t.Fatal(err)
		}
		for range 2 {
			if _, err := sdkcall.Do(t.Context(), c, op, "", a.Describe, &in{}); err != nil {
				t.Fatal(err)
			}
		}
		a.err = &smithy.GenericAPIError{Code: "Throttling"}
		if _, err := sdkcall.Do(t.Context(), c, op, "", a.Describe, &in{}); !errors.Is(err, statemachine.Throttled) {
			t.Error(err)
		}
		if paused := time.Until(c.Pacer.PausedUntil(time.Now())); paused != time.Second {
			t.Errorf("the Pacer pauses %s after a throttled request", paused)
		}
		a.err = nil
		if _, err := sdkcall.Do(t.Context(), c, op, "", a.Describe, &in{}); err != nil {
			t.Error(err)
		}
		a.err = &smithy.GenericAPIError{Code: "Throttling"}
		if _, err := sdkcall.Do(t.Context(), c, op, "", a.Describe, &in{}); !errors.Is(err, statemachine.Throttled) {
			t.Error(err)
		}
		if paused := time.Until(c.Pacer.PausedUntil(time.Now())); paused != time.Second {
			t.Errorf("the Pacer pauses %s after a throttled request that follows a successful one", paused)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := sdkcall.Do(ctx, c, op, "resource-1", a.Describe, &in{}); !errors.Is(err, statemachine.Interrupted) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context ended in the queue: %v", err)
		}
		var at []time.Duration
		for _, t := range a.at {
			at = append(at, t.Sub(began))
		}
		want := []time.Duration{0, 0, time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
	})
}

// TestDoKeepsNotSentWithoutRetries checks that NotSent is lost if the SDK may have sent an earlier
// attempt of the request.
func TestDoKeepsNotSentWithoutRetries(t *testing.T) {
	a := &api{err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for pacing, want := range map[sdkcall.Pacing]bool{sdkcall.Counted: false, sdkcall.Kernel: true} {
		_, err := sdkcall.Do(t.Context(), sdkcall.Caller[options]{Pacing: pacing}, op, "", a.Describe, &in{})
		if f, ok := errors.AsType[*statemachine.Fault](err); !ok || f.NotSent != want {
			t.Errorf("pacing %d: %+v, want NotSent %v", pacing, f, want)
		}
	}
}

func TestDoWithoutPacerGoesAtOnce(t *testing.T) {
	for _, pacing := range []sdkcall.Pacing{sdkcall.Counted, sdkcall.Queued, sdkcall.Kernel} {
		if _, err := sdkcall.Do(context.Background(), sdkcall.Caller[options]{Pacing: pacing}, op, "", (&api{out: &out{}}).Describe, &in{}); err != nil {
			t.Errorf("pacing %d: %v", pacing, err)
		}
	}
}

func TestUnexpectedResponseIsUnavailable(t *testing.T) {
	var meta middleware.Metadata
	awsmiddleware.SetRequestIDMetadata(&meta, "id-1")
	want := &statemachine.Fault{Kind: statemachine.Unavailable, Operation: op, Resource: "resource-1", Message: "it is blue", RequestID: "id-1"}
	if diff := cmp.Diff(error(want), sdkcall.UnexpectedResponse(op, "resource-1", meta, "it is blue")); diff != "" {
		t.Error(diff)
	}
}

func TestNewCallerReadsRegionOfClient(t *testing.T) {
	region := func(api any, optFns ...func(*options)) string {
		return sdkcall.NewCaller(api, "resource", nil, optFns, fields, sdkcall.Counted, nil).Region
	}
	a := &api{options: options{Region: "us-east-1"}}
	if got := region(a); got != "us-east-1" {
		t.Error(got)
	}
	if got := region(a, func(o *options) { o.Region = "eu-west-1" }); got != "eu-west-1" {
		t.Error(got)
	}
	if got := region(struct{ Describe any }{}); got != "" {
		t.Errorf("a mock without options: %q", got)
	}
	if a.options.Region != "us-east-1" {
		t.Error("the client's own options have changed")
	}
}

func TestCallsResolveOptions(t *testing.T) {
	type call struct {
		options string
		pacing  sdkcall.Pacing
	}
	made := 0
	calls := sdkcall.NewCalls("api", "client", func(o string, optFns []func(*string)) string {
		for _, fn := range optFns {
			fn(&o)
		}
		return o
	}, func(api, o string, pacing sdkcall.Pacing, reached *sdkcall.Reached) *call {
		if made++; api != "api" || reached == nil {
			t.Errorf("call of %q, reached %v", api, reached)
		}
		return &call{o, pacing}
	})
	change := []func(*string){func(o *string) { *o += ", changed" }}
	got := []call{*calls.New(nil), *calls.NewNoRetry(nil), *calls.New(change), *calls.NewNoRetry(change), *calls.New(nil)}
	want := []call{{"client", sdkcall.Counted}, {"client", sdkcall.Kernel}, {"client, changed", sdkcall.Counted}, {"client, changed", sdkcall.Kernel}, {"client", sdkcall.Counted}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(call{})); diff != "" || made != 4 {
		t.Errorf("%d calls made, %s", made, diff)
	}
}

func TestPages(t *testing.T) {
	token := func(s string) *string { return &s }
	broken := errors.New("broken")
	type page struct {
		items []int
		next  *string
		err   error
	}
	for _, test := range []struct {
		why   string
		pages []page
		stop  int // break after so many items; zero: never
		want  []int
		reads int
		fails string
	}{
		{why: "one page", pages: []page{{items: []int{1, 2}}}, want: []int{1, 2}, reads: 1},
		{why: "an empty token ends it", pages: []page{{items: []int{1}, next: token("")}}, want: []int{1}, reads: 1},
		{
			why: "an empty page in the middle", want: []int{1, 2}, reads: 3,
			pages: []page{{items: []int{1}, next: token("a")}, {next: token("b")}, {items: []int{2}}},
		},
		{
			why: "broken out of", stop: 1, want: []int{1}, reads: 1,
			pages: []page{{items: []int{1, 2}, next: token("a")}, {items: []int{3}}},
		},
		{
			why: "an error", want: []int{1}, reads: 2, fails: "broken",
			pages: []page{{items: []int{1}, next: token("a")}, {items: []int{2}, err: broken}},
		},
		{
			why: "the token of the page before", want: []int{1}, reads: 2,
			fails: "DescribeResource resource-1: unavailable: response repeats an earlier NextToken: the list would never end",
			pages: []page{{items: []int{1}, next: token("a")}, {items: []int{2}, next: token("a")}},
		},
		{
			why: "the token of an earlier page", want: []int{1, 2}, reads: 3,
			fails: "DescribeResource resource-1: unavailable: response repeats an earlier NextToken: the list would never end",
			pages: []page{{items: []int{1}, next: token("a")}, {items: []int{2}, next: token("b")}, {items: []int{3}, next: token("a")}},
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			var got []int
			var failed string
			reads := 0
			for item, err := range sdkcall.Pages(t.Context(), op, "resource-1", "NextToken", func(_ context.Context, tok *string) ([]int, *string, error) {
				if (tok == nil) != (reads == 0) || tok != nil && *tok != *test.pages[reads-1].next {
					t.Errorf("read %d with a wrong token", reads)
				}
				p := test.pages[reads]
				reads++
				return p.items, p.next, p.err
			}) {
				if err != nil {
					failed += err.Error()
					continue
				}
				if got = append(got, item); len(got) == test.stop {
					break
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || reads != test.reads || failed != test.fails {
				t.Errorf("%d reads, %q, %s", reads, failed, diff)
			}
		})
	}
}
