//go:build server

package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// faultInjector decides which calls fail.
type faultInjector struct {
	kill func() // all workers

	mu     sync.Mutex
	rng    *rand.Rand
	starts int
	lost   int
}

// newFaultInjector returns a faultInjector for a seed.
func newFaultInjector(seed uint64) *faultInjector {
	return &faultInjector{rng: rand.New(rand.NewPCG(seed, 2))}
}

// options sets the options of each account's server.
func (f *faultInjector) options(o *activitystreamtest.Options) {
	o.Starting = 4 * time.Second
	o.Intercept = f.intercept
}

// intercept loses the responses of some starts: by a connection error, or together with the worker
// that waits for the response.
func (f *faultInjector) intercept(c activitystreamtest.Call) *activitystreamtest.Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.Operation != activitystream.StartActivityStream {
		if f.rng.IntN(20) == 0 {
			return &activitystreamtest.Failure{Code: "InternalFailure", Status: 500}
		}
		return nil
	}
	f.starts++
	switch f.starts % 10 {
	case 3:
		f.lost++
		return &activitystreamtest.Failure{Lost: true}
	case 7:
		f.lost++
		time.AfterFunc(300*time.Millisecond, f.kill)
		return &activitystreamtest.Failure{Lost: true, Delay: 2 * time.Second} // executed, but no worker gets the response
	}
	return nil
}
