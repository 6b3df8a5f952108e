package benchmarks

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// crowds are the ways to wait for all clusters of an account.
var crowds = []struct {
	name string
	wait func(*account)
}{
	{"activitystream WaitEach", func(a *account) {
		c := activitystream.NewFromConfig(a.server.Config())
		for arn, r := range c.WaitEach(context.Background(), a.arns, activitystream.StatusStarted, 6*time.Hour) {
			a.ended(arn, r.Err)
		}
	}},
	{"SDK waiter", func(a *account) {
		w := rds.NewDBClusterAvailableWaiter(a.client(), func(o *rds.DBClusterAvailableWaiterOptions) { o.Retryable = notStarted })
		a.oneByOne(func(ctx context.Context, arn string) error {
			return w.Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}, 6*time.Hour)
		})
	}},
	{"StateChangeConf", func(a *account) { a.terraform(a.client()) }},
	{"StateChangeConf, unlimited retries", func(a *account) { a.terraform(a.client(retryForever)) }},
	{"k8s wait, 30 s", func(a *account) {
		api := a.client()
		a.oneByOne(func(ctx context.Context, arn string) error {
			return k8sWait(describing(api, arn), delays{min: 30 * time.Second})(ctx)
		})
	}},
	{"filtered reads by hand", (*account).filtered},
}

// notStarted makes the SDK's waiter check the stream, in the way that its documentation describes.
// A failed read ends the wait, as it does by default.
func notStarted(_ context.Context, _ *rds.DescribeDBClustersInput, out *rds.DescribeDBClustersOutput, err error) (bool, error) {
	return err == nil && !reached(out), err
}

// terraform waits with the delays of Terraform's provider.
func (a *account) terraform(api *rds.Client) {
	a.oneByOne(func(ctx context.Context, arn string) error {
		return stateChangeConf(describing(api, arn), delays{first: 30 * time.Second, min: 10 * time.Second})(ctx)
	})
}

// describing returns a read of one cluster.
func describing(api *rds.Client, arn string) read {
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}
	return func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) {
		return api.DescribeDBClusters(ctx, in)
	}
}

// filtered waits with filtered reads: every ten seconds, one read for each hundred clusters that
// are still pending.
func (a *account) filtered() {
	api := a.client()
	for pending := a.arns; len(pending) > 0; time.Sleep(10 * time.Second) {
		var rest []string
		for len(pending) > 0 {
			chunk := pending[:min(100, len(pending))]
			pending = pending[len(chunk):]
			out, err := api.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{
				Filters: []types.Filter{{Name: aws.String("db-cluster-id"), Values: chunk}}, MaxRecords: aws.Int32(100),
			})
			if err != nil {
				rest = append(rest, chunk...)
				continue
			}
			for _, c := range out.DBClusters {
				if c.ActivityStreamStatus == activitystream.StatusStarted {
					a.ended(*c.DBClusterArn, nil)
				} else {
					rest = append(rest, *c.DBClusterArn)
				}
			}
		}
		pending = rest
	}
}

// together runs each crowd for n clusters.
func together(t *testing.T, n int, seed uint64) (all []Together) {
	for _, c := range crowds {
		synctest.Test(t, func(*testing.T) {
			a := newAccount(n, seed)
			c.wait(a)
			all = append(all, a.sum(c.name))
		})
	}
	return all
}

// fewer returns the factor by which one WaitEach of n needs fewer reads than separate waits with
// the same lag. The separate waits run without a quota, with the constant delay that gives them
// this lag.
func fewer(t *testing.T, n int, seed uint64) (times float64) {
	var ours, polls Together
	synctest.Test(t, func(*testing.T) {
		a := newAccount(n, seed)
		crowds[0].wait(a)
		ours = a.sum("")
	})
	synctest.Test(t, func(*testing.T) {
		a := newAccount(n, seed)
		a.server.Throttle(math.MaxInt32, 1e9)
		api := a.client()
		// A change is detected half a period late, and reported when the response has arrived. The period
		// is the delay and the latency.
		latency := 302 * time.Millisecond
		delay := 2*(time.Duration(ours.Lag*float64(time.Second))-latency) - latency
		a.oneByOne(func(ctx context.Context, arn string) error {
			return byHand(describing(api, arn), delays{min: delay})(ctx)
		})
		polls = a.sum("")
	})
	return float64(polls.Calls) / float64(ours.Calls) * polls.Lag / ours.Lag // corrects the remaining difference of the lags
}
