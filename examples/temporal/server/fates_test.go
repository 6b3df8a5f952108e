//go:build server

package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// faultInjector decides what goes wrong with the calls.
type faultInjector struct {
	kill func() // all workers

	mu     sync.Mutex
	rng    *rand.Rand
	starts int
	lost   int
}

func newFates(seed uint64) *faultInjector { return &faultInjector{rng: rand.New(rand.NewPCG(seed, 2))} }

// options are those of each account's server.
func (f *faultInjector) options(o *activitystreamtest.Options) {
	o.Starting = 4 * time.Second
	o.Intercept = f.intercept
}

// intercept loses the answers of some starts: in an error of the connection, or with the worker that waits for it.
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
		return &activitystreamtest.Failure{Lost: true, Delay: 2 * time.Second} // it is carried out; nobody will hear the answer
	}
	return nil
}
