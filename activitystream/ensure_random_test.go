package activitystream_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// dice are random numbers that many goroutines share.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, 42))} }

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// upTo is a duration from 0 to most.
func (d *dice) upTo(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.r.Int64N(int64(most) + 1))
}

// percent is true so many times of a hundred.
func (d *dice) percent(p int) bool { return d.n(100) < p }

func pick[T any](d *dice, from ...T) T { return from[d.n(len(from))] }

// fate is what one random test lives through.
type fate struct {
	db      database
	initial activitystream.Status
	lag     time.Duration // of the reads, at most; under the grace
	faults  int           // percent of the calls
	rivals  int           // changes by another actor
	maxWait time.Duration
}

func (f fate) String() string {
	return fmt.Sprintf("%s, at first %s, reads up to %s old, %d%% faults, %d rivals, %s", f.db.arn, f.initial, f.lag, f.faults, f.rivals, f.maxWait)
}

// live makes the world of a fate.
func live(d *dice, f fate) *server {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Transition = func(string, string, string) time.Duration { return time.Second + d.upTo(5*time.Minute) }
		o.Latency = func(activitystreamtest.Call) time.Duration { return d.upTo(3 * time.Second) }
		if f.lag > 0 {
			o.StaleFunc = func(string) time.Duration { return d.upTo(f.lag) }
		}
		o.Intercept = func(c activitystreamtest.Call) *failure {
			if !d.percent(f.faults) {
				return nil
			}
			command := slices.Contains([]statemachine.Operation{opStart, opStop}, c.Operation)
			switch n := d.n(12); {
			case n < 3:
				return &failure{Code: "Throttling"}
			case n < 5:
				return &failure{Code: "ServiceUnavailable", Status: 503}
			case n < 7:
				return &failure{Drop: true}
			case n < 9:
				return &failure{Lost: true}
			case n < 10:
				return &failure{Lost: true, Status: 503, Body: "<html>"}
			case n < 11 && command:
				return &failure{Code: f.db.invalidState}
			case n < 11:
				return &failure{Hang: true}
			default:
				return &failure{Body: "<html>"}
			}
		}
	})
	f.db.add(s, activitystream.StatusStopped)
	return s
}

// rival commands, as RDS lets anybody, whatever is possible.
func rival(s *server, arn string) {
	switch s.Status(arn) {
	case activitystream.StatusStopped:
		s.Set(arn, activitystream.StatusStarting)
	case activitystream.StatusStarted:
		s.Set(arn, activitystream.StatusStopping)
	default:
	}
}

