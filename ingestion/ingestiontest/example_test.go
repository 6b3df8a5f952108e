package ingestiontest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// The SDK's client calls the server. Here the store moves on after two reads. A test would run in
// a testing/synctest bubble instead.
func Example() {
	server := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ReadsPerTransition = 2 })
	arn := server.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
	client := cloudtrail.NewFromConfig(server.Config())
	ctx := context.Background()

	if _, err := client.StartEventDataStoreIngestion(ctx, &cloudtrail.StartEventDataStoreIngestionInput{EventDataStore: &arn}); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		out, err := client.GetEventDataStore(ctx, &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Status)
	}
	// Output:
	// STARTING_INGESTION
	// STARTING_INGESTION
	// ENABLED
}

// A lost response: the command was executed nevertheless.
func ExampleServer_Fail() {
	server := ingestiontest.NewServer()
	arn := server.AddEventDataStore(ingestiontest.EventDataStore{Id: "4d2a1f0e"})
	client := cloudtrail.NewFromConfig(server.Config(), func(o *cloudtrail.Options) { o.RetryMaxAttempts = 1 })
	server.Fail(ingestion.StopEventDataStoreIngestion, ingestiontest.Failure{Lost: true})

	_, err := client.StopEventDataStoreIngestion(context.Background(), &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &arn})
	fmt.Println(err != nil, server.Status(arn))
	for _, call := range server.Calls() {
		fmt.Println(call.Operation, call.Resource, call.Accepted)
	}
	// Output:
	// true STOPPING_INGESTION
	// StopEventDataStoreIngestion arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e true
}
