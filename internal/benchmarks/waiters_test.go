package benchmarks

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// forever is longer than anything here waits.
const forever = 10000 * time.Hour

// read reads a resource once. It gives one of two values that exist already, so that nothing but the waiting is measured.
type read func(context.Context) (*rds.DescribeDBClustersOutput, error)

var (
	pending  = clusterThatIs("configuring-activity-stream", activitystream.StatusStarting)
	arrived  = clusterThatIs("available", activitystream.StatusStarted)
	azAnswer = &http.Response{StatusCode: http.StatusOK}
	errNotIn = errors.New("not there yet")
)

func clusterThatIs(status string, stream activitystream.Status) *rds.DescribeDBClustersOutput {
	arn := clusterARN
	return &rds.DescribeDBClustersOutput{DBClusters: []types.DBCluster{{DBClusterArn: &arn, Status: &status, ActivityStreamStatus: stream}}}
}

const clusterARN = "arn:aws:rds:us-east-1:123456789012:cluster:orders"

// delays are the bounds of the delay between two reads; zero: what the waiter has of its own.
type delays struct{ first, min, max time.Duration }

// waiter is one way to wait. It prepares what can be prepared once, and returns what waits once.
type waiter struct {
	name    string
	prepare func(read read, d delays) func(context.Context) error
}

// waiters are all of them; each has what makes it fast: no logger, no messages, no jitter where it can be without.
func waiters() []waiter {
	return []waiter{
		{"streamwarden", streamwarden}, {"SDK waiter", sdkWaiter}, {"StateChangeConf", stateChangeConf},
		{"k8s wait", k8sWait}, {"azcore Poller", azcorePoller}, {"backoff", backoffRetry}, {"by hand", byHand},
	}
}

func named(name string) waiter {
	for _, w := range waiters() {
		if w.name == name {
			return w
		}
	}
	panic(name)
}

func streamwarden(read read, d delays) func(context.Context) error {
	w := statemachine.Waiter[*rds.DescribeDBClustersOutput, activitystream.Status]{
		Machine: activitystream.Machine(), Resource: clusterARN,
		Read: read,
		State: func(out *rds.DescribeDBClustersOutput) activitystream.Status {
			return out.DBClusters[0].ActivityStreamStatus
		},
		Options: statemachine.WaitOptions{MinDelay: d.min, MaxDelay: d.max},
	}
	return func(ctx context.Context) error {
		_, err := w.Wait(ctx, activitystream.StatusStarted, forever)
		return err
	}
}

// DescribeDBClusters makes a read the client that the SDK's waiter asks for.
func (r read) DescribeDBClusters(ctx context.Context, _ *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	return r(ctx)
}

func sdkWaiter(read read, d delays) func(context.Context) error {
	w := rds.NewDBClusterAvailableWaiter(read, func(o *rds.DBClusterAvailableWaiterOptions) {
		if d.min > 0 {
			o.MinDelay, o.MaxDelay = d.min, d.max
		}
	})
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(clusterARN)}
	return func(ctx context.Context) error { return w.Wait(ctx, in, forever) }
}

func stateChangeConf(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		conf := retry.StateChangeConf{ // it keeps state: one for each wait
			Pending: []string{"starting"}, Target: []string{"started"},
			Delay: d.first, MinTimeout: d.min, Timeout: forever,
			Refresh: func() (any, string, error) {
				out, err := read(ctx)
				if err != nil {
					return nil, "", err
				}
				return out, string(out.DBClusters[0].ActivityStreamStatus), nil
			},
		}
		if d.min == d.max {
			conf.PollInterval = d.min
		}
		_, err := conf.WaitForStateContext(ctx)
		return err
	}
}
