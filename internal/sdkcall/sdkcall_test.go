package sdkcall_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

type (
	options struct {
		Region  string
		Applied []string
	}
	in  struct{ Name string }
	out struct{ Applied []string }
)

const op statemachine.Operation = "DescribeThing"

// api is a client of the SDK, with an answer.
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

func TestDo(t *testing.T) {
	ctx := context.Background()
	a := &api{out: &out{}}
	c := sdkcall.Caller[options]{Options: []func(*options){apply("first")}, Faults: sdkfault.Table{{Code: "Gone", Kind: statemachine.NotFound}}}
	last := c.WithOption(apply("last"))
	got, err := sdkcall.Do(ctx, last, op, "thing-1", a.Describe, &in{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"first", "last"}, got.Applied); diff != "" {
		t.Error(diff)
	}
	if got, err = sdkcall.Do(ctx, c, op, "thing-1", a.Describe, &in{}); err != nil || len(got.Applied) != 1 {
		t.Errorf("With changed what it was called on: %v, %v", got.Applied, err)
	}

	a.err = &smithy.GenericAPIError{Code: "Gone", Message: "It is gone."}
	none, err := sdkcall.Do(ctx, c, op, "thing-1", a.Describe, &in{})
	want := &statemachine.Fault{Kind: statemachine.NotFound, Operation: op, Resource: "thing-1", Code: "Gone", Message: "It is gone.", Err: a.err}
	if diff := cmp.Diff(error(want), err, cmp.Comparer(func(a, b *smithy.GenericAPIError) bool { return a == b })); diff != "" || none != nil {
		t.Errorf("%v, (-want +got):\n%s", none, diff)
	}

	a.out, a.err = nil, nil
	if _, err = sdkcall.Do(ctx, c, op, "thing-1", a.Describe, &in{}); !errors.Is(err, statemachine.Unavailable) {
		t.Errorf("no answer: %v", err)
	}
}

// Two options made of one caller do not share the space behind its slice.
func TestWithDoesNotShare(t *testing.T) {
	base := make([]func(*options), 1, 8)
	base[0] = apply("base")
	c := sdkcall.Caller[options]{Options: base}
	one, two := c.WithOption(apply("one")), c.WithOption(apply("two"))
	for name, c := range map[string]sdkcall.Caller[options]{"one": one, "two": two} {
		got, err := sdkcall.Do(context.Background(), c, op, "", (&api{out: &out{}}).Describe, &in{})
		if diff := cmp.Diff([]string{"base", name}, got.Applied); diff != "" || err != nil {
			t.Errorf("%v, %s", err, diff)
		}
	}
}

func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := &api{out: &out{}}
		c := sdkcall.Caller[options]{Pacer: statemachine.NewPacer(1, 1)}
		c.CountAgainstQuota() // one that goes at once takes a place
		for range 2 {
			if _, err := sdkcall.DoPaced(t.Context(), c, op, "", a.Describe, &in{}); err != nil {
				t.Fatal(err)
			}
		}
		a.err = &smithy.GenericAPIError{Code: "Throttling"}
		if _, err := sdkcall.DoPaced(t.Context(), c, op, "", a.Describe, &in{}); !errors.Is(err, statemachine.Throttled) {
			t.Error(err)
		}
		if held := time.Until(c.Pacer.PausedUntil(time.Now())); held != time.Second {
			t.Errorf("the others pause %s after a throttled call", held)
		}
		a.err = nil
		if _, err := sdkcall.DoPaced(t.Context(), c, op, "", a.Describe, &in{}); err != nil {
			t.Error(err)
		}
		a.err = &smithy.GenericAPIError{Code: "Throttling"}
		if _, err := sdkcall.DoPaced(t.Context(), c, op, "", a.Describe, &in{}); !errors.Is(err, statemachine.Throttled) {
			t.Error(err)
		}
		if held := time.Until(c.Pacer.PausedUntil(time.Now())); held != time.Second {
			t.Errorf("the others pause %s after a throttled call, with one served since the last", held)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := sdkcall.DoPaced(ctx, c, op, "thing-1", a.Describe, &in{}); !errors.Is(err, statemachine.Interrupted) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context ended in the queue: %v", err)
		}
		var at []time.Duration
		for _, t := range a.at {
			at = append(at, t.Sub(began))
		}
		if diff := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second}, at); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWithoutAPacer(t *testing.T) {
	var c sdkcall.Caller[options]
	c.CountAgainstQuota()
	if _, err := sdkcall.DoPaced(context.Background(), c, op, "", (&api{out: &out{}}).Describe, &in{}); err != nil {
		t.Error(err)
	}
}

func TestStrange(t *testing.T) {
	var meta middleware.Metadata
	awsmiddleware.SetRequestIDMetadata(&meta, "id-1")
	want := &statemachine.Fault{Kind: statemachine.Unavailable, Operation: op, Resource: "thing-1", Message: "it is blue", RequestID: "id-1"}
	if diff := cmp.Diff(error(want), sdkcall.UnexpectedResponse(op, "thing-1", meta, "it is blue")); diff != "" {
		t.Error(diff)
	}
}

func TestSettings(t *testing.T) {
	of := func(o *options) sdkcall.ClientInfo { return sdkcall.ClientInfo{Region: o.Region} }
	a := &api{options: options{Region: "us-east-1"}}
	if got := sdkcall.ClientInfoOf(a, nil, of).Region; got != "us-east-1" {
		t.Error(got)
	}
	if got := sdkcall.ClientInfoOf(a, []func(*options){func(o *options) { o.Region = "eu-west-1" }}, of).Region; got != "eu-west-1" {
		t.Error(got)
	}
	if got := sdkcall.ClientInfoOf(struct{ Describe any }{}, nil, of).Region; got != "" {
		t.Errorf("a value that does not tell: %q", got)
	}
	if a.options.Region != "us-east-1" {
		t.Error("the client's own options have changed")
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
			why: "a token that never moves on", want: []int{1}, reads: 2, fails: "DescribeThing: unavailable: the answer's NextToken is the request's: the list would never end",
			pages: []page{{items: []int{1}, next: token("a")}, {items: []int{2}, next: token("a")}},
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			var got []int
			var failed string
			reads := 0
			for item, err := range sdkcall.Pages(t.Context(), op, "NextToken", func(_ context.Context, tok *string) ([]int, *string, error) {
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
