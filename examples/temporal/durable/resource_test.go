package durable_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

var errLost = errors.New("the worker died")

// resourceInput returns the input for the stream of one cluster.
func resourceInput(maxWait time.Duration) durable.ResourceInput {
	return durable.ResourceInput{Place: here, ARN: "arn:aws:rds:us-east-1:111111111111:cluster:orders", Spec: startSpec(maxWait)}
}

// TestResource runs one stream through each case, at exact instants.
func TestResource(t *testing.T) {
	t.Parallel()
	outcomes := func(ran ...durable.CommandResult) func(*world) {
		return func(w *world) {
			w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
				if n <= len(ran) {
					return false, ran[n-1], nil
				}
				return true, durable.CommandResult{Sent: true}, nil
			}
		}
	}
	for _, tt := range []struct {
		name, why string
		takes     time.Duration
		maxWait   time.Duration
		window    bool // without ApplyImmediately
		world     func(*world)
		commands  string
		reads     string
		ended     string
	}{{
		name: "start", why: "one command, then reads until it is started",
		takes: 12 * time.Second, commands: "0s StartActivityStream", reads: "0s 5s 10s 15s", ended: "reached",
	}, {
		name: "lost and executed", why: "the worker died with the response: the reads show the effect, so nothing is sent again",
		takes: 12 * time.Second, world: func(w *world) {
			w.outcome = func(int, string) (bool, durable.CommandResult, error) { return true, durable.CommandResult{}, errLost }
		},
		commands: "0s StartActivityStream", reads: "0s 5s 10s 15s", ended: "reached",
	}, {
		name: "lost and not executed", why: "the command may have been executed: it is sent again after the full Grace of a minute",
		takes: 12 * time.Second, world: func(w *world) {
			w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
				if n == 1 {
					return false, durable.CommandResult{}, errLost
				}
				return true, durable.CommandResult{Sent: true}, nil
			}
		},
		commands: "0s StartActivityStream, 1m0s StartActivityStream",
		reads:    "0s 5s 10s 15s 20s 25s 30s 35s 40s 45s 50s 55s 1m0s 1m5s 1m10s 1m15s", ended: "reached",
	}, {
		name: "lost, for the maintenance window", why: "only an accepted command has the long grace",
		takes: time.Second, window: true, world: func(w *world) {
			w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
				if n == 1 {
					return false, durable.CommandResult{}, errLost
				}
				return true, durable.CommandResult{Sent: true}, nil
			}
		},
		commands: "0s StartActivityStream, 1m0s StartActivityStream",
		reads:    "0s 5s 10s 15s 20s 25s 30s 35s 40s 45s 50s 55s 1m0s 1m5s", ended: "reached",
	}, {
		name: "throttled", why: "the command was not executed: read after the next delay, and send it again",
		takes: time.Second, world: outcomes(durable.CommandResult{Sent: true, Err: &durable.ErrorInfo{Kind: statemachine.Throttled, Message: "Rate exceeded"}}),
		commands: "0s StartActivityStream, 5s StartActivityStream", reads: "0s 5s 10s", ended: "reached",
	}, {
		name: "denied", why: "an error that a retry cannot fix ends the Ensure call",
		world:    outcomes(durable.CommandResult{Sent: true, Err: &durable.ErrorInfo{Kind: statemachine.AccessDenied, Message: "no"}}),
		commands: "0s StartActivityStream", reads: "0s", ended: "access denied",
	}, {
		name: "late", why: "the last read is at the deadline",
		takes: time.Hour, maxWait: 12 * time.Second, commands: "0s StartActivityStream", reads: "0s 5s 10s 12s", ended: "timed out",
	}, {
		name: "lost reads", why: "a read that was lost is tolerated, with twice the delay",
		takes: 12 * time.Second, world: func(w *world) {
			w.reading = func(n int, _ *durable.ReadResult) error {
				if n == 2 {
					return errLost
				}
				return nil
			}
		},
		commands: "0s StartActivityStream", reads: "0s 5s 15s", ended: "reached",
	}, {
		name: "old result", why: "a read of an hour ago is a failed one: no command was based on it",
		takes: 3 * time.Second, world: func(w *world) {
			w.reading = func(n int, l *durable.ReadResult) error {
				if n == 1 {
					l.At = l.At.Add(-time.Hour)
				}
				return nil
			}
		},
		commands: "10s StartActivityStream", reads: "0s 10s 15s", ended: "reached",
	}, {
		name: "old results", why: "the workers are always behind: the wait ends in time",
		maxWait: 25 * time.Second, world: func(w *world) {
			w.reading = func(_ int, l *durable.ReadResult) error {
				l.At = l.At.Add(-time.Hour)
				return nil
			}
		},
		reads: "0s 10s 20s 25s", ended: "timed out",
	}, {
		name: "clock ahead", why: "a worker whose clock is a day ahead delays no grace: the lost start is sent again after a minute",
		takes: 10 * time.Second, world: func(w *world) {
			w.reading = func(n int, l *durable.ReadResult) error {
				if n == 1 {
					l.At = l.At.Add(24 * time.Hour)
				}
				return nil
			}
			w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
				if n == 1 {
					return false, durable.CommandResult{}, errLost
				}
				return true, durable.CommandResult{Sent: true}, nil
			}
		},
		commands: "0s StartActivityStream, 1m0s StartActivityStream",
		reads:    "0s 5s 10s 15s 20s 25s 30s 35s 40s 45s 50s 55s 1m0s 1m5s 1m10s", ended: "reached",
	}, {
		name: "stopped", why: "a signal ends the workflow",
		takes: time.Hour, world: func(w *world) {
			w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(durable.SignalStop, nil) }, 7*time.Second)
		},
		commands: "0s StartActivityStream", reads: "0s 5s", ended: "stopped",
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.takes)
			if tt.world != nil {
				tt.world(w)
			}
			if tt.maxWait == 0 {
				tt.maxWait = 10 * time.Minute
			}
			in := resourceInput(tt.maxWait)
			in.Spec.Start.ApplyImmediately = !tt.window
			w.env.ExecuteWorkflow(durable.Resource, in)
			var out durable.ResourceOutcome
			if err := w.env.GetWorkflowResult(&out); err != nil {
				t.Fatal(err)
			}
			got := []string{strings.Join(w.commands, ", "), w.instants(), out.Ended}
			if diff := cmp.Diff([]string{tt.commands, tt.reads, tt.ended}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%s", tt.why, diff, out.Message)
			}
		})
	}
}

