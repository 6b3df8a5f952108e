package benchmarks

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// RDS's quota.
const (
	quotaBurst     = 300
	quotaPerSecond = 12
)

// account is an account whose clusters are all starting, for as long as the slow class has it, and an RDS that answers after 300 ms and 2 ms a record.
type account struct {
	server *activitystreamtest.Server
	arns   []string
	begin  time.Time

	mu  sync.Mutex
	got Together
}

func newAccount(n int, seed uint64) *account {
	a := &account{begin: time.Now()}
	a.server = activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Latency = func(c activitystreamtest.Call) time.Duration {
			return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond
		}
		o.Transition = func(arn, _, _ string) time.Duration {
			h := fnv.New64a()
			fmt.Fprint(h, arn)
			r := rand.New(rand.NewPCG(seed, h.Sum64()))
			return time.Duration(classes[0].of[0] * math.Exp(sigma*r.NormFloat64()) * float64(time.Second))
		}
	})
	for range n {
		a.arns = append(a.arns, a.server.AddCluster(activitystreamtest.Cluster{
			Members: -1, Status: activitystream.StatusStarting,
		}))
	}
	a.server.Throttle(quotaBurst, quotaPerSecond)
	return a
}

// client is the SDK's, which all waits share, as a program has it.
func (a *account) client(optFns ...func(*rds.Options)) *rds.Client {
	return rds.NewFromConfig(a.server.Config(), optFns...)
}

// patient has calls tried again for as good as ever: what helps against throttling where nothing paces the calls.
func patient(o *rds.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.RateLimiter = math.MaxInt32, ratelimit.None })
}

// told is called when a wait ends.
func (a *account) told(arn string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	history := a.server.History(arn)
	last := history[len(history)-1]
	if err != nil || last.State != activitystream.StatusStarted {
		a.got.Lost++
		return
	}
	a.got.Lag += time.Since(last.At).Seconds()
}

// oneByOne runs a wait for each cluster, in a goroutine of its own, and starts them all within a second.
func (a *account) oneByOne(wait func(ctx context.Context, arn string) error) {
	var all sync.WaitGroup
	for _, arn := range a.arns {
		all.Go(func() {
			time.Sleep(rand.N(time.Second))
			a.told(arn, wait(context.Background(), arn))
		})
	}
	all.Wait()
}

// sum counts the calls.
func (a *account) sum(name string) Together {
	a.got.Name, a.got.Waits = name, len(a.arns)
	if well := len(a.arns) - a.got.Lost; well > 0 {
		a.got.Lag /= float64(well)
	}
	for _, c := range a.server.Calls() {
		a.got.Calls++
		if c.Code == "Throttling" {
			a.got.Throttled++
		}
	}
	return a.got
}

// crowds are the ways to wait for a whole account.
var crowds = []struct {
	name string
	wait func(*account)
}{
	{"activitystream WaitEach", func(a *account) {
		c := activitystream.NewFromConfig(a.server.Config())
		for arn, r := range c.WaitEach(context.Background(), a.arns, activitystream.StatusStarted, 6*time.Hour) {
			a.told(arn, r.Err)
		}
	}},
	{"SDK waiter", func(a *account) {
		w := rds.NewDBClusterAvailableWaiter(a.client(), func(o *rds.DBClusterAvailableWaiterOptions) { o.Retryable = notStarted })
		a.oneByOne(func(ctx context.Context, arn string) error {
			return w.Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}, 6*time.Hour)
		})
	}},
	{"StateChangeConf", func(a *account) { a.terraform(a.client()) }},
	{"StateChangeConf, patient retries", func(a *account) { a.terraform(a.client(patient)) }},
	{"k8s wait, 30 s", func(a *account) {
		api := a.client()
		a.oneByOne(func(ctx context.Context, arn string) error {
			return k8sWait(describing(api, arn), delays{min: 30 * time.Second})(ctx)
		})
	}},
	{"filtered reads by hand", (*account).filtered},
}

// notStarted has the SDK's waiter look at the stream, as its documentation says how; a failed read ends it, as it does by default.
func notStarted(_ context.Context, _ *rds.DescribeDBClustersInput, out *rds.DescribeDBClustersOutput, err error) (bool, error) {
	return err == nil && !there(out), err
}

// terraform waits with the delays of Terraform's provider.
func (a *account) terraform(api *rds.Client) {
	a.oneByOne(func(ctx context.Context, arn string) error {
		return stateChangeConf(describing(api, arn), delays{first: 30 * time.Second, min: 10 * time.Second})(ctx)
	})
}

func describing(api *rds.Client, arn string) read {
	in := &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}
	return func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) {
		return api.DescribeDBClusters(ctx, in)
	}
}

// filtered is what somebody writes who knows the API well: every ten seconds, one read for each hundred that are still pending.
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
					a.told(*c.DBClusterArn, nil)
				} else {
					rest = append(rest, *c.DBClusterArn)
				}
			}
		}
		pending = rest
	}
}

// together has each crowd wait for n clusters.
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

// fewer is how many times fewer reads one WaitEach of n makes than waits one by one that have the same lag: those run, too, without a quota, and with the
// constant delay that makes it so.
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
		// A change is seen half a period late, and told when the answer has come; the period is the delay and the answer's time.
		answer := 302 * time.Millisecond
		delay := 2*(time.Duration(ours.Lag*float64(time.Second))-answer) - answer
		a.oneByOne(func(ctx context.Context, arn string) error {
			return byHand(describing(api, arn), delays{min: delay})(ctx)
		})
		polls = a.sum("")
	})
	return float64(polls.Calls) / float64(ours.Calls) * polls.Lag / ours.Lag // what the lags still differ by
}
