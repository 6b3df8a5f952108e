package benchmarks

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// RDS's quota.
const (
	quotaBurst     = 300
	quotaPerSecond = 12
)

// account is an account whose clusters are all starting, with the durations of the slow class. RDS
// responds after 300 ms and 2 ms per record.
type account struct {
	server *activitystreamtest.Server
	arns   []string
	begin  time.Time

	mu  sync.Mutex
	got Together
}

// newAccount returns an account with n clusters.
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

// client returns a client of the SDK, which all waits share, as in a program.
func (a *account) client(optFns ...func(*rds.Options)) *rds.Client {
	return rds.NewFromConfig(a.server.Config(), optFns...)
}

// retryForever sets an SDK retryer without a limit, which survives throttling without a pacer.
func retryForever(o *rds.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.RateLimiter = math.MaxInt32, ratelimit.None })
}

// ended records the end of a wait.
func (a *account) ended(arn string, err error) {
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

// oneByOne runs a wait for each cluster in its own goroutine, and starts all within a second.
func (a *account) oneByOne(wait func(ctx context.Context, arn string) error) {
	var all sync.WaitGroup
	for _, arn := range a.arns {
		all.Go(func() {
			time.Sleep(rand.N(time.Second))
			a.ended(arn, wait(context.Background(), arn))
		})
	}
	all.Wait()
}

// sum counts the calls.
func (a *account) sum(name string) Together {
	a.got.Name, a.got.Waits = name, len(a.arns)
	if succeeded := len(a.arns) - a.got.Lost; succeeded > 0 {
		a.got.Lag /= float64(succeeded)
	}
	for _, c := range a.server.Calls() {
		a.got.Calls++
		if c.Code == "Throttling" {
			a.got.Throttled++
		}
	}
	return a.got
}
