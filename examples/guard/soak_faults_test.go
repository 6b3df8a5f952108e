package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// dice derive random numbers from a seed, an instant and a question. The order in which goroutines
// run does not matter, so a seed always gives the same soak.
type dice uint64

// about returns a source of random numbers for a question.
func (d dice) about(at time.Time, what ...string) *rand.Rand {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(at.UnixNano()))
	_, _ = h.Write(b[:])
	for _, s := range what {
		_, _ = h.Write([]byte(s))
		_, _ = h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(uint64(d), h.Sum64()))
}

// between returns a time from least to most, to the nanosecond, so that no two events happen at
// the same instant.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}

// jitter returns a Jitter of a tenth in either direction, as the default. It depends on name, so
// that two waits after a common pause do not stay in step.
func (d dice) jitter(name string) func(time.Duration) time.Duration {
	return func(delay time.Duration) time.Duration {
		return between(d.about(time.Now(), "jitter", name), delay-delay/10, delay+delay/10+1)
	}
}

// The faults, as the table names them.
const (
	throttled = "throttled"
	failing   = "5xx"
	reset     = "connection reset"
	lost      = "executed, response lost"
	late      = "response late, within the timeout"
	tooLate   = "response later than the timeout"
	hung      = "no response"
	denied    = "access denied"
	oldRead   = "stale read"

	outOfOrder = "storm: a service that fails for a while"
	stepBack   = "clock step backward"
	stepForth  = "clock step forward"
)

// share is the share of calls to which something happens.
type share struct {
	what string
	of   float64
}

var (
	readShares = []share{
		{throttled, .004}, {failing, .004}, {reset, .003}, {late, .002}, {tooLate, .001}, {hung, .001}, {denied, .0002},
	}
	commandShares = []share{
		{throttled, .04}, {failing, .04}, {reset, .03}, {lost, .05}, {late, .02}, {tooLate, .02}, {hung, .01}, {denied, .01},
	}
	storms = []string{throttled, failing, reset, denied}
)

// The delays of slow responses and the age of stale reads. A stale read is recent enough for the
// grace period of 1 minute.
const (
	readTimeout = 30 * time.Second // the library's
	lateBy      = 20 * time.Second
	tooLateBy   = 45 * time.Second
	oldest      = 18 * time.Second
	stormy      = .95 // of the calls in a storm
	oldShare    = .1  // of the reads
)

// service is one of the three services: its error codes and its storms.
type service struct {
	name                    string
	throttling, accessError string // codes
	commands                map[string]bool
	storms                  []storm
}

// storm is a time in which most calls to a service fail.
type storm struct {
	from, to time.Time
	what     string
}

// during returns the fault of the storm at an instant, or "".
func (s *service) during(at time.Time) string {
	for _, st := range s.storms {
		if !at.Before(st.from) && at.Before(st.to) {
			return st.what
		}
	}
	return ""
}

// stormy reports whether there was a storm between two instants.
func (s *service) stormy(from, to time.Time) bool {
	for _, st := range s.storms {
		if st.from.Before(to) && st.to.After(from) {
			return true
		}
	}
	return false
}

// fate returns the fault of a call, or "".
func (w *soak) fate(s *service, c activitystreamtest.Call) string {
	if !c.At.Before(w.calm) {
		return ""
	}
	r := w.dice.about(c.At, "fate", string(c.Operation), c.Resource)
	if what := s.during(c.At); what != "" && r.Float64() < stormy {
		return what
	}
	shares := readShares
	if s.commands[string(c.Operation)] {
		shares = commandShares
	}
	for x := r.Float64(); len(shares) > 0; shares = shares[1:] {
		if x -= shares[0].of; x < 0 {
			return shares[0].what
		}
	}
	return ""
}

// failure returns the Failure for a fault.
func (s *service) failure(fate string) *activitystreamtest.Failure {
	switch fate {
	case throttled:
		return &activitystreamtest.Failure{Code: s.throttling, Message: "Rate exceeded"}
	case failing:
		return &activitystreamtest.Failure{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable}
	case reset:
		return &activitystreamtest.Failure{Drop: true}
	case lost:
		return &activitystreamtest.Failure{Lost: true}
	case late:
		return &activitystreamtest.Failure{Delay: lateBy}
	case tooLate:
		return &activitystreamtest.Failure{Delay: tooLateBy}
	case hung:
		return &activitystreamtest.Failure{Hang: true}
	case denied:
		return &activitystreamtest.Failure{Code: s.accessError, Status: http.StatusForbidden, Message: "not authorized"}
	}
	return nil
}

// intercept injects the faults, as the Intercept option of the simulators.
func (w *soak) intercept(s *service, c activitystreamtest.Call) *activitystreamtest.Failure {
	fate := w.fate(s, c)
	w.tally.add("faults", fate)
	if fate == denied {
		w.denials.Store(c.Resource, c.At)
	}
	if s.commands[string(c.Operation)] {
		w.ordered(c, fate)
	}
	return s.failure(fate)
}

// latency returns the latency of a response. It is the first to see whether a command was
// accepted.
func (w *soak) latency(s *service, c activitystreamtest.Call) time.Duration {
	if c.Accepted && s.commands[string(c.Operation)] {
		w.accepted(c)
	}
	return between(w.dice.about(c.At, "latency", string(c.Operation), c.Resource), 20*time.Millisecond, 300*time.Millisecond)
}

// staleness returns the age of what a read shows.
func (w *soak) staleness(resource string) time.Duration {
	now := time.Now()
	if !now.Before(w.calm) {
		return 0
	}
	r := w.dice.about(now, "stale", resource)
	if r.Float64() >= oldShare {
		return 0
	}
	w.tally.add("faults", oldRead)
	return between(r, time.Second, oldest)
}

// pace returns the time of a transition.
func (w *soak) pace(resource, from, to string) time.Duration {
	return between(w.dice.about(time.Now(), "pace", resource, from, to), 20*time.Second, 6*time.Minute)
}

// line is the connection to a service. It delays the calls of each caller differently, so that no
// two calls arrive at the same instant, even after a common pause of their pacer. Their order
// would be random.
type line struct {
	aws.HTTPClient

	dice dice
}

type callerKey struct{}

// calls marks the calls of a context as those of one caller.
func calls(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller+time.Now().String())
}

func (l line) Do(r *http.Request) (*http.Response, error) {
	if caller, ok := r.Context().Value(callerKey{}).(string); ok {
		if form := formOf(r); strings.Contains(form, "Filters") { // which of several callers reads for all is random
			caller = form
		}
		time.Sleep(between(l.dice.about(time.Now(), "line", caller), 0, 40*time.Millisecond))
	}
	return l.HTTPClient.Do(r)
}

// formOf returns the body of a request, which can be read again.
func formOf(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	body, _ := io.ReadAll(r.Body) // of a buffer
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}

// config returns the configuration of a simulator with a line to it.
func (w *soak) config(c aws.Config) aws.Config {
	c.HTTPClient = line{HTTPClient: c.HTTPClient, dice: w.dice}
	return c
}

// tally has the counts of a soak.
type tally struct {
	mu sync.Mutex
	of map[string]map[string]int // by sort, and what
}

// add counts one event.
func (t *tally) add(sort, what string) {
	if what == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]map[string]int{}
	}
	if t.of[sort] == nil {
		t.of[sort] = map[string]int{}
	}
	t.of[sort][what]++
}
