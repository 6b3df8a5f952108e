package activitystream_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/proptest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// fate is what one random test lives through.
type fate struct {
	db      database
	initial activitystream.Status
	lag     time.Duration // of the reads, at most; under the grace
	faults  int           // percent of the calls
	rivals  int           // changes by another actor
	others  int           // how often the ARN gets to another database
	maxWait time.Duration
}

func (f fate) String() string {
	return fmt.Sprintf("%s, at first %s, reads up to %s old, %d%% faults, %d rivals, %d others, %s", f.db.arn, f.initial, f.lag, f.faults, f.rivals, f.others, f.maxWait)
}

// live makes the world of a fate.
func live(d *proptest.Rand, f fate) *server {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Transition = func(string, string, string) time.Duration { return time.Second + d.Duration(5*time.Minute) }
		o.Latency = func(activitystreamtest.Call) time.Duration { return d.Duration(3 * time.Second) }
		if f.lag > 0 {
			o.StaleFunc = func(string) time.Duration { return d.Duration(f.lag) }
		}
		o.Intercept = func(c activitystreamtest.Call) *failure {
			if c.Operation == opStart || c.Operation == opStop {
				return d.Failure(f.faults, f.db.invalidState)
			}
			return d.Failure(f.faults)
		}
	})
	f.db.add(s, activitystream.StatusStopped)
	return s
}

// rival sends random commands that RDS permits, as another actor.
func rival(s *server, arn string) {
	switch s.Status(arn) {
	case activitystream.StatusStopped:
		s.Set(arn, activitystream.StatusStarting)
	case activitystream.StatusStarted:
		s.Set(arn, activitystream.StatusStopping)
	default:
	}
}

// intervene makes other actors do in the next minutes what is in a fate. The function that it
// returns stops them, and returns when the ARN got to another database.
func intervene(d *proptest.Rand, s *server, f fate) (stop func() []time.Time) {
	var timers []*time.Timer
	var replaced []time.Time
	var mu sync.Mutex
	within := proptest.Pick(d, time.Minute, 10*time.Minute)
	after := func(do func()) { timers = append(timers, time.AfterFunc(d.Duration(within), do)) }
	for range f.rivals {
		after(func() { rival(s, f.db.arn) })
	}
	for range f.others {
		id, status := fmt.Sprintf("other-%d", d.IntN(1e9)), proptest.Pick(d, activitystream.Machine().States()...)
		after(func() {
			s.Switchover(f.db.arn, id, status)
			mu.Lock()
			defer mu.Unlock()
			replaced = append(replaced, time.Now())
		})
	}
	return func() []time.Time {
		for _, t := range timers {
			t.Stop()
		}
		mu.Lock()
		defer mu.Unlock()
		return replaced
	}
}

// randomSeeds returns the number of random worlds. With the race detector there are fewer, because
// it makes them five times slower and each world runs its calls one after the other.
func randomSeeds() uint64 {
	if testing.Short() || assert.Race {
		return 250
	}
	return 2500
}

