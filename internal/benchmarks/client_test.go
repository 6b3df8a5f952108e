package benchmarks

import (
	"bytes"
	"context"
	_ "embed"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// fullResponse is a response to DescribeDBClusters with everything that RDS returns for a cluster
// with two instances. The simulator returns a third of it.
//
//go:embed testdata/cluster.xml
var fullResponse string

// transport is an HTTP client that responds to each request with itself.
type transport []byte

// Do returns the response.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(bytes.NewReader(t)), ContentLength: int64(len(t)), Request: r,
	}, nil
}

// fullConfig returns the config of a service that sends the full response, with the statuses of the
// cluster and its stream.
func fullConfig(stream activitystream.Status, cluster string) aws.Config {
	cfg := activitystreamtest.NewServer().Config()
	cfg.HTTPClient = transport(strings.NewReplacer("STREAM", string(stream), "CLUSTER", cluster).Replace(fullResponse))
	return cfg
}

// overTheClient returns contenders that read once a stream that shows the target, by a bare call or
// in a wait. All use the SDK's own client over a transport in this process.
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

// fullResponses returns the contenders over a service that sends the full response.
func fullResponses() []contender {
	return overTheClient(fullConfig(activitystream.StatusStarted, "available"), clusterARN)
}

// shortResponses returns the contenders over the simulator, whose response is shorter.
func shortResponses() []contender {
	server := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.HistoryLimit = 1 })
	return overTheClient(server.Config(), server.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
}

// clientReads is the number of reads of a wait in furtherReadsOverTheClient.
const clientReads = 20

// flow is an HTTP client that responds with a stream that is starting, and with one that is started
// to each request whose number is a multiple of clientReads.
type flow struct {
	requests         int
	pending, arrived transport
}

// Do returns the next response.
func (f *flow) Do(r *http.Request) (*http.Response, error) {
	if f.requests++; f.requests%clientReads == 0 {
		return f.arrived.Do(r)
	}
	return f.pending.Do(r)
}

// furtherReadsOverTheClient returns contenders that wait for clientReads reads of the full
// response, one second apart, over the SDK's own client. The second is virtual. The contender
// "sleep" only sleeps.
func furtherReadsOverTheClient(t *testing.T) []contender {
	client := func() *rds.Client {
		cfg := fullConfig("", "")
		respond := func(stream activitystream.Status, cluster string) transport {
			return transport(strings.NewReplacer("STREAM", string(stream), "CLUSTER", cluster).Replace(fullResponse))
		}
		cfg.HTTPClient = &flow{
			pending: respond(activitystream.StatusStarting, "configuring-activity-stream"),
			arrived: respond(activitystream.StatusStarted, "available"),
		}
		return rds.NewFromConfig(cfg)
	}
	ours := activitystream.New(client(), func(o *activitystream.Options) {
		o.Pacer = statemachine.NewPacer(1e9, 1e9)
		o.Wait.MinDelay, o.Wait.MaxDelay = time.Second, time.Second
	})
	waiter := rds.NewDBClusterAvailableWaiter(client(), func(o *rds.DBClusterAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Second, time.Second
	})
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(clusterARN)}
	return []contender{
		{name: "sleep", per: clientReads, run: bubbled(t, func(ctx context.Context) error { return sleeps(ctx, clientReads) })},
		{name: "activitystream Wait", per: clientReads, run: bubbled(t, func(ctx context.Context) error {
			_, err := ours.Wait(ctx, clusterARN, activitystream.StatusStarted, forever)
			return err
		})},
		{name: "SDK waiter", per: clientReads, run: bubbled(t, func(ctx context.Context) error { return waiter.Wait(ctx, in, forever) })},
	}
}