// TestResourceLosesTwoStarts loses the responses of the first two starts, or does not send them, in
// each combination, at once and in a maintenance window that opens in 3 hours. A start that may
// have been executed is sent again after Grace, and one that was not sent after the next delay.
func TestResourceLosesTwoStarts(t *testing.T) {
	t.Parallel()
	const window = 3 * time.Hour
	unavailable := &durable.ErrorInfo{Kind: statemachine.Unavailable, Message: "no response"}
	type failure struct {
		name           string
		executed, sent bool
		err            error         // of the activity: the worker died
		again          time.Duration // until the next start, unless reads show an effect
	}
	failures := []failure{
		{"executed, worker died", true, true, errLost, time.Minute},
		{"not executed, worker died", false, true, errLost, time.Minute},
		{"executed, no response", true, true, nil, time.Minute},
		{"not executed, no response", false, true, nil, time.Minute},
		{"not sent", false, false, nil, 5 * time.Second},
	}
	for _, deferred := range []bool{false, true} {
		for _, first := range failures {
			for _, second := range failures {
				t.Run(fmt.Sprintf("%s, %s, deferred %v", first.name, second.name, deferred), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, 10*time.Second, "orders")
					if deferred {
						w.window = func(int) time.Duration { return window }
					}
					w.outcome = func(n int, _ string) (bool, durable.CommandResult, error) {
						if n > 2 {
							return true, durable.CommandResult{Sent: true}, nil
						}
						f := []failure{first, second}[n-1]
						return f.executed, durable.CommandResult{Sent: f.sent, Err: unavailable}, f.err
					}
					in := resourceInput(7 * 24 * time.Hour)
					in.Spec.Start.ApplyImmediately = !deferred
					w.env.ExecuteWorkflow(durable.Resource, in)
					var out durable.ResourceOutcome
					if err := w.env.GetWorkflowResult(&out); err != nil {
						t.Fatal(err)
					}
					at, want := time.Duration(0), []string{"0s StartActivityStream"}
					for _, f := range []failure{first, second} {
						if f.executed && !deferred {
							break
						}
						at += f.again
						want = append(want, at.String()+" StartActivityStream")
					}
					if diff := cmp.Diff(append(want, "reached"), append(w.commands, out.Ended)); diff != "" {
						t.Errorf("commands and end (-want +got):\n%s\n%s", diff, out.Message)
					}
				})
			}
		}
	}
}

// TestResourceInvalidTarget ends a workflow whose input cannot succeed.
func TestResourceInvalidTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	in := resourceInput(time.Minute)
	in.Spec.Target = "defrosted"
	w.env.ExecuteWorkflow(durable.Resource, in)
	failure, ok := errors.AsType[*temporal.ApplicationError](w.env.GetWorkflowError())
	if !ok || !failure.NonRetryable() || !strings.Contains(failure.Error(), "defrosted") {
		t.Errorf("ended as %v", w.env.GetWorkflowError())
	}
}

// TestSpecInvalidIsRejected checks that an invalid Spec ends the workflow before any read or
// command: a restart must not stop a stream that it cannot start.
func TestSpecInvalidIsRejected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why string
		of  func(*durable.Spec)
		say string
	}{
		{"no key", func(w *durable.Spec) { w.Start.KmsKeyId = "" }, "KmsKeyId"},
		{"an invalid mode", func(w *durable.Spec) { w.Start.Mode = "nonsense" }, "Mode"},
		{"a restart in a maintenance window", func(w *durable.Spec) { w.Restart, w.Start.ApplyImmediately = true, false }, "ApplyImmediately"},
		{"a transient target", func(w *durable.Spec) { w.Target = "starting" }, "target"},
		{"no time", func(w *durable.Spec) { w.MaxWait = 0 }, "maxWait"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			in := resourceInput(time.Hour)
			tt.of(&in.Spec)
			w := newWorld(t, time.Minute, "orders")
			w.env.ExecuteWorkflow(durable.Resource, in)
			if err := w.env.GetWorkflowError(); err == nil || !strings.Contains(err.Error(), tt.say) {
				t.Errorf("got %v, want an error that names %s", err, tt.say)
			}
		})
	}
}
