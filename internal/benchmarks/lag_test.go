package benchmarks

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// class is a kind of transitions, whose durations follow one law or alternate between two.
type class struct {
	name string
	of   []float64 // medians, in seconds
}

var classes = []class{{"slow", []float64{240}}, {"quick", []float64{20}}, {"mixed", []float64{20, 240}}}

// law returns the law of the durations.
func (c class) law() law {
	if len(c.of) == 1 {
		return logNormal(c.of[0])
	}
	return mixed(logNormal(c.of[0]), logNormal(c.of[1]))
}

// durations returns n durations that are evenly spread over the law, so that few are as exact as
// many random ones.
func (c class) durations(n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		of := c.of[i%len(c.of)]
		rank := (float64(i/len(c.of)) + 0.5) / float64(n/len(c.of))
		all[i] = time.Duration(of * math.Exp(sigma*math.Sqrt2*math.Erfinv(2*rank-1)) * float64(time.Second))
	}
	return all
}

// scheduled is a waiter with its delays in practice.
type scheduled struct {
	name   string
	waiter waiter
	delays delays
}

// schedules returns the waiters with their delays. StateChangeConf has those of Terraform's
// provider for activity streams. A library without defaults has the delays of its documentation's
// example.
func schedules() []scheduled {
	return []scheduled{
		{"activitystream", named("streamwarden"), delays{min: 5 * time.Second, max: 2 * time.Minute}},
		{"SDK waiter", named("SDK waiter"), delays{}},
		{"SDK waiter, 30 to 120 s", named("SDK waiter"), delays{min: 30 * time.Second, max: 2 * time.Minute}},
		{"azcore Poller, and by hand, every 30 s", named("azcore Poller"), delays{}},
		{"StateChangeConf", named("StateChangeConf"), delays{}},
		{"StateChangeConf as in Terraform", named("StateChangeConf"), delays{first: 30 * time.Second, min: 10 * time.Second}},
		{"k8s wait, 10 s", named("k8s wait"), delays{min: 10 * time.Second}},
		{"backoff", named("backoff"), delays{}},
	}
}

// lag runs concurrent waits in a bubble, for resources that reach the target after each of
// durations. It returns the mean number of reads and the mean lag.
func (s scheduled) lag(t *testing.T, durations []time.Duration) (p Point) {
	synctest.Test(t, func(*testing.T) {
		var all sync.WaitGroup
		var mu sync.Mutex
		for _, d := range durations {
			all.Go(func() {
				time.Sleep(rand.N(time.Hour)) // so that the waits do not read in step
				begin := time.Now()
				reads := 0
				wait := s.waiter.prepare(func(context.Context) (*rds.DescribeDBClustersOutput, error) {
					if reads++; time.Since(begin) >= d {
						return arrived, nil
					}
					return pending, nil
				}, s.delays)
				if err := wait(context.Background()); err != nil {
					panic(err)
				}
				mu.Lock()
				defer mu.Unlock()
				p.Reads += float64(reads) / float64(len(durations))
				p.Lag += (time.Since(begin) - d).Seconds() / float64(len(durations))
			})
		}
		all.Wait()
	})
	return p
}

// measureLag runs each waiter for n transitions of each class.
func measureLag(t *testing.T, n int) (all []Class) {
	for _, c := range classes {
		durations := c.durations(n)
		result := Class{Name: c.name, Frontier: frontier(c.law())}
		for _, s := range schedules() {
			p := s.lag(t, durations)
			result.Waiters = append(result.Waiters, Scheduled{Name: s.name, Point: p, Times: p.Lag / best(result.Frontier, p.Reads)})
		}
		all = append(all, result)
	}
	return all
}