// TestRandom checks that, whatever RDS and other actors do, a wait or an Ensure call is truthful,
// commands no more than once and ends in time.
func TestRandom(t *testing.T) {
	seeds := randomSeeds()
	verdicts := map[string]int{}
	sent := 0
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			d := proptest.NewDice(seed)
			f := fate{
				db:      databases()[proptest.Pick(d, "cluster", "instance")],
				initial: proptest.Pick(d, activitystream.Machine().States()...),
				lag:     proptest.Pick(d, 0, 10*time.Second, 50*time.Second, 50*time.Second),
				faults:  proptest.Pick(d, 0, 10, 30),
				rivals:  proptest.Pick(d, 0, 0, 1, 3, 3),
				others:  proptest.Pick(d, 0, 0, 0, 1, 2),
				maxWait: proptest.Pick(d, 30*time.Second, 5*time.Minute, time.Hour),
			}
			s := live(d, f)
			pass(10 * time.Minute) // so that there is a past to read
			s.Set(f.db.arn, f.initial)
			pass(d.Duration(2 * time.Minute))
			stopOthers := intervene(d, s, f)
			if d.Percent(10) {
				s.Lapse(f.db.arn)
				f.rivals++ // it is one
			}
			minDelay := proptest.Pick(d, 5*time.Second, 20*time.Second)
			c := client(s, func(o *activitystream.Options) { o.Wait.MinDelay = minDelay })
			e := proptest.Call[activitystream.Status]{
				Machine: activitystream.Machine(), Read: f.db.describe, MaxWait: f.maxWait, MaxStaleness: f.lag, NoRivals: f.rivals+f.others == 0, Rand: d, Began: time.Now(),
			}
			onProgress := func(o *activitystream.Options) { o.Wait.OnProgress = e.OnProgress }
			e.Target = proptest.Pick(d, activitystream.StatusStarted, activitystream.StatusStopped)
			waits := d.Percent(30)
			var out *activitystream.EnsureOutput
			switch {
			case waits:
				out = &activitystream.EnsureOutput{}
				out.Stream, e.Err = c.Wait(t.Context(), f.db.arn, e.Target, f.maxWait, onProgress)
			case e.Target == activitystream.StatusStarted:
				e.Allowed = []statemachine.Operation{opStart}
				in := start(f.db.arn)
				in.KmsKeyId = "alias/audit" // not the key of the other actors, which this test does not need
				out, e.Err = c.EnsureStarted(t.Context(), in, f.maxWait, onProgress)
			default:
				e.Allowed = []statemachine.Operation{opStop}
				out, e.Err = c.EnsureStopped(t.Context(), stop(f.db.arn), f.maxWait, onProgress)
			}
			e.Ended, e.Reported, e.History = time.Now(), out.Operations, s.History(f.db.arn)
			if w, ok := errors.AsType[*statemachine.WaitError](e.Err); ok { // without the events that follow the verdict
				e.Ended = e.Began.Add(w.Elapsed)
			}
			e.Calls, e.Replaced = append(e.Calls, s.Calls()...), stopOthers()
			v := assert.ErrorSummary(e.Err)
			verdicts[v]++
			if waits {
				verdicts["wait: "+v]++
			}
			sent += e.Sent()
			for _, wrong := range e.Violations() {
				t.Error(wrong)
			}
			if e.NoRivals && !waits && v != "" && v != "timed out" {
				t.Errorf("without another actor: %v", e.Err)
			}
			if e.NoRivals && !waits && e.Err != nil && f.maxWait == time.Hour && f.faults <= 10 {
				t.Errorf("an hour was not enough: %v", e.Err)
			}
			if t.Failed() {
				t.Fatalf("seed %d: %v: %v", seed, f, e.Err)
			}
		})
	}
	t.Logf("verdicts: %v, %d commands", verdicts, sent)
	for _, must := range []string{"", "timed out", "unreachable", "lapsed", "replaced"} {
		if seeds < 2500 {
			break // too few
		}
		if verdicts["wait: "+must] == 0 || verdicts[must] == verdicts["wait: "+must] && must != "unreachable" { // hardly any ensure ends as unreachable
			t.Errorf("no wait, or no ensure, ended with %q", must)
		}
	}
	if verdicts[""] < int(seeds)/3 || sent < int(seeds)/5 {
		t.Error("too few successes or commands")
	}
}

// TestWaitRandom checks that stale reads of up to 40 s ago and retryable failures never end a good
// wait.
func TestWaitRandom(t *testing.T) {
	seeds := randomSeeds()
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			d := proptest.NewDice(seed)
			f := fate{
				db: databases()[proptest.Pick(d, "cluster", "instance")], lag: 40 * time.Second, faults: proptest.Pick(d, 0, 5),
			}
			s := live(d, f)
			pass(time.Minute)
			target := activitystream.StatusStarted
			if d.Percent(50) {
				target = activitystream.StatusStopped
				s.Set(f.db.arn, activitystream.StatusStarted)
				pass(d.Duration(2 * time.Minute))
				s.Set(f.db.arn, activitystream.StatusStopping)
			} else {
				s.Set(f.db.arn, activitystream.StatusStarting)
			}
			began := time.Now()
			got, err := client(s, func(o *activitystream.Options) {
				o.Wait.MinDelay = proptest.Pick(d, 2*time.Second, 15*time.Second, 30*time.Second)
			}).Wait(t.Context(), f.db.arn, target, time.Hour)
			if err != nil || got.Status != target {
				t.Fatalf("seed %d: %v after %s: %v, history %v", seed, f, time.Since(began), err, s.History(f.db.arn))
			}
			if !proptest.WasInState(s.History(f.db.arn), target, began.Add(-f.lag), time.Now()) {
				t.Fatalf("seed %d: success, but it never was %s", seed, target)
			}
		})
	}
}
