package activitystream_test

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// RDS's quota, and how long its responses take here.
const (
	quotaBurst     = 300
	quotaPerSecond = 12
)

func latency(c activitystreamtest.Call) time.Duration {
	return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond
}

// median is of how long the transitions take; their σ is 0.7.
const median = 4 * time.Minute

// logNormal returns how long a transition of one resource takes, deterministic by seed.
func logNormal(seed uint64) func(arn, from, to string) time.Duration {
	return func(arn, from, to string) time.Duration {
		h := fnv.New64a()
		fmt.Fprint(h, arn, from, to)
		r := rand.New(rand.NewPCG(seed, h.Sum64()))
		return time.Duration(float64(median) * math.Exp(0.7*r.NormFloat64()))
	}
}

// figures are what one run came to.
type figures struct {
	lost, throttled, reads, commands int
	lag                              time.Duration // mean, from the true change to the result
	took                             time.Duration // until the last result
	oneByOne                         int           // reads that polling one by one would need for that lag
	heap                             uint64        // bytes, when each resource was read once
	goroutines                       int           // the most that were added
}

func (f *figures) add(s *activitystreamtest.Server, arn string, err error, begin time.Time) {
	h := s.History(arn)
	if last := h[len(h)-1]; err == nil && last.State == activitystream.StatusStarted {
		f.lag += time.Since(last.At)
		f.took = time.Since(begin)
		return
	}
	f.lost++
}

// sum computes the means, and what polling would need: with a constant delay of twice the lag, a
// change is seen that much later in the mean.
func (f *figures) sum(s *activitystreamtest.Server, arns []string) {
	f.lag /= time.Duration(len(arns))
	for _, arn := range arns {
		h := s.History(arn)
		for i, at := range h {
			if i > 0 && at.State == activitystream.StatusStarted {
				f.oneByOne += int(at.At.Sub(h[i-1].At) / (2 * f.lag))
			}
		}
	}
	for _, c := range s.Calls() {
		switch {
		case c.Code == "Throttling":
			f.throttled++
		case c.Operation == activitystream.StartActivityStream:
			f.commands++
		default:
			f.reads++
		}
	}
}

// scale is one run of many databases.
type scale struct {
	n         int
	seed      uint64
	failing   float64 // share of the calls that fail: throttled, 503, reset
	perSecond float64 // the client's share of the quota; zero: the default
}

func (sc scale) server() *activitystreamtest.Server {
	r := rand.New(rand.NewPCG(sc.seed, 1))
	var mu sync.Mutex // several calls are under way at once
	return activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Transition, o.Latency = logNormal(sc.seed), latency
		if sc.failing == 0 {
			return
		}
		o.Intercept = func(activitystreamtest.Call) *activitystreamtest.Failure {
			mu.Lock()
			defer mu.Unlock()
			if r.Float64() >= sc.failing {
				return nil
			}
			return []*activitystreamtest.Failure{
				{Code: "Throttling", Message: "Rate exceeded"},
				{Code: "ServiceUnavailable", Status: 503},
				{Drop: true},
			}[r.IntN(3)]
		}
	})
}

func (sc scale) client(s *activitystreamtest.Server) *activitystream.Client {
	s.Throttle(quotaBurst, quotaPerSecond)
	return activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) {
		if sc.perSecond > 0 {
			o.Pacer = statemachine.NewPacer(sc.perSecond, 40)
		}
	})
}

// wait waits for n starting clusters together.
func (sc scale) wait(ctx context.Context) (f figures) {
	s := sc.server()
	arns := make([]string, sc.n)
	for i := range arns {
		arns[i] = s.AddCluster(activitystreamtest.Cluster{Members: -1, Status: activitystream.StatusStarting})
	}
	c := sc.client(s)
	before, goroutines := heap(), runtime.NumGoroutine()
	seen := 0
	begin := time.Now()
	for arn, r := range c.WaitEach(ctx, arns, activitystream.StatusStarted, 6*time.Hour, func(o *activitystream.Options) {
		o.Wait.OnRead = func(r statemachine.Reading) {
			f.goroutines = max(f.goroutines, runtime.NumGoroutine()-goroutines)
			if r.Reads == 1 {
				seen++
			}
			if seen == sc.n && f.heap == 0 {
				f.heap = heap() - before
			}
		}
	}) {
		f.add(s, arn, r.Err, begin)
	}
	f.sum(s, arns)
	return f
}

// ensure starts n databases together, half of them clusters.
func (sc scale) ensure(ctx context.Context) (f figures) {
	s := sc.server()
	arns := make([]string, sc.n)
	ins := make([]*activitystream.StartInput, sc.n)
	for i := range ins {
		if i%2 == 0 {
			arns[i] = s.AddCluster(activitystreamtest.Cluster{})
		} else {
			arns[i] = s.AddInstance(activitystreamtest.Instance{})
		}
		ins[i] = &activitystream.StartInput{ResourceArn: arns[i], Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}
	}
	c := sc.client(s)
	begin := time.Now()
	for arn, r := range c.EnsureStartedEach(ctx, ins, 12*time.Hour) {
		f.add(s, arn, r.Err, begin)
	}
	f.sum(s, arns)
	return f
}

// waitSingly waits for n starting clusters with a call for each.
func (sc scale) waitSingly(ctx context.Context) figures {
	s := sc.server()
	arns := make([]string, sc.n)
	for i := range arns {
		arns[i] = s.AddCluster(activitystreamtest.Cluster{Members: -1, Status: activitystream.StatusStarting})
	}
	c := sc.client(s)
	return sc.singly(s, arns, func(arn string) error {
		_, err := c.Wait(ctx, arn, activitystream.StatusStarted, 6*time.Hour)
		return err
	})
}

