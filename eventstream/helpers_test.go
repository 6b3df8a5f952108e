package eventstream_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations by which the package reads.
const (
	getEventStream   statemachine.Operation = "GetEventStream"
	listEventStreams statemachine.Operation = "ListEventStreams"
)

// The stream that most tests are about, where it leads, and another destination.
const (
	streamARN = "arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream"
	uri       = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
	otherURI  = "arn:aws:kinesis:us-east-1:123456789012:stream/other-events"
)

// ref names that stream.
func ref() eventstream.Ref {
	return eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
}

// create is the input that creates that stream.
func create() *eventstream.CreateInput { return &eventstream.CreateInput{Ref: ref(), Uri: uri} }

// example is that stream, for the server to have.
func example() eventstreamtest.EventStream {
	return eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream", Uri: uri}
}

type (
	server  = eventstreamtest.Server
	failure = eventstreamtest.Failure
	options = eventstreamtest.Options
	call    = eventstreamtest.Call
)

// empty is a server that has the domain and no stream.
func empty(optFns ...func(*options)) *server {
	s := eventstreamtest.NewServer(optFns...)
	s.AddDomain("example-domain")
	return s
}

// running is a server that has the stream.
func running(optFns ...func(*options)) *server {
	s := empty(optFns...)
	s.AddEventStream(example())
	return s
}

// client is a client of the server that reads without jitter, so that every instant can be
// foretold: every 2 s in the first 160 s.
func client(s *server, optFns ...func(*eventstream.Options)) *eventstream.Client {
	return eventstream.NewFromConfig(s.Config(), append([]func(*eventstream.Options){func(o *eventstream.Options) {
		o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
	}}, optFns...)...)
}

func allowRestart(o *eventstream.Options) { o.AllowRestart = true }
func dryRun(o *eventstream.Options)       { o.DryRun = true }

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Helper()
		synctest.Test(t, test)
	})
}

// wantEqual fails the test where got is not want.
func wantEqual[T any](t *testing.T, what string, want, got T, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// must is v, or the end of the test.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// as is the error of type E in err, or the end of the test.
func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("no %T in the error: %T: %v", e, err, err)
	}
	return e
}

// verdict is what an error says: the Reason of a WaitError, and its Kind if it is known; else the
// Kind.
func verdict(err error) string {
	kind := statemachine.KindOf(err)
	e, ok := errors.AsType[*statemachine.WaitError](err)
	switch {
	case !ok:
		return string(kind)
	case kind == statemachine.Unknown || e.Reason == statemachine.Canceled || e.Reason == statemachine.Gone:
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + string(kind)
}

// mentions fails the test unless the error is one line that has each of the parts.
func mentions(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		if len(parts) > 0 {
			t.Errorf("no error says %q", parts)
		}
		return
	}
	if text := err.Error(); strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\n\r") {
		t.Errorf("the error is not one line: %q", text)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// outcome is what came of a call in the log.
func outcome(c call) string {
	switch {
	case c.Accepted && c.Status == 0:
		return "lost"
	case c.Accepted && c.Code == "" && c.Status < 300:
		return "ok"
	case c.Code == "":
		return "dropped"
	}
	return c.Code
}

// commands lists the calls that command, each with when it arrived and what came of it: "2s
// CreateEventStream ok".
func commands(s *server, since time.Time) []string {
	var list []string
	for _, c := range s.Calls() {
		if c.Operation == eventstream.CreateEventStream || c.Operation == eventstream.DeleteEventStream {
			list = append(list, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, outcome(c)))
		}
	}
	return list
}

// calls lists all calls likewise.
func calls(s *server, since time.Time) []string {
	var list []string
	for _, c := range s.Calls() {
		list = append(list, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, outcome(c)))
	}
	return list
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// sorted compares slices without regard to their order.
func sorted[S ~string]() cmp.Option {
	return cmp.Transformer("sorted", func(list []S) []string {
		texts := make([]string, len(list))
		for i, s := range list {
			texts[i] = string(s)
		}
		slices.Sort(texts)
		return texts
	})
}

// first is the error that a sequence yields first, or nil.
func first(seq iter.Seq2[*eventstream.Stream, error]) error {
	for _, err := range seq {
		return err
	}
	return nil
}
