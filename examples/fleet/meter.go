package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

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

// attach makes m count the calls of an RDS client.
func (m *meter) attach(o *rds.Options) { o.Interceptors.AddBeforeTransmit(m) }

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