// TestEnsureRandom: whatever the service and others do, an ensure says the truth, commands no more than once and ends in time.
func TestEnsureRandom(t *testing.T) {
	seeds := uint64(2500)
	if testing.Short() {
		seeds = 250
	}
	verdicts := map[string]int{}
	restarted := 0
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			d := newDice(seed)
			f := fate{
				db:      databases()[pick(d, "cluster", "instance")],
				initial: pick(d, activitystream.Machine().States()...),
				lag:     pick(d, 0, 0, 10*time.Second, 50*time.Second),
				faults:  pick(d, 0, 10, 30),
				rivals:  pick(d, 0, 0, 1, 3),
				maxWait: pick(d, 30*time.Second, 5*time.Minute, time.Hour),
			}
			s := live(d, f)
			pass(10 * time.Minute) // so that there is a past to read
			s.Set(f.db.arn, f.initial)
			pass(d.upTo(2 * time.Minute))
			for range f.rivals {
				defer time.AfterFunc(d.upTo(10*time.Minute), func() { rival(s, f.db.arn) }).Stop()
			}
			if d.percent(10) {
				s.Lapse(f.db.arn)
				f.rivals++ // it is one
			}
			minDelay := pick(d, 5*time.Second, 20*time.Second)
			c := client(s, func(o *activitystream.Options) { o.Wait.MinDelay = minDelay })
			target, op := activitystream.StatusStarted, statemachine.Operation(opStart)
			began := time.Now()
			var out *activitystream.EnsureOutput
			var err error
			if d.percent(50) {
				in := start(f.db.arn)
				in.KmsKeyId = "alias/audit" // a rival has a key of its own, which is not the matter here
				out, err = c.EnsureStarted(t.Context(), in, f.maxWait)
			} else {
				target, op = activitystream.StatusStopped, opStop
				out, err = c.EnsureStopped(t.Context(), stop(f.db.arn), f.maxWait)
			}
			ended := time.Now()
			verdicts[verdict(err)]++

			if took := ended.Sub(began); took > f.maxWait+30*time.Second {
				t.Errorf("it took %s of %s", took, f.maxWait)
			}
			if err == nil && !wasTrue(s.History(f.db.arn), target, began.Add(-f.lag), ended) {
				t.Errorf("success, but it never was %s: %v", target, s.History(f.db.arn))
			}
			if f.rivals == 0 {
				switch v := verdict(err); {
				case v == "", v == "timed out":
				default:
					t.Errorf("nobody else was there, and still: %v", err)
				}
				if err != nil && f.maxWait == time.Hour && f.faults <= 10 {
					t.Errorf("an hour was not enough: %v", err)
				}
			}
			var accepted, lost int
			var last time.Time
			for _, call := range s.Calls() {
				if call.Operation != opStart && call.Operation != opStop {
					continue
				}
				if call.Operation != op {
					t.Errorf("%s to get it %s", call.Operation, target)
				}
				// What answered as a failure, though it was carried out, may be sent again when no read can be old any more.
				if !last.IsZero() && call.At.Sub(last) < time.Minute {
					t.Errorf("%s %s after one that may have been carried out", call.Operation, call.At.Sub(last))
				}
				unsure := call.Status == 0 || call.Status >= 500 || call.Status == 200 && !call.Accepted
				switch {
				case unsure:
					last = call.At
					lost++
				case call.Accepted:
					accepted++
				}
			}
			if accepted > 1 {
				t.Errorf("%s was accepted %d times", op, accepted)
			}
			if lost == 0 && accepted != len(out.Operations) {
				t.Errorf("accepted %d times, and the output says %v", accepted, out.Operations)
			}
			restarted += accepted
			if t.Failed() {
				t.Fatalf("seed %d: %v: %v", seed, f, err)
			}
		})
	}
	t.Logf("verdicts: %v, %d commands", verdicts, restarted)
	if verdicts[""] < int(seeds)/3 || verdicts["timed out"] == 0 || verdicts["lapsed"] == 0 || restarted < int(seeds)/5 {
		t.Error("the test does not reach what it is about")
	}
}

// TestWaitRandom: reads of up to 40 s ago never end a good wait, nor do failures that heal.
func TestWaitRandom(t *testing.T) {
	seeds := uint64(2500)
	if testing.Short() {
		seeds = 250
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			d := newDice(seed)
			f := fate{
				db: databases()[pick(d, "cluster", "instance")], lag: 40 * time.Second, faults: pick(d, 0, 5),
			}
			s := live(d, f)
			pass(time.Minute)
			target := activitystream.StatusStarted
			if d.percent(50) {
				target = activitystream.StatusStopped
				s.Set(f.db.arn, activitystream.StatusStarted)
				pass(d.upTo(2 * time.Minute))
				s.Set(f.db.arn, activitystream.StatusStopping)
			} else {
				s.Set(f.db.arn, activitystream.StatusStarting)
			}
			began := time.Now()
			got, err := client(s, func(o *activitystream.Options) {
				o.Wait.MinDelay = pick(d, 2*time.Second, 15*time.Second, 30*time.Second)
			}).Wait(t.Context(), f.db.arn, target, time.Hour)
			if err != nil || got.Status != target {
				t.Fatalf("seed %d: %v after %s: %v, history %v", seed, f, time.Since(began), err, s.History(f.db.arn))
			}
			if !wasTrue(s.History(f.db.arn), target, began.Add(-f.lag), time.Now()) {
				t.Fatalf("seed %d: success, but it never was %s", seed, target)
			}
		})
	}
}
