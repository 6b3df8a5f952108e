// Package proptest has what the property tests of the service packages share: random numbers,
// failures of calls, and the rules that every Ensure call must keep.
package proptest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Rand generates random numbers for concurrent use.
type Rand struct {
	mu     sync.Mutex
	r      *rand.Rand
	unsent []time.Time // when Failure made a call fail before it was sent
}

// NewDice returns a Rand that generates the same numbers for the same seed.
func NewDice(seed uint64) *Rand {
	return &Rand{r: rand.New(rand.NewPCG(seed, 42))} //nolint:gosec // no secret
}

// IntN returns a number from 0 to n-1.
func (d *Rand) IntN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// Duration returns a duration from 0 to most.
func (d *Rand) Duration(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.r.Int64N(int64(most) + 1))
}

// Percent returns true in p of 100 cases.
func (d *Rand) Percent(p int) bool { return d.IntN(100) < p }

// Pick returns one of from.
func Pick[T any](d *Rand, from ...T) T { return from[d.IntN(len(from))] }

// Failure returns a failure for a call in percent of 100 cases, and otherwise nil. The service may
// also reject the call with one of the codes in refused.
func (d *Rand) Failure(percent int, refused ...string) *simulator.Failure {
	if !d.Percent(percent) {
		return nil
	}
	faults := []simulator.Failure{
		{Code: "ThrottlingException"}, {Code: "ThrottlingException"},
		{Code: "ServiceUnavailable", Status: 503},
		{Drop: true}, {Drop: true},
		{Lost: true}, {Lost: true},
		{Lost: true, Code: "ServiceUnavailable", Status: 503},
		{Lost: true, Status: 502, Body: "<html>"},
		{Hang: true},
		{Hang: true, Lost: true},
		{Status: 502, Body: "<html>"},
		{Delay: 10 * time.Second},
		{Unsent: "dial refused"}, {Unsent: "TLS timeout"},
	}
	for _, code := range refused {
		faults = append(faults, simulator.Failure{Code: code})
	}
	f := Pick(d, faults...)
	if f.Unsent != "" {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.unsent = append(d.unsent, time.Now())
	}
	return &f
}

// unsentSince reports whether Failure made a call fail, at or after an instant, before it was sent.
func (d *Rand) unsentSince(from time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.unsent, func(at time.Time) bool { return !at.Before(from) })
}
