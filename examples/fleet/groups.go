package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// group has the databases of one account in one Region, which share RDS's quota. A group has a
// client of its own, because a client has one Region, one set of credentials and one pacer.
type group struct {
	account, region string
	profile         string // of the credentials; empty means the default chain
	ins             []*activitystream.StartInput
	client          *activitystream.Client
	calls           meter

	mu       sync.Mutex
	results  []result        // in the order of their arrival
	starting map[string]bool // ARNs whose start was accepted and that have no result
}

// result is the result of one database.
type result struct {
	in   *activitystream.StartInput
	out  *activitystream.EnsureOutput // not nil, even with an error
	err  error
	took time.Duration
}

// reason returns the kind of a failure. For a wait without an error of the service it returns the
// reason. It returns "" if there is no failure.
func (r result) reason() string {
	kind := statemachine.KindOf(r.err)
	if wait, ok := errors.AsType[*statemachine.WaitError](r.err); ok && kind == statemachine.Unknown {
		return string(wait.Reason)
	}
	return string(kind)
}

// connect creates the client of the group.
func (g *group) connect(cfg aws.Config, optFns ...func(*activitystream.Options)) {
	g.starting = map[string]bool{}
	g.client = activitystream.NewFromConfig(cfg, append(optFns, func(o *activitystream.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *rds.Options) { o.Interceptors.AddBeforeTransmit(&g.calls) })
		o.Wait.OnProgress = g.observe
	})...)
}

// observe keeps the starts that were accepted. It is an OnProgress.
func (g *group) observe(p statemachine.Progress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.Type == statemachine.ProgressAccepted {
		g.starting[p.Resource] = true
	}
	if p.Type == statemachine.ProgressEnded {
		delete(g.starting, p.Resource)
	}
}

// ensure starts the streams of all groups and keeps the results as they arrive. It returns when
// each database has a result. If ctx ends, the databases that are not ready get that as their
// result at once.
func ensure(ctx context.Context, groups []*group, maxWait time.Duration, optFns ...func(*activitystream.Options)) {
	var running sync.WaitGroup
	begin := time.Now()
	for _, g := range groups {
		running.Go(func() {
			for _, r := range g.client.EnsureStartedEach(ctx, g.ins, maxWait, optFns...) {
				g.mu.Lock()
				g.results = append(g.results, result{g.ins[r.Index], r.Value, r.Err, time.Since(begin)})
				g.mu.Unlock()
			}
		})
	}
	running.Wait()
}

// RDS's quota for an account in a Region, shared by all callers.
const (
	quotaBurst     = 300
	quotaPerSecond = 12
)

// window is the time over which the rate is averaged.
const window = 2 * time.Second

// meter counts the calls that a client sends.
type meter struct {
	mu              sync.Mutex
	reads, commands int
	recent          []time.Time // times of the calls in the last window
}

// BeforeTransmit counts an attempt of a call, as the quota does.
func (m *meter) BeforeTransmit(_ context.Context, call *smithyhttp.InterceptorContext) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch call.Input.(type) {
	case *rds.StartActivityStreamInput, *rds.StopActivityStreamInput:
		m.commands++
	default:
		m.reads++
	}
	m.recent = append(m.recent, time.Now())
	return nil
}

// sum returns the numbers of reads and commands, and the recent calls per second.
func (m *meter) sum() (reads, commands int, rate float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent = slices.DeleteFunc(m.recent, func(at time.Time) bool { return time.Since(at) > window })
	return m.reads, m.commands, float64(len(m.recent)) / window.Seconds()
}
