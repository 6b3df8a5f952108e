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

// forever is longer than any wait of the benchmarks.
const forever = 10000 * time.Hour

// read reads a resource once. It returns one of two existing values, so that only the waiting is
// measured.
type read func(context.Context) (*rds.DescribeDBClustersOutput, error)

var (
	pending    = clusterThatIs("configuring-activity-stream", activitystream.StatusStarting)
	arrived    = clusterThatIs("available", activitystream.StatusStarted)
	azResponse = &http.Response{StatusCode: http.StatusOK}
	errPending = errors.New("target not reached yet")
)

// clusterThatIs returns the response for a cluster with a status and the status of its stream.
func clusterThatIs(status string, stream activitystream.Status) *rds.DescribeDBClustersOutput {
	arn := clusterARN
	return &rds.DescribeDBClustersOutput{DBClusters: []types.DBCluster{{DBClusterArn: &arn, Status: &status, ActivityStreamStatus: stream}}}
}

const clusterARN = "arn:aws:rds:us-east-1:123456789012:cluster:orders"

// delays are the bounds of the delay between two reads. Zero means the defaults of the waiter.
type delays struct{ first, min, max time.Duration }

// waiter is one way to wait. Its prepare does the work that is done once, and returns a function
// that waits once.
type waiter struct {
	name    string
	prepare func(read read, d delays) func(context.Context) error
}

// waiters returns all waiters, each in its best case: without a logger, messages and, if possible,
// jitter.
func waiters() []waiter {
	return []waiter{
		{"streamwarden", streamwarden}, {"SDK waiter", sdkWaiter}, {"StateChangeConf", stateChangeConf},
		{"k8s wait", k8sWait}, {"azcore Poller", azcorePoller}, {"backoff", backoffRetry}, {"by hand", byHand},
	}
}

// named returns the waiter with a name.
func named(name string) waiter {
	for _, w := range waiters() {
		if w.name == name {
			return w
		}
	}
	panic(name)
}

// streamwarden waits with this library.
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

// DescribeDBClusters calls r, so that a read is a client for the SDK's waiter.
func (r read) DescribeDBClusters(ctx context.Context, _ *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	return r(ctx)
}

// sdkWaiter waits with the SDK's generated waiter.
func sdkWaiter(read read, d delays) func(context.Context) error {
	w := rds.NewDBClusterAvailableWaiter(read, func(o *rds.DBClusterAvailableWaiterOptions) {
		if d.min > 0 {
			o.MinDelay, o.MaxDelay = d.min, d.max
		}
	})
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(clusterARN)}
	return func(ctx context.Context) error { return w.Wait(ctx, in, forever) }
}

// stateChangeConf waits with StateChangeConf of the Terraform plugin SDK.
func stateChangeConf(read read, d delays) func(context.Context) error {
	return func(ctx context.Context) error {
		conf := retry.StateChangeConf{ // it has state, so each wait needs its own
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
