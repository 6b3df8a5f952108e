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
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// way is one of the two ways, for tests that make sense for both.
type way struct {
	ensure        func(context.Context, *ingestion.Client, time.Duration, ...func(*ingestion.Options)) (*ingestion.EnsureOutput, error)
	op            statemachine.Operation
	from, via, to ingestion.Status // op's way
	undone        ingestion.Status // the other way's via
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

// both runs a test of an ensure, in virtual time, for both ways.
func both(t *testing.T, name string, test func(t *testing.T, w way)) {
	t.Helper()
	for which, w := range ways() {
		bubble(t, name+"/"+which, func(t *testing.T) {
			t.Helper()
			test(t, w)
		})
	}
}

// outcome is what came of an ensure.
type outcome struct {
	Verdict    string           // of the error; empty: none
	Status     ingestion.Status // read last
	Operations []string
	Planned    []string
	Took       time.Duration
	Commands   []string // as the server saw them
}

// ensured runs an ensure and says what came of it. It checks what holds of every one.
func ensured(t *testing.T, s *server, w way, maxWait time.Duration, optFns ...func(*ingestion.Options)) (outcome, error) {
	t.Helper()
	began := time.Now()
	out, err := w.ensure(t.Context(), client(s, optFns...), maxWait)
	if out == nil {
		t.Fatal("there is no output")
	}
	o := outcome{
		Verdict: verdict(err), Operations: ops(out.Operations), Planned: ops(out.Planned),
		Took: time.Since(began), Commands: commands(s, began),
	}
	if out.EventDataStore != nil {
		o.Status = out.EventDataStore.Status
	}
	if err == nil && o.Status != w.to {
		t.Errorf("it succeeded with %s", o.Status)
	}
	if err != nil {
		mentions(t, err, storeARN)
		for _, op := range o.Operations {
			if is[*statemachine.WaitError](err) {
				mentions(t, err, op+" accepted")
			}
		}
	}
	return o, err
}

func (w way) accepted(at string) string { return at + " " + string(w.op) + " accepted" }

func TestEnsure(t *testing.T) {
	const minute = time.Minute
	both(t, "just created", func(t *testing.T, w way) {
		s := newServer(ingestion.StatusCreated)
		got, _ := ensured(t, s, w, time.Hour)
		want := outcome{Status: w.to, Operations: []string{}, Planned: []string{}, Took: minute / 2, Commands: []string{}}
		if w.from == ingestion.StatusEnabled { // which is where it settles
			want.Operations, want.Took, want.Commands = []string{string(w.op)}, minute/2+minute, []string{w.accepted("30s")}
		}
		wantEqual(t, "it waits until the store has settled", want, got)
	})
}

// TestEnsureLosesAnswers: one HTTP attempt a command, whatever the caller's options say, and none
// after a lost answer before a read and the grace.
func TestEnsureLosesAnswers(t *testing.T) {
	eager := func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.RetryMaxAttempts = 10 })
	}
	both(t, "it was not", func(t *testing.T, w way) {
		s := newServer(w.from)
		s.Fail(w.op, failure{Drop: true})
		began := time.Now()
		got, _ := ensured(t, s, w, time.Hour, eager)
		wantEqual(t, "the second one comes after the grace", outcome{
			Status: w.to, Operations: []string{string(w.op)}, Planned: []string{}, Took: 2 * time.Minute,
			Commands: []string{"0s " + string(w.op) + " never arrived", w.accepted("1m0s")},
		}, got)
		if n := len(reads(s, began)); n < 31 {
			t.Errorf("only %d reads", n)
		}
	})
}

