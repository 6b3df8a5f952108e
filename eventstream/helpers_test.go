package eventstream_test

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations that the package reads with.
const (
	getEventStream   statemachine.Operation = "GetEventStream"
	listEventStreams statemachine.Operation = "ListEventStreams"
)

// The stream of most tests, its destination, and another destination.
const (
	streamARN = "arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream"
	uri       = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
	otherURI  = "arn:aws:kinesis:us-east-1:123456789012:stream/other-events"
)

// ref identifies the stream of most tests.
func ref() eventstream.Ref {
	return eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
}

// create returns the input that creates that stream.
func create() *eventstream.CreateInput { return &eventstream.CreateInput{Ref: ref(), Uri: uri} }

// example returns that stream for the server.
func example() eventstreamtest.EventStream {
	return eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream", Uri: uri}
}

type (
	server  = eventstreamtest.Server
	failure = eventstreamtest.Failure
	options = eventstreamtest.Options
	call    = eventstreamtest.Call
)

// empty returns a server that has the domain and no stream.
func empty(optFns ...func(*options)) *server {
	s := eventstreamtest.NewServer(optFns...)
	s.AddDomain("example-domain")
	return s
}

// running returns a server that has the stream.
func running(optFns ...func(*options)) *server {
	s := empty(optFns...)
	s.AddEventStream(example())
	return s
}

// client returns a client of the server, without jitter, so that a wait reads every 2 s in the
// first 160 s.
func client(s *server, optFns ...func(*eventstream.Options)) *eventstream.Client {
	return eventstream.NewFromConfig(s.Config(), append([]func(*eventstream.Options){func(o *eventstream.Options) {
		o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
	}}, optFns...)...)
}

func allowRestart(o *eventstream.Options) { o.AllowRestart = true }
func dryRun(o *eventstream.Options)       { o.DryRun = true }

// outcome returns the result of a call as one word.
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

// commands lists the calls that are commands, each with its time and result: "2s CreateEventStream
// ok".
func commands(s *server, since time.Time) []string {
	var list []string
	for _, c := range s.Calls() {
		if c.Operation == eventstream.CreateEventStream || c.Operation == eventstream.DeleteEventStream {
			list = append(list, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, outcome(c)))
		}
	}
	return list
}

// calls lists all calls in the same way.
func calls(s *server, since time.Time) []string {
	var list []string
	for _, c := range s.Calls() {
		list = append(list, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, outcome(c)))
	}
	return list
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// sorted compares slices in any order.
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

// first returns the first error of a sequence, or nil.
func first(seq iter.Seq2[*eventstream.Stream, error]) error {
	for _, err := range seq {
		return err
	}
	return nil
}
