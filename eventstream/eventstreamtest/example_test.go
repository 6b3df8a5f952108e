package eventstreamtest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
)

// The SDK's client calls the server. Here the destination moves on after two reads. A test would
// run in a testing/synctest bubble instead.
func Example() {
	server := eventstreamtest.NewServer(func(o *eventstreamtest.Options) { o.ReadsPerTransition = 2 })
	server.AddDomain("example-domain")
	client := customerprofiles.NewFromConfig(server.Config())
	ctx := context.Background()
	domain, name := new("example-domain"), new("example-stream")

	if _, err := client.CreateEventStream(ctx, &customerprofiles.CreateEventStreamInput{
		DomainName: domain, EventStreamName: name, Uri: new("arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"),
	}); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		out, err := client.GetEventStream(ctx, &customerprofiles.GetEventStreamInput{DomainName: domain, EventStreamName: name})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.State, out.DestinationDetails.Status)
	}
	// Output:
	// RUNNING UNHEALTHY
	// RUNNING UNHEALTHY
	// RUNNING HEALTHY
}

// A lost response: the command was executed nevertheless.
func ExampleServer_Fail() {
	server := eventstreamtest.NewServer()
	arn := server.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream"})
	client := customerprofiles.NewFromConfig(server.Config(), func(o *customerprofiles.Options) { o.RetryMaxAttempts = 1 })
	server.Fail(eventstream.DeleteEventStream, eventstreamtest.Failure{Lost: true})

	_, err := client.DeleteEventStream(context.Background(), &customerprofiles.DeleteEventStreamInput{
		DomainName: new("example-domain"), EventStreamName: new("example-stream"),
	})
	fmt.Println(err != nil, server.State(arn))
	for _, call := range server.Calls() {
		fmt.Println(call.Operation, call.Resource, call.Accepted)
	}
	// Output:
	// true ABSENT
	// DeleteEventStream arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream true
}