// ensureSingly starts n databases with a call for each, half of them clusters.
func (sc scale) ensureSingly(ctx context.Context) figures {
	s := sc.server()
	arns := make([]string, sc.n)
	for i := range arns {
		if i%2 == 0 {
			arns[i] = s.AddCluster(activitystreamtest.Cluster{})
		} else {
			arns[i] = s.AddInstance(activitystreamtest.Instance{})
		}
	}
	c := sc.client(s)
	return sc.singly(s, arns, func(arn string) error {
		in := &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true}
		_, err := c.EnsureStarted(ctx, in, 12*time.Hour)
		return err
	})
}

// singly calls f for each database, in a goroutine for each.
func (sc scale) singly(s *activitystreamtest.Server, arns []string, f func(arn string) error) (sum figures) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	for _, arn := range arns {
		wg.Go(func() {
			err := f(arn)
			mu.Lock()
			defer mu.Unlock()
			sum.add(s, arn, err, begin)
		})
	}
	wg.Wait()
	sum.sum(s, arns)
	return sum
}

// heap returns the size of the heap in use, without garbage.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// full has TestScale make its table; it takes minutes.
var full = flag.Bool("scale", false, "run TestScale in full")

// run runs one in a bubble.
func run(t *testing.T, name string, one func(context.Context) figures) (f figures) {
	t.Helper()
	cpu := processorTime()
	synctest.Test(t, func(t *testing.T) { f = one(t.Context()) })
	t.Logf("%-42s %6d reads %6d commands, %5.1f times fewer than one by one; lag %6.2f s, %4.0f min in all; %d lost, %d throttled; %d goroutines; heap %.1f MiB; %.1f s of processor",
		name, f.reads, f.commands, float64(f.oneByOne)/float64(f.reads), f.lag.Seconds(), f.took.Minutes(), f.lost, f.throttled, f.goroutines,
		float64(f.heap)/(1<<20), (processorTime() - cpu).Seconds())
	if f.lost > 0 {
		t.Errorf("%s: %d lost", name, f.lost)
	}
	return f
}

// processorTime returns the processor time that this process has used.
func processorTime() time.Duration {
	s := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(s)
	return time.Duration((s[0].Value.Float64() - s[1].Value.Float64()) * float64(time.Second))
}

func TestWaitEachOfThousandStaysCheap(t *testing.T) {
	var reads []int
	var lags []time.Duration
	seeds := uint64(9)
	if assert.Race { // which makes it ten times slower, and finds with one what it finds with nine
		seeds = 1
	}
	for seed := range seeds {
		f := run(t, fmt.Sprintf("1,000 waits, seed %d", seed), scale{n: 1000, seed: seed}.wait)
		if f.throttled > 0 {
			t.Errorf("seed %d: %d throttled", seed, f.throttled)
		}
		if f.goroutines > 1+8 {
			t.Errorf("seed %d: %d goroutines; want one and one for each of 8 calls", seed, f.goroutines)
		}
		reads, lags = append(reads, f.reads), append(lags, f.lag)
	}
	slices.Sort(reads)
	slices.Sort(lags)
	if r, l := reads[len(reads)/2], lags[len(lags)/2]; r > 850 || l > 3500*time.Millisecond {
		t.Errorf("median of %d reads at a mean lag of %s; want at most 850 at 3.5s", r, l)
	}
}

func TestEnsureEachOfThousandStaysCheap(t *testing.T) {
	n := 1000
	if assert.Race {
		n = 200
	}
	if f := run(t, fmt.Sprintf("%d Ensure calls", n), scale{n: n}.ensure); f.throttled > 0 {
		t.Errorf("%d throttled", f.throttled)
	}
	run(t, "200 Ensure calls, 30 % of the calls fail", scale{n: 200, failing: 0.3}.ensure)
}

// TestScale makes the table of the package's documentation on large numbers:
//
//	go test ./activitystream -run TestScale -v -timeout 30m -scale
func TestScale(t *testing.T) {
	if !*full {
		t.Skip("-scale runs it: it takes minutes")
	}
	for _, n := range []int{100, 1000, 10_000, 30_000, 100_000} {
		f := run(t, fmt.Sprintf("%d waits", n), scale{n: n}.wait)
		if perWait := f.heap / uint64(n); n == 100_000 && perWait > 1024 {
			t.Errorf("%d bytes a wait; want at most 1024", perWait)
		}
	}
	if f := run(t, "10,000 Ensure calls", scale{n: 10_000}.ensure); f.oneByOne < 50*f.reads || f.throttled > 0 {
		t.Errorf("%d reads, %d one by one; want a fiftieth; %d throttled", f.reads, f.oneByOne, f.throttled)
	}
	for _, perSecond := range []float64{4, 2, 1} {
		run(t, fmt.Sprintf("10,000 Ensure calls at %g calls a second", perSecond), scale{n: 10_000, perSecond: perSecond}.ensure)
	}
	run(t, "10,000 Ensure calls, 30 % of the calls fail", scale{n: 10_000, failing: 0.3}.ensure)
	for _, n := range []int{100, 1000, 10_000} {
		run(t, fmt.Sprintf("%d waits, one by one", n), scale{n: n}.waitSingly)
	}
	for _, n := range []int{1000, 10_000} {
		run(t, fmt.Sprintf("%d Ensure calls, one by one", n), scale{n: n}.ensureSingly)
	}
}
