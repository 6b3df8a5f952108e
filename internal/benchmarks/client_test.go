package benchmarks

import (
	"bytes"
	"context"
	_ "embed"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// fullAnswer is an answer to DescribeDBClusters with all that RDS tells of a cluster with two instances. The simulator tells a third of it.
//
//go:embed testdata/cluster.xml
var fullAnswer string

// transport answers every request with itself.
type transport []byte

func (t transport) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(bytes.NewReader(t)), ContentLength: int64(len(t)), Request: r,
	}, nil
}

// fullConfig is of a service that gives the full answer, with the cluster's stream as it is said here.
func fullConfig(stream activitystream.Status, cluster string) aws.Config {
	cfg := activitystreamtest.NewServer().Config()
	cfg.HTTPClient = transport(strings.NewReplacer("STREAM", string(stream), "CLUSTER", cluster).Replace(fullAnswer))
	return cfg
}

// overTheClient are one read of a stream that is there already, all by the SDK's own client over a transport in this process: bare, and in a
// wait.
func overTheClient(cfg aws.Config, arn string) []contender {
	api := rds.NewFromConfig(cfg)
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
		{name: "bare call", run: all(func() error {
			_, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
			return err
		})},
		{name: "bare call, bounded by context.WithTimeout", run: all(func() error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
			return err
		})},
		{name: "activitystream Wait", run: all(func() error {
			_, err := ours.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
			return err
		})},
		{name: "SDK waiter", run: all(func() error {
			return waiter.Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}, time.Hour)
		})},
	}
}

// fullAnswers and shortAnswers are both: of a service that tells all, and of the simulator.
func fullAnswers() []contender {
	return overTheClient(fullConfig(activitystream.StatusStarted, "available"), clusterARN)
}

func shortAnswers() []contender {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.HistoryLimit = 1 })
	return overTheClient(server.Config(), server.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
}
