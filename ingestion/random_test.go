package ingestion_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/proptest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// interfere lets another actor send a command that the status permits.
func interfere(s *server) {
	status := s.Status(storeARN)
	for _, t := range ingestion.Machine().Transitions() {
		if t.From == status && t.By != "" && t.By != ingestion.DeleteEventDataStore {
			s.Set(storeARN, t.To)
			return
		}
	}
}

// TestRandom runs Wait and Ensure methods with random faults and actors. Their result is true, a
// command is accepted at most once, and the call ends in time.
func TestRandom(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() {
		seeds = 200
	}
	verdicts, sent := map[string]int{}, 0
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			d := proptest.NewDice(seed)
			initial := proptest.Pick(d, ingestion.Machine().States()...)
			lag := proptest.Pick(d, 0, 0, 10*time.Second, 50*time.Second) // less than the grace period
			faults := proptest.Pick(d, 0, 10, 30)
			rivals := proptest.Pick(d, 0, 0, 1, 3)
			s := newServer(ingestion.StatusEnabled, func(o *ingestiontest.Options) {
				o.Transition = func(string, string, string) time.Duration { return time.Second + d.Duration(3*time.Minute) }
				o.Latency = func(ingestiontest.Call) time.Duration { return d.Duration(3 * time.Second) }
				o.StaleFunc = func(string) time.Duration { return d.Duration(lag) }
				o.Intercept = func(c ingestiontest.Call) *failure {
					if c.Operation == get {
						return d.Failure(faults)
					}
					return d.Failure(faults, "ConflictException", "InvalidEventDataStoreStatusException")
				}
			})
			time.Sleep(10 * time.Minute) // so that stale reads have a history
			s.Set(storeARN, initial)
			time.Sleep(d.Duration(2 * time.Minute))
			within := proptest.Pick(d, time.Minute, 5*time.Minute)
			for range rivals {
				defer time.AfterFunc(d.Duration(within), func() { interfere(s) }).Stop()
			}
			if d.Percent(10) {
				s.Lapse(storeARN)
				rivals++
			}
			e := proptest.Call[ingestion.Status]{
				Machine: ingestion.Machine(), Read: get, MaxWait: proptest.Pick(d, 30*time.Second, 5*time.Minute, time.Hour), MaxStaleness: lag, NoRivals: rivals == 0, Rand: d,
			}
			minDelay := proptest.Pick(d, 2*time.Second, 10*time.Second)
			w := ways()[proptest.Pick(d, "start", "stop")]
			e.Target, e.Began = w.to, time.Now()
			options := func(o *ingestion.Options) { o.Wait.MinDelay, o.Wait.OnProgress = minDelay, e.OnProgress }
			out, waits := &ingestion.EnsureOutput{}, d.Percent(30)
			if waits {
				_, e.Err = client(s).Wait(t.Context(), storeARN, w.to, e.MaxWait, options)
			} else {
				e.Allowed = []statemachine.Operation{w.op}
				out, e.Err = w.ensure(t.Context(), client(s), e.MaxWait, options)
			}
			e.Ended, e.Reported, e.History = time.Now(), out.Operations, s.History(storeARN)
			e.Calls = append(e.Calls, s.Calls()...)
			v := assert.ErrorSummary(e.Err)
			verdicts[v]++
			if waits {
				verdicts["wait: "+v]++
			}
			sent += e.Sent()
			for _, wrong := range e.Violations() {
				t.Error(wrong)
			}
			switch {
			case !e.NoRivals || waits || e.Err == nil || initial == ingestion.StatusPendingDeletion:
			case v != "timed out":
				t.Errorf("failed without another actor: %v", e.Err)
			case e.MaxWait == time.Hour && faults <= 10:
				t.Errorf("not finished within an hour: %v", e.Err)
			}
			if t.Failed() {
				t.Fatalf("seed %d: initially %s, reads up to %s old, %d%% faults, %d rivals, %s: %v: %q",
					seed, initial, lag, faults, rivals, e.MaxWait, e.Err, commands(s, e.Began))
			}
		})
	}
	t.Logf("verdicts: %v, %d commands", verdicts, sent)
	for _, must := range []string{"", "timed out", "unreachable", "lapsed"} {
		if verdicts["wait: "+must] == 0 || verdicts[must] == verdicts["wait: "+must] {
			t.Errorf("no wait, or no ensure, ended with %q", must)
		}
	}
	if verdicts[""] < int(seeds)/3 || sent < int(seeds)/5 {
		t.Error("too few successes or commands")
	}
}
