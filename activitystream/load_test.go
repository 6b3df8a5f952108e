package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// load is many callers on one client, behind RDS's quota.
type load struct {
	*server

	client *activitystream.Client
	arns   []string
	begin  time.Time
}

// newLoad returns a client and n clusters.
func newLoad(n int, status activitystream.Status, optFns ...func(*activitystreamtest.Options)) *load {
	s := activitystreamtest.NewServer(append([]func(*activitystreamtest.Options){func(o *activitystreamtest.Options) { o.Latency = latency }}, optFns...)...)
	s.Throttle(quotaBurst, quotaPerSecond)
	l := &load{server: s, client: client(s), begin: time.Now()}
	for range n {
		l.arns = append(l.arns, s.AddCluster(activitystreamtest.Cluster{Status: status, KmsKeyId: keyID}))
	}
	return l
}

// singly calls f for each cluster, in a goroutine for each, and returns the errors as one.
func (l *load) singly(f func(arn string) error) error {
	errs := make([]error, len(l.arns))
	var wg sync.WaitGroup
	for i, arn := range l.arns {
		wg.Go(func() { errs[i] = f(arn) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// count returns how many calls there were from the time from on, by operation and error code.
func (l *load) count(from time.Time) map[string]int {
	n := map[string]int{}
	for _, c := range l.Calls() {
		if c.At.Before(from) {
			continue
		}
		n["all"]++
		n[string(c.Operation)]++
		n[c.Code]++
	}
	return n
}

// figure logs what a row of the table of docs/quotas.md came to.
func (l *load) figure(t *testing.T, what string) {
	t.Helper()
	n := l.count(l.begin)
	t.Logf("%-60s %6d calls, %d throttled, %s", what, n["all"], n["Throttling"], time.Since(l.begin).Round(100*time.Millisecond))
}

// TestLoadSingleEnsures checks that single calls cost about as much as one call for all.
func TestLoadSingleEnsures(t *testing.T) {
	sizes := []int{200, 600}
	if assert.Race {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		assert.RunSynctest(t, fmt.Sprint(n), func(t *testing.T) {
			each := newLoad(n, activitystream.StatusStopped)
			var ins []*activitystream.StartInput
			for _, arn := range each.arns {
				ins = append(ins, start(arn))
			}
			assert.Equal(t, "error of the Each method", nil, statemachine.Failures(each.client.EnsureStartedEach(t.Context(), ins, time.Hour)))
			each.figure(t, fmt.Sprintf("EnsureStartedEach of %d", n))
			took := time.Since(each.begin)

			l := newLoad(n, activitystream.StatusStopped)
			assert.Equal(t, "error", nil, l.singly(func(arn string) error {
				_, err := l.client.EnsureStarted(t.Context(), start(arn), time.Hour)
				return err
			}))
			l.figure(t, fmt.Sprintf("%d EnsureStarted at once", n))
			got, want := l.count(l.begin), each.count(each.begin)
			const alone = 60 // the first and the last reads, which find slots free
			if got["all"] > max(want["all"]*12/10, want["all"]+alone) || time.Since(l.begin) > took*12/10 {
				t.Errorf("%d calls in %s; together %d in %s", got["all"], time.Since(l.begin), want["all"], took)
			}
			assert.Equal(t, "questions about classes", (n+99)/100, got[string(describeInstances)])
			assert.Equal(t, "questions about modes", 1, got[string(describeOrderable)])
			assert.Equal(t, "throttled", 0, got["Throttling"])
		})
	}
}

func TestLoadSweepsOfGets(t *testing.T) {
	assert.RunSynctest(t, "three sweeps of 200", func(t *testing.T) {
		l := newLoad(200, activitystream.StatusStarted)
		for range 3 {
			assert.Equal(t, "error", nil, l.singly(func(arn string) error {
				_, err := l.client.Get(t.Context(), arn)
				return err
			}))
		}
		l.figure(t, "three sweeps of 200 Get")
		if n := l.count(l.begin)["all"]; n > 60 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestLoadOneMoreCall checks that a call that follows many others is not delayed by them.
func TestLoadOneMoreCall(t *testing.T) {
	for _, tt := range []struct {
		why    string
		crowd  func(t *testing.T, l *load)
		within time.Duration
	}{
		{"5,000 waits that give up after a second", func(t *testing.T, l *load) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var wg sync.WaitGroup
			n := 5000
			if assert.Race {
				n = 500
			}
			for i := range n {
				wg.Go(func() { _, _ = l.client.Wait(ctx, l.arns[i%50], activitystream.StatusStarted, time.Hour) })
			}
			wg.Wait()
		}, 200 * time.Millisecond},
		{"3,000 Get in 30 s", func(t *testing.T, l *load) {
			t.Helper()
			for i := range 3000 {
				go func() { _, _ = l.client.Get(t.Context(), l.arns[i%50]) }()
				time.Sleep(10 * time.Millisecond)
			}
		}, time.Second},
	} {
		assert.RunSynctest(t, tt.why, func(t *testing.T) {
			l := newLoad(51, activitystream.StatusStopped)
			tt.crowd(t, l)
			began := time.Now()
			var first time.Duration
			_, err := l.client.EnsureStarted(t.Context(), start(l.arns[50]), time.Hour, func(o *activitystream.Options) {
				o.Wait.OnRead = func(r statemachine.Reading) {
					if r.Reads == 1 {
						first = time.Since(began)
					}
				}
			})
			assert.Equal(t, "error", nil, err)
			t.Logf("%-60s first read of the next call after %s", tt.why, first)
			if first > tt.within+302*time.Millisecond {
				t.Errorf("the first read took %s", first)
			}
		})
	}
}

func TestLoadWatchNextToWaits(t *testing.T) {
	waits := 600
	if assert.Race {
		waits = 200
	}
	assert.RunSynctest(t, "waits", func(t *testing.T) {
		l := newLoad(waits, activitystream.StatusStarting, func(o *activitystreamtest.Options) {
			o.Transition = func(string, string, string) time.Duration { return 20 * time.Minute }
		})
		var watched []string
		for range 100 {
			watched = append(watched, l.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted}))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = l.singly(func(arn string) error {
				_, err := l.client.Wait(ctx, arn, activitystream.StatusStarted, time.Hour)
				return err
			})
		})
		time.AfterFunc(5*time.Minute+7*time.Second, func() { l.Set(watched[42], activitystream.StatusStopped) })
		for arn, r := range l.client.WatchEach(ctx, watched) {
			if arn == watched[42] && r.Err == nil && r.Value.Status == activitystream.StatusStopped {
				break
			}
		}
		lag := time.Since(l.begin) - 5*time.Minute - 7*time.Second
		t.Logf("%-60s a stop is reported after %s", fmt.Sprintf("WatchEach next to %d Wait", waits), lag)
		if lag > time.Minute {
			t.Errorf("a stop was reported after %s", lag)
		}
		cancel()
		wg.Wait()
	})
}

func TestLoadOneDeadline(t *testing.T) {
	assert.RunSynctest(t, "4,000 waits", func(t *testing.T) {
		n := 4000
		if assert.Race {
			n = 400
		}
		l := newLoad(n, activitystream.StatusStarting, func(o *activitystreamtest.Options) {
			o.Transition = func(string, string, string) time.Duration { return 39 * time.Second }
		})
		assert.Equal(t, "error", nil, l.singly(func(arn string) error {
			_, err := l.client.Wait(t.Context(), arn, activitystream.StatusStarted, 40*time.Second)
			return err
		}))
		l.figure(t, "4,000 Wait that end at one deadline")
		last := l.count(l.begin.Add(40 * time.Second))
		if last["all"] > 80 || last["Throttling"] > 0 {
			t.Errorf("calls at the deadline: %v", last)
		}
	})
}

func TestLoadCommandsThatHang(t *testing.T) {
	assert.RunSynctest(t, "60 of 160", func(t *testing.T) {
		const takes = 3*time.Minute + 7*time.Second
		l := newLoad(160, activitystream.StatusStarting, func(o *activitystreamtest.Options) { o.Starting = takes })
		var ins []*activitystream.StartInput
		for i, arn := range l.arns {
			if i >= 100 {
				l.Set(arn, activitystream.StatusStopped)
				l.Fail(activitystream.StartActivityStream, failure{Resource: arn, Hang: true, Times: -1})
			}
			ins = append(ins, start(arn))
		}
		var lag time.Duration
		for _, r := range l.client.EnsureStartedEach(t.Context(), ins, 10*time.Minute) {
			if r.Index < 100 {
				assert.Equal(t, "error", nil, r.Err)
				lag = max(lag, time.Since(l.begin)-takes)
			}
		}
		t.Logf("%-60s lag of the others %s", "60 commands that hang next to 100 that only read", lag)
		if lag > 5*time.Second+400*time.Millisecond {
			t.Errorf("lag %s", lag)
		}
	})
}

// TestLoadQuestionsDown checks that a failure of the question about support delays no start for
// long, and that no caller waits for the question of another version.
func TestLoadQuestionsDown(t *testing.T) {
	for why, f := range map[string]failure{"503": {Status: 503, Times: -1}, "hangs": {Hang: true, Times: -1}} {
		for _, op := range []statemachine.Operation{describeInstances, describeOrderable} {
			assert.RunSynctest(t, string(op)+" "+why, func(t *testing.T) {
				l := newLoad(50, activitystream.StatusStopped)
				l.Fail(op, f)
				assert.Equal(t, "error", nil, l.singly(func(arn string) error {
					_, err := l.client.EnsureStarted(t.Context(), start(arn), time.Hour)
					return err
				}))
				l.figure(t, fmt.Sprintf("50 EnsureStarted while %s fails (%s)", op, why))
				if took := time.Since(l.begin); took > 3*time.Minute {
					t.Errorf("took %s", took)
				}
				if n := l.count(l.begin)[string(op)]; n > 2 {
					t.Errorf("%d questions", n)
				}
			})
		}
	}
	assert.RunSynctest(t, "one version hangs", func(t *testing.T) {
		l := newLoad(20, activitystream.StatusStopped)
		l.Fail(describeOrderable, failure{Hang: true})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := l.client.EnsureStarted(t.Context(), start(l.AddInstance(activitystreamtest.Instance{Identifier: "slow"})), time.Hour)
			assert.Equal(t, "error of the one that hangs", nil, err)
		})
		time.Sleep(time.Second)
		assert.Equal(t, "error", nil, l.singly(func(arn string) error {
			_, err := l.client.EnsureStarted(t.Context(), start(arn), time.Hour)
			return err
		}))
		for i, c := range l.Calls() {
			if c.Operation == activitystream.StartActivityStream && c.At.Sub(l.begin) > 6*time.Second && !strings.HasSuffix(c.Resource, ":db:slow") {
				t.Errorf("call %d, %s, was sent after %s", i, c.Resource, c.At.Sub(l.begin))
			}
		}
		wg.Wait()
	})
}

// TestLoadDryRuns checks that each question is asked once in five minutes, whatever the number of
// calls.
func TestLoadDryRuns(t *testing.T) {
	assert.RunSynctest(t, "200", func(t *testing.T) {
		l := newLoad(200, activitystream.StatusStopped)
		dry := func(arn string) error {
			out, err := l.client.EnsureStarted(t.Context(), start(arn), time.Hour, func(o *activitystream.Options) { o.DryRun = true })
			if len(out.Planned) != 1 {
				t.Errorf("%s: planned %v", arn, out.Planned)
			}
			return err
		}
		for _, wait := range []time.Duration{0, 4 * time.Minute, 2 * time.Minute} {
			time.Sleep(wait)
			assert.Equal(t, "error", nil, l.singly(dry))
		}
		l.figure(t, "three dry runs of 200 EnsureStarted in 6 minutes")
		n := l.count(l.begin)
		assert.Equal(t, "questions about classes", 2*2, n[string(describeInstances)])
		assert.Equal(t, "questions about modes", 2*1, n[string(describeOrderable)])
	})
}
