package ingestion_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// way is one of the two Ensure methods, for tests of both.
type way struct {
	ensure        func(context.Context, *ingestion.Client, time.Duration, ...func(*ingestion.Options)) (*ingestion.EnsureOutput, error)
	op            statemachine.Operation
	from, via, to ingestion.Status // statuses before, during and after op
	undone        ingestion.Status // via of the other method
}

func ways() map[string]way {
	return map[string]way{
		"start": {
			ensure: func(ctx context.Context, c *ingestion.Client, d time.Duration, optFns ...func(*ingestion.Options)) (*ingestion.EnsureOutput, error) {
				return c.EnsureStarted(ctx, startIn, d, optFns...)
			},
			op:   ingestion.StartEventDataStoreIngestion,
			from: ingestion.StatusStoppedIngestion, via: ingestion.StatusStartingIngestion, to: ingestion.StatusEnabled,
			undone: ingestion.StatusStoppingIngestion,
		},
		"stop": {
			ensure: func(ctx context.Context, c *ingestion.Client, d time.Duration, optFns ...func(*ingestion.Options)) (*ingestion.EnsureOutput, error) {
				return c.EnsureStopped(ctx, stopIn, d, optFns...)
			},
			op:   ingestion.StopEventDataStoreIngestion,
			from: ingestion.StatusEnabled, via: ingestion.StatusStoppingIngestion, to: ingestion.StatusStoppedIngestion,
			undone: ingestion.StatusStartingIngestion,
		},
	}
}

// both runs a test for both Ensure methods, in virtual time.
func both(t *testing.T, name string, test func(t *testing.T, w way)) {
	t.Helper()
	for which, w := range ways() {
		assert.RunSynctest(t, name+"/"+which, func(t *testing.T) {
			t.Helper()
			test(t, w)
		})
	}
}

// outcome is the result of an Ensure method.
type outcome struct {
	Summary    string           // assert.ErrorSummary of the error
	Status     ingestion.Status // last read
	Operations []string
	Planned    []string
	Took       time.Duration
	Commands   []string // that the server received
}

// runEnsure runs an Ensure method and returns its outcome. It checks what holds for every outcome.
func runEnsure(t *testing.T, s *server, w way, maxWait time.Duration, optFns ...func(*ingestion.Options)) (outcome, error) {
	t.Helper()
	began := time.Now()
	out, err := w.ensure(t.Context(), client(s, optFns...), maxWait)
	if out == nil {
		t.Fatal("nil output")
	}
	o := outcome{
		Summary: assert.ErrorSummary(err), Operations: ops(out.Operations), Planned: ops(out.Planned),
		Took: time.Since(began), Commands: commands(s, began),
	}
	if out.EventDataStore != nil {
		o.Status = out.EventDataStore.Status
	}
	if err == nil && o.Status != w.to {
		t.Errorf("success with status %s", o.Status)
	}
	if err != nil {
		assert.ErrorOneLine(t, err)
		assert.ErrorContains(t, err, storeARN)
		for _, op := range o.Operations {
			if is[*statemachine.WaitError](err) {
				assert.ErrorContains(t, err, op+" accepted")
			}
		}
	}
	return o, err
}

func (w way) accepted(at string) string { return at + " " + string(w.op) + " accepted" }

func TestEnsureWaitsForCreatedStore(t *testing.T) {
	const minute = time.Minute
	both(t, "just created", func(t *testing.T, w way) {
		s := newServer(ingestion.StatusCreated)
		got, _ := runEnsure(t, s, w, time.Hour)
		want := outcome{Status: w.to, Operations: []string{}, Planned: []string{}, Took: minute / 2, Commands: []string{}}
		if w.from == ingestion.StatusEnabled { // in which the store settles
			want.Operations, want.Took, want.Commands = []string{string(w.op)}, minute/2+minute, []string{w.accepted("30s")}
		}
		assert.Equal(t, "outcome", want, got)
	})
}

