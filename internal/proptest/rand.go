// Package randomtest is what the random tests of the service packages share: dice, what goes
// wrong with a call, and what holds of every ensure, whatever happened around it.
package proptest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Rand are random numbers that many goroutines share.
type Rand struct {
	mu sync.Mutex
	r  *rand.Rand
}

// NewDice makes dice that fall the same way for the same seed.
func NewDice(seed uint64) *Rand {
	return &Rand{r: rand.New(rand.NewPCG(seed, 42))} //nolint:gosec // no secret
}

// IntN is a number from 0 to n-1.
func (d *Rand) IntN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// Duration is a duration from 0 to most.
func (d *Rand) Duration(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.r.Int64N(int64(most) + 1))
}

// Percent is true so many times of a hundred.
func (d *Rand) Percent(p int) bool { return d.IntN(100) < p }

// Pick is one of from.
func Pick[T any](d *Rand, from ...T) T { return from[d.IntN(len(from))] }

// Failure is what goes wrong with a call, so many times of a hundred; else nil: nothing does.
// Refused are the codes with which the service may refuse the call for now, if it can.
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
	}
	for _, code := range refused {
		faults = append(faults, simulator.Failure{Code: code})
	}
	return new(Pick(d, faults...))
}
