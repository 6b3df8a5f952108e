package benchmarks

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// overTheClient are one read of a stream that is there already, all by the SDK's own client over a transport in this process: bare, and in a
// wait.
func overTheClient() []contender {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Remember = 1 })
	arn := server.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
	api := rds.NewFromConfig(server.Config())
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}
	ours := activitystream.New(api, func(o *activitystream.Options) { o.Pacer = statemachine.NewPacer(1e9, 1e9) })
	waiter := rds.NewDBClusterAvailableWaiter(api)
	ctx := context.Background()
	all := func(one func() error) func(int) {
		return func(n int) {
			for range n {
				if err := one(); err != nil {
					panic(err)
				}
			}
		}
	}
	return []contender{
		{name: "bare call", run: all(func() error { _, err := api.DescribeDBClusters(ctx, in); return err })},
		{name: "activitystream Wait", run: all(func() error {
			_, err := ours.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
			return err
		})},
		{name: "SDK waiter", run: all(func() error { return waiter.Wait(ctx, in, time.Hour) })},
	}
}