// TestEnsureRepeatsLostCommandAfterGrace checks that a command is one HTTP request, whatever the
// caller's options are, and that a lost command is sent again only after a read and the grace
// period.
func TestEnsureRepeatsLostCommandAfterGrace(t *testing.T) {
	eager := func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.RetryMaxAttempts = 10 })
	}
	both(t, "request lost", func(t *testing.T, w way) {
		s := newServer(w.from)
		s.Fail(w.op, failure{Drop: true})
		began := time.Now()
		got, _ := runEnsure(t, s, w, time.Hour, eager)
		assert.Equal(t, "outcome", outcome{
			Status: w.to, Operations: []string{string(w.op)}, Planned: []string{}, Took: 2 * time.Minute,
			Commands: []string{"0s " + string(w.op) + " never arrived", w.accepted("1m0s")},
		}, got)
		if n := len(reads(s, began)); n < 31 {
			t.Errorf("only %d reads", n)
		}
	})
}

// TestEnsureFinishesAfterCrash ends the program before and after each single call, and runs it
// again.
func TestEnsureFinishesAfterCrash(t *testing.T) {
	quick := func(o *ingestiontest.Options) { o.Starting, o.Stopping = 11*time.Second, 9*time.Second }
	scenes := map[string]func(w way) *server{
		"the other status":     func(w way) *server { return newServer(w.from, quick) },
		"the other transition": func(w way) *server { return newServer(w.undone, quick) },
		"rejected once": func(w way) *server {
			s := newServer(w.from, quick)
			s.Fail(w.op, failure{Code: "ConflictException"})
			return s
		},
		"stale reads": func(w way) *server {
			s := newServer(w.from, quick)
			time.Sleep(time.Hour)
			s.Stale(storeARN, 5*time.Second)
			return s
		},
	}
	for name, scene := range scenes {
		both(t, name, func(t *testing.T, w way) {
			for _, carriedOut := range []bool{true, false} {
				for dies := 1; ; dies++ {
					s := scene(w)
					ctx, cancel := context.WithCancel(t.Context())
					n, dead := 0, false
					cfg := s.Config()
					cfg.HTTPClient = transport(func(r *http.Request) (*http.Response, error) {
						if n++; n != dies {
							return s.Do(r)
						}
						if dead = true; carriedOut {
							_, _ = s.Do(r)
						}
						cancel()
						return nil, ctx.Err()
					})
					out, err := w.ensure(ctx, ingestion.NewFromConfig(cfg, exact), time.Hour)
					cancel()
					if dead {
						assert.Equal(t, "the reason", "canceled", assert.ErrorSummary(err))
						time.Sleep(7 * time.Second) // until the program runs again
						out, err = w.ensure(t.Context(), client(s), time.Hour)
					}
					if err != nil || out.EventDataStore.Status != w.to || s.Status(storeARN) != w.to {
						t.Fatalf("after call %d: %+v, %v", dies, out, err)
					}
					accepted := 0
					for _, c := range s.Calls() {
						if c.Accepted && c.Operation == w.op {
							accepted++
						}
					}
					assert.Equal(t, fmt.Sprintf("after call %d: accepted", dies), 1, accepted)
					if !dead {
						if dies < 7 {
							t.Errorf("only %d calls", dies)
						}
						break
					}
				}
			}
		})
	}
}

