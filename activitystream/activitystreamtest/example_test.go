package activitystreamtest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// The SDK's client calls the server. Here the stream moves on after two reads. A test would run
// in a testing/synctest bubble instead.
func Example() {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.ReadsPerTransition = 2 })
	arn := server.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
	client := rds.NewFromConfig(server.Config())
	ctx := context.Background()

	if _, err := client.StartActivityStream(ctx, &rds.StartActivityStreamInput{
		ResourceArn: &arn, Mode: types.ActivityStreamModeAsync, KmsKeyId: new("alias/audit"), ApplyImmediately: new(true),
	}); err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		out, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.DBClusters[0].ActivityStreamStatus)
	}
	// Output:
	// starting
	// starting
	// started
}

// A lost response: the command was executed nevertheless.
func ExampleServer_Fail() {
	server := activitystreamtest.NewServer()
	arn := server.AddCluster(activitystreamtest.Cluster{})
	client := rds.NewFromConfig(server.Config(), func(o *rds.Options) { o.RetryMaxAttempts = 1 })
	server.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Lost: true})

	_, err := client.StartActivityStream(context.Background(), &rds.StartActivityStreamInput{
		ResourceArn: &arn, Mode: types.ActivityStreamModeAsync, KmsKeyId: new("alias/audit"), ApplyImmediately: new(true),
	})
	fmt.Println(err != nil, server.Status(arn))
	for _, call := range server.Calls() {
		fmt.Println(call.Operation, call.Resource, call.Accepted)
	}
	// Output:
	// true starting
	// StartActivityStream arn:aws:rds:us-east-1:123456789012:cluster:cluster-1 true
}
