package eventstream_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Ensure beside a random second actor, with random lags and faults: whenever it succeeds, what it was asked for was true at some
// instant between the call and its return, less the lag; no operation is accepted twice; and it ends in time.
func TestEnsureRandom(t *testing.T) {
	const (
		maxLag  = 40 * time.Second // below the grace
		maxWait = 20 * time.Minute
		timeout = 30 * time.Second
	)
	const n = 2000 // fewer do not come to every end
	ended := map[string]int{}
	for seed := range n {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(seed)))
			chance := func(percent int) bool { return r.IntN(100) < percent }
			upTo := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d) + 1)) }
			lag, faults, rivals := time.Duration(0), 0, 0
			if chance(60) {
				lag = upTo(maxLag)
			}
			if chance(60) {
				faults = r.IntN(40)
			}
			if chance(40) {
				rivals = r.IntN(4)
			}
			s := empty(func(o *options) {
				o.StaleFunc = func(string) time.Duration { return upTo(lag) }
				o.Latency = func(call) time.Duration { return upTo(300 * time.Millisecond) }
				o.Intercept = func(call) *failure {
					if !chance(faults) {
						return nil
					}
					return []*failure{
						{Drop: true}, {Lost: true}, {Hang: true}, {Lost: true, Hang: true},
						{Code: "ThrottlingException", Status: 429},
						{Code: "InternalServerException", Status: 500}, {Code: "InternalServerException", Status: 500, Lost: true},
						{Body: "<html>", Lost: true},
						{Delay: 10 * time.Second},
					}[r.IntN(9)]
				}
			})
			rival := func(does int) {
				switch e := example(); does {
				case 0:
					s.Remove(streamARN)
				case 1:
					s.Lapse(streamARN)
				case 2:
					e.Uri = otherURI
					s.AddEventStream(e)
				case 3:
					s.AddEventStream(e)
				}
			}
			s.Stale(streamARN, 0) // it was absent before
			rival(r.IntN(4))
			pass(time.Hour)
			for range rivals {
				does := r.IntN(4) // timers have goroutines of their own
				time.AfterFunc(upTo(2*time.Minute), func() { rival(does) })
			}
			restart := func(o *eventstream.Options) { o.AllowRestart = chance(50) }

			began := time.Now()
			target, want := absent, []statemachine.Operation{opDelete}
			var out *eventstream.EnsureOutput
			var err error
			if chance(60) {
				target, want = runs, []statemachine.Operation{opCreate, opDelete}
				out, err = client(s, restart).EnsureCreated(t.Context(), create(), maxWait)
			} else {
				out, err = client(s).EnsureDeleted(t.Context(), ref(), maxWait)
			}
			took := time.Since(began)
			ended[fmt.Sprintf("%s: %s", target, verdict(err))]++

			if took > maxWait+timeout {
				t.Errorf("seed %d: it took %s", seed, took)
			}
			if err == nil && !was(s.History(streamARN), target, began.Add(-maxLag), time.Now()) {
				t.Errorf("seed %d: it was never %s: %v", seed, target, s.History(streamARN))
			}
			if err == nil && target == runs && out.Stream.Uri != uri {
				t.Errorf("seed %d: it leads to %s", seed, out.Stream.Uri)
			}
			if errors.Is(err, statemachine.ReadFailed) {
				t.Errorf("seed %d: %v", seed, err)
			}
			accepted := map[statemachine.Operation]int{}
			for _, op := range out.Operations {
				accepted[op]++
			}
			for op, n := range accepted {
				if n > 1 {
					t.Errorf("seed %d: %s was accepted %d times", seed, op, n)
				}
			}
			answered := map[statemachine.Operation]int{}
			for _, c := range s.Calls() {
				if c.Accepted && c.Status == 200 && c.Code == "" {
					answered[c.Operation]++
				}
			}
			for _, op := range want {
				if answered[op] > 1 && lag < time.Second && rivals == 0 && faults == 0 {
					t.Errorf("seed %d: %s was carried out %d times: %q", seed, op, answered[op], commands(s, began))
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Log(ended)
	for _, must := range []string{"RUNNING: ", "ABSENT: ", "RUNNING: drifted", "RUNNING: unreachable", "ABSENT: unreachable"} {
		if ended[must] == 0 {
			t.Errorf("no run ended %q: %v", must, ended)
		}
	}
}

// was tells whether a stream was in a state at some instant of an interval, both ends included.
func was(history []eventstreamtest.Sighting, state eventstream.State, from, to time.Time) bool {
	for i, s := range history {
		ends := to.Add(1)
		if i+1 < len(history) {
			ends = history[i+1].At
		}
		if s.State == state && !s.At.After(to) && ends.After(from) {
			return true
		}
	}
	return false
}