// TestEnsureAfterACrash has the program die after each single call, and before each, and run again.
func TestEnsureAfterACrash(t *testing.T) {
	quick := func(o *ingestiontest.Options) { o.Starting, o.Stopping = 11*time.Second, 9*time.Second }
	scenes := map[string]func(w way) *server{
		"from the other end": func(w way) *server { return newServer(w.from, quick) },
		"the other way":      func(w way) *server { return newServer(w.undone, quick) },
		"refused once": func(w way) *server {
			s := newServer(w.from, quick)
			s.Fail(w.op, failure{Code: "ConflictException"})
			return s
		},
		"old reads": func(w way) *server {
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
						wantEqual(t, "the reason", "canceled", verdict(err))
						time.Sleep(7 * time.Second) // until it runs again
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
					wantEqual(t, fmt.Sprintf("after call %d: accepted", dies), 1, accepted)
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

func TestEnsureUnsupported(t *testing.T) {
	for _, dry := range []bool{false, true} {
		both(t, fmt.Sprint("dry run ", dry), func(t *testing.T, w way) {
			s := ingestiontest.NewServer()
			s.AddEventDataStore(store{Id: storeID, Status: w.from, Categories: []string{"ActivityAuditLog"}})
			got, err := ensured(t, s, w, time.Hour, func(o *ingestion.Options) { o.DryRun = dry })
			wantEqual(t, "the verdict", "unsupported", got.Verdict)
			wantEqual(t, "before any command", []string{}, got.Commands)
			wantEqual(t, "at once", 0, got.Took)
			fault := *as[*statemachine.Fault](t, err)
			wantEqual(t, "the fault", statemachine.Fault{
				Kind: statemachine.Unsupported, Operation: w.op, Resource: storeARN,
				Message: "CloudTrail cannot start or stop ingestion of the event categories [ActivityAuditLog]",
			}, fault)
		})
	}
	both(t, "already there", func(t *testing.T, w way) {
		s := ingestiontest.NewServer()
		s.AddEventDataStore(store{Id: storeID, Status: w.to, Categories: []string{"Insight"}})
		if got, err := ensured(t, s, w, time.Hour); err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
	for _, category := range []string{"Management", "Data", "NetworkActivity", "ConfigurationItem"} {
		both(t, category, func(t *testing.T, w way) {
			s := ingestiontest.NewServer()
			s.AddEventDataStore(store{Id: storeID, Status: w.from, Categories: []string{category}})
			if got, err := ensured(t, s, w, time.Hour); err != nil {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestEnsureOfADeletedStore(t *testing.T) {
	both(t, "pending deletion", func(t *testing.T, w way) {
		s := newServer(ingestion.StatusPendingDeletion)
		got, err := ensured(t, s, w, time.Hour)
		wantEqual(t, "it ends at once", outcome{
			Verdict: "unreachable", Status: ingestion.StatusPendingDeletion, Operations: []string{}, Planned: []string{}, Commands: []string{},
		}, got)
		mentions(t, err, "from PENDING_DELETION", "RestoreEventDataStore", "would lead to "+string(w.to))
		wantEqual(t, "the plan", ingestion.RestoreEventDataStore, as[*statemachine.WaitError](t, err).Plan[0])
	})
	both(t, "deleted on the way", func(t *testing.T, w way) {
		s := newServer(w.from)
		time.AfterFunc(31*time.Second, func() { s.Set(storeARN, ingestion.StatusPendingDeletion) })
		got, err := ensured(t, s, w, time.Hour)
		wantEqual(t, "it is reported", outcome{
			Verdict: "lapsed", Status: ingestion.StatusPendingDeletion, Operations: []string{string(w.op)}, Planned: []string{},
			Took: time.Minute, Commands: []string{w.accepted("0s")},
		}, got)
		mentions(t, err, "RestoreEventDataStore")
	})
}

// TestEnsureRunsOutOfTime has the deadline come in each phase: the error says which it was, and
// what had been run.
func TestEnsureRunsOutOfTime(t *testing.T) {
	both(t, "while the command waits for its place", func(t *testing.T, w way) {
		s := newServer(w.from)
		pacer := statemachine.NewPacer(1.0/60, 1)
		pacer.Reserve(time.Now())
		got, _ := ensured(t, s, w, 45*time.Second, func(o *ingestion.Options) { o.CommandPacer = pacer })
		wantEqual(t, "nothing was run", outcome{
			Verdict: "timed out", Status: w.from, Operations: []string{}, Planned: []string{}, Took: 45 * time.Second, Commands: []string{},
		}, got)
	})
}

// TestEnsureIsSafeBesideOthers runs several at once, for both ways in turn: commands are accepted
// no more often than somebody wants them.
func TestEnsureIsSafeBesideOthers(t *testing.T) {
	both(t, "five that want the same", func(t *testing.T, w way) {
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
			t.Errorf("%d were accepted", n)
		}
	})
}
