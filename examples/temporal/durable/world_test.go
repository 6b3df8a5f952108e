package durable_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const stopped, starting, started = activitystream.StatusStopped, activitystream.StatusStarting, activitystream.StatusStarted

var here = durable.AccountRegion{Account: "111111111111", Region: "us-east-1"}

// world simulates the activities of any number of places, in the virtual time of the test suite.
type world struct {
	env   *testsuite.TestWorkflowEnvironment
	begin time.Time
	takes time.Duration // how long a start takes

	window   func(i int) time.Duration // since begin, when RDS executes a command for names[i]; nil means at once
	counting func()                    // called at each activity

	mu       sync.Mutex
	started  map[string]time.Time // when a start was accepted
	names    []string             // the clusters that List returns for each place
	reads    []readCall
	commands []string
	outcome  func(n int, arn string) (take bool, ran durable.CommandResult, err error) // of the nth command; nil means accepted
	reading  func(n int, l *durable.ReadResult) error                                  // changes the result of the nth read; may be nil
}

// noUnhandled is a logger that fails the test when the SDK warns of unhandled signals.
type noUnhandled struct{ t *testing.T }

func (noUnhandled) Debug(string, ...any) {}
func (noUnhandled) Info(string, ...any)  {}
func (noUnhandled) Error(string, ...any) {}

func (l noUnhandled) Warn(msg string, keyvals ...any) {
	if strings.Contains(msg, "unhandled") {
		l.t.Errorf("%s %v", msg, keyvals)
	}
}

// readCall is one read activity.
type readCall struct {
	At    time.Duration
	Place durable.AccountRegion
	N     int
}

func newWorld(t *testing.T, takes time.Duration, names ...string) *world {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(noUnhandled{t})
	w := &world{env: suite.NewTestWorkflowEnvironment(), takes: takes, names: names, started: map[string]time.Time{}}
	w.begin = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	w.env.SetStartTime(w.begin)
	w.env.SetTestTimeout(time.Minute) // in real time, as is the other, which is 1 s by default: too short on a busy machine
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	w.env.RegisterWorkflow(durable.Resource)
	w.env.RegisterWorkflow(durable.Region)
	w.env.RegisterWorkflow(durable.Estate)
	for name, fn := range map[string]any{"List": w.list, "Read": w.read, "Command": w.command} {
		w.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
	return w
}

func (w *world) count() {
	if w.counting != nil {
		w.counting()
	}
}

func (w *world) since() time.Duration { return w.env.Now().Sub(w.begin) }

func (w *world) list(_ context.Context, p durable.AccountRegion, _ float64) ([]string, error) {
	w.count()
	var arns []string
	for _, name := range w.names {
		arns = append(arns, "arn:aws:rds:"+p.Region+":"+p.Account+":cluster:"+name)
	}
	return arns, nil
}

func (w *world) read(_ context.Context, p durable.AccountRegion, _ durable.Spec, arns []string) (durable.ReadResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.env.Now()
	l := durable.ReadResult{At: now}
	for _, arn := range arns {
		seen := durable.StreamResult{Status: stopped}
		if at, ok := w.started[arn]; ok && at.After(now) { // waits for its maintenance window
		} else if ok && now.Sub(at) < w.takes {
			seen.Status = starting
		} else if ok {
			seen.Status = started
		}
		if strings.HasSuffix(arn, "-gone") {
			seen = durable.StreamResult{Err: &durable.ErrorInfo{Kind: statemachine.NotFound, Message: "no such cluster"}}
		}
		l.Streams = append(l.Streams, seen)
	}
	w.count()
	w.reads = append(w.reads, readCall{At: w.since(), Place: p, N: len(arns)})
	if w.reading != nil {
		if err := w.reading(len(w.reads), &l); err != nil {
			return durable.ReadResult{}, err
		}
	}
	return l, nil
}

func (w *world) command(_ context.Context, _ durable.AccountRegion, _ durable.Spec, arn string, op statemachine.Operation, restore *activitystream.StartInput) (durable.CommandResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count()
	command := w.since().String() + " " + string(op)
	if restore != nil {
		command += " " + string(restore.Mode)
	}
	w.commands = append(w.commands, command)
	take, ran, err := true, durable.CommandResult{Sent: true}, error(nil)
	if w.outcome != nil {
		take, ran, err = w.outcome(len(w.commands), arn)
	}
	if _, twice := w.started[arn]; take && !twice {
		w.started[arn] = w.env.Now()
		if w.window != nil {
			i := slices.IndexFunc(w.names, func(name string) bool { return strings.HasSuffix(arn, ":"+name) })
			w.started[arn] = w.begin.Add(w.window(i))
		}
	}
	return ran, err
}

// instants returns the times of the reads, for a table.
func (w *world) instants() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var s []string
	for _, l := range w.reads {
		s = append(s, l.At.String())
	}
	return strings.Join(slices.Compact(s), " ")
}

// startSpec returns a Spec that starts streams with ApplyImmediately.
func startSpec(maxWait time.Duration) durable.Spec {
	return durable.Spec{Target: started, MaxWait: maxWait, Start: activitystream.StartInput{
		Mode: activitystream.ModeAsync, KmsKeyId: "alias/activity", ApplyImmediately: true,
	}}
}
