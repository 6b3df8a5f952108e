package eventstream_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// quickly makes an example read every 1 ms, and believe each read. Programs keep the defaults.
func quickly(o *eventstream.Options) {
	o.Wait.Grace = statemachine.NoGrace
	o.Wait.MinDelay, o.Wait.MaxDelay = time.Millisecond, time.Millisecond
	o.ReadPacer = statemachine.NewPacer(1000, 1)
}

// This example creates a stream and waits until its destination is healthy.
func Example() {
	server := eventstreamtest.NewServer(func(o *eventstreamtest.Options) { o.ReadsPerTransition = 2 }) // the destination is healthy after two reads
	server.AddDomain("example-domain")
	client := eventstream.NewFromConfig(server.Config(), quickly)
	ctx := context.Background()
	ref := eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}

	created, err := client.Create(ctx, &eventstream.CreateInput{
		Ref: ref, Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(created.EventStreamArn)

	stream, err := client.WaitHealthy(ctx, ref, 10*time.Minute, func(o *eventstream.Options) {
		o.Wait.OnRead = func(r statemachine.Reading) { fmt.Println(r.Reads, r.State) }
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stream.State, stream.Status, stream.Uri)
	// Output:
	// arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream
	// 1 UNHEALTHY
	// 2 UNHEALTHY
	// 3 HEALTHY
	// RUNNING HEALTHY arn:aws:kinesis:us-east-1:123456789012:stream/profile-events
}

// Results come as they are ready, with the Ref of their input.
func ExampleClient_WaitEach() {
	server := eventstreamtest.NewServer()
	var refs []eventstream.Ref
	for _, domain := range []string{"customers", "suppliers"} {
		server.AddEventStream(eventstreamtest.EventStream{DomainName: domain, EventStreamName: "events"})
		refs = append(refs, eventstream.Ref{DomainName: domain, EventStreamName: "events"})
	}
	client := eventstream.NewFromConfig(server.Config(), quickly)

	for ref, result := range client.WaitEach(context.Background(), refs, eventstream.StateRunning, 10*time.Minute) {
		if result.Err != nil {
			fmt.Println(ref, result.Err)
			continue
		}
		fmt.Println(ref, result.Value.State)
	}
	// Unordered output:
	// customers/events RUNNING
	// suppliers/events RUNNING
}

// WaitHealthy fails at once if the stream has to be recreated.
func ExampleClient_WaitHealthy() {
	server := eventstreamtest.NewServer()
	arn := server.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream"})
	server.SetDestination(arn, eventstream.DestinationUnhealthy, eventstreamtest.MessageMissing)
	client := eventstream.NewFromConfig(server.Config(), quickly)

	stream, err := client.WaitHealthy(context.Background(), eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}, 10*time.Minute)
	if errors.Is(err, statemachine.MissingDependency) {
		fmt.Println(stream.Message)
		fmt.Println("must recreate:", stream.MustRecreate())
	}
	// Output:
	// The Kinesis Data Stream does not exist. Please recreate the event stream with valid Kinesis Data Stream destination
	// must recreate: true
}

// EnsureCreated is safe to repeat: it calls an operation only if necessary.
func ExampleClient_EnsureCreated() {
	server := eventstreamtest.NewServer()
	server.AddDomain("example-domain")
	client := eventstream.NewFromConfig(server.Config(), quickly)
	ctx := context.Background()
	in := &eventstream.CreateInput{
		Ref: eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"},
		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	}
	for range 2 {
		out, err := client.EnsureCreated(ctx, in, 10*time.Minute)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Stream.State, out.Operations)
	}

	in.Uri = "arn:aws:kinesis:us-east-1:123456789012:stream/other-events"
	_, err := client.EnsureCreated(ctx, in, 10*time.Minute)
	if drift, ok := errors.AsType[*statemachine.DriftError](err); ok {
		fmt.Println(drift.Fields[0].Field, "is", drift.Fields[0].Got)
	}
	out, err := client.EnsureCreated(ctx, in, 10*time.Minute, func(o *eventstream.Options) { o.AllowRestart, o.DryRun = true, true })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("would call", out.Planned)
	// Output:
	// RUNNING [CreateEventStream]
	// RUNNING []
	// Uri is arn:aws:kinesis:us-east-1:123456789012:stream/profile-events
	// would call [DeleteEventStream CreateEventStream]
}

// EnsureDeleted returns when the list of the domain lacks the stream.
func ExampleClient_EnsureDeleted() {
	server := eventstreamtest.NewServer()
	server.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream"})
	client := eventstream.NewFromConfig(server.Config(), quickly)

	out, err := client.EnsureDeleted(context.Background(), eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}, time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Stream.State, out.Operations)
	// Output: ABSENT [DeleteEventStream]
}