func TestEnsureRejectsOtherCategories(t *testing.T) {
	for _, dry := range []bool{false, true} {
		both(t, fmt.Sprint("dry run ", dry), func(t *testing.T, w way) {
			s := ingestiontest.NewServer()
			s.AddEventDataStore(store{Id: storeID, Status: w.from, Categories: []string{"ActivityAuditLog"}})
			got, err := runEnsure(t, s, w, time.Hour, func(o *ingestion.Options) { o.DryRun = dry })
			assert.Equal(t, "summary", "unsupported", got.Summary)
			assert.Equal(t, "commands", []string{}, got.Commands)
			assert.Equal(t, "duration", 0, got.Took)
			fault := *assert.ErrorAs[*statemachine.Fault](t, err)
			assert.Equal(t, "fault", statemachine.Fault{
				Kind: statemachine.Unsupported, Operation: w.op, Resource: storeARN, NotSent: true,
				Message: "CloudTrail cannot start or stop ingestion of the event categories [ActivityAuditLog]",
			}, fault)
		})
	}
	both(t, "already there", func(t *testing.T, w way) {
		s := ingestiontest.NewServer()
		s.AddEventDataStore(store{Id: storeID, Status: w.to, Categories: []string{"Insight"}})
		if got, err := runEnsure(t, s, w, time.Hour); err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
	for _, category := range []string{"Management", "Data", "NetworkActivity", "ConfigurationItem"} {
		both(t, category, func(t *testing.T, w way) {
			s := ingestiontest.NewServer()
			s.AddEventDataStore(store{Id: storeID, Status: w.from, Categories: []string{category}})
			if got, err := runEnsure(t, s, w, time.Hour); err != nil {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestEnsureReportsDeletedStore(t *testing.T) {
	both(t, "pending deletion", func(t *testing.T, w way) {
		s := newServer(ingestion.StatusPendingDeletion)
		got, err := runEnsure(t, s, w, time.Hour)
		assert.Equal(t, "outcome", outcome{
			Summary: "unreachable", Status: ingestion.StatusPendingDeletion, Operations: []string{}, Planned: []string{}, Commands: []string{},
			Took: time.Minute, // the store may just have been restored
		}, got)
		assert.ErrorContains(t, err, "from PENDING_DELETION", "RestoreEventDataStore", "would lead to "+string(w.to))
		assert.Equal(t, "the plan", ingestion.RestoreEventDataStore, assert.ErrorAs[*statemachine.WaitError](t, err).Plan[0])
	})
	both(t, "deleted on the way", func(t *testing.T, w way) {
		s := newServer(w.from)
		time.AfterFunc(31*time.Second, func() { s.Set(storeARN, ingestion.StatusPendingDeletion) })
		got, err := runEnsure(t, s, w, time.Hour)
		assert.Equal(t, "outcome", outcome{
			Summary: "lapsed", Status: ingestion.StatusPendingDeletion, Operations: []string{string(w.op)}, Planned: []string{},
			Took: 90 * time.Second, Commands: []string{w.accepted("0s")},
		}, got)
		assert.ErrorContains(t, err, "RestoreEventDataStore")
	})
}

// TestEnsureTimesOutBeforeCommand reaches the deadline while the command waits for the pacer.
func TestEnsureTimesOutBeforeCommand(t *testing.T) {
	both(t, "command waits for the pacer", func(t *testing.T, w way) {
		s := newServer(w.from)
		pacer := statemachine.NewPacer(1.0/60, 1)
		_ = pacer.Wait(t.Context())
		got, _ := runEnsure(t, s, w, 45*time.Second, func(o *ingestion.Options) { o.CommandPacer = pacer })
		assert.Equal(t, "outcome", outcome{
			Summary: "timed out", Status: w.from, Operations: []string{}, Planned: []string{}, Took: 45 * time.Second, Commands: []string{},
		}, got)
	})
}

// TestConcurrentEnsuresSendOneCommand runs several Ensure methods for the same target at once.
func TestConcurrentEnsuresSendOneCommand(t *testing.T) {
	both(t, "five at once", func(t *testing.T, w way) {
		s := newServer(w.from, func(o *ingestiontest.Options) {
			o.Latency = func(ingestiontest.Call) time.Duration { return 300 * time.Millisecond }
		})
		errs := make(chan error)
		began := time.Now()
		for range 5 {
			go func() {
				_, err := w.ensure(t.Context(), client(s), time.Hour)
				errs <- err
			}()
		}
		for range 5 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		got := commands(s, began)
		if n := len(slices.DeleteFunc(got, func(c string) bool { return c != w.accepted("300ms") })); n != 1 {
			t.Errorf("%d commands were accepted, want 1", n)
		}
	})
}
