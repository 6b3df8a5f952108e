package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// exact has a wait read every ten seconds, at exact instants.
func exact(o *statemachine.WaitOptions) {
	o.MinDelay, o.MaxDelay, o.Jitter = 10*time.Second, 10*time.Second, func(d time.Duration) time.Duration { return d }
}

func TestEnsure(t *testing.T) {
	tests := map[string]struct {
		from, want Status
		fails      bool
		ran        []statemachine.Operation
		after      time.Duration
		err        error
	}{
		"start":            {from: "stopped", want: "available", ran: []statemachine.Operation{startDBInstance}, after: 4 * time.Minute},
		"stop":             {from: "available", want: "stopped", ran: []statemachine.Operation{stopDBInstance}, after: 4 * time.Minute},
		"nothing to do":    {from: "available", want: "available"},
		"join":             {from: "starting", want: "available", after: 4 * time.Minute},
		"wait out, start":  {from: "stopping", want: "available", ran: []statemachine.Operation{startDBInstance}, after: 8 * time.Minute},
		"the start fails":  {from: "stopped", want: "available", fails: true, ran: []statemachine.Operation{startDBInstance}, after: 4 * time.Minute, err: statemachine.Lapsed},
		"it failed before": {from: "failed", want: "available", err: statemachine.Unreachable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				f := &fake{name: "orders", status: tt.from, since: begin, transitionTime: 4 * time.Minute, failStarts: tt.fails}
				done, err := Instance(f, "orders").Ensure(t.Context(), tt.want, time.Hour, exact)
				if !errors.Is(err, tt.err) || !slices.Equal(done.Operations, tt.ran) || time.Since(begin) != tt.after {
					t.Errorf("ran %v, after %s: %v; want %v, after %s: %v", done.Operations, time.Since(begin), err, tt.ran, tt.after, tt.err)
				}
			})
		})
	}
}

func TestErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{name: "orders", status: "starting", since: time.Now(), transitionTime: time.Hour}
		if _, err := Instance(f, "other").Wait(t.Context(), "available", time.Hour); !errors.Is(err, statemachine.Gone) {
			t.Errorf("want Gone, got %v", err)
		}
		if err := Instance(f, "orders").Command(t.Context(), stopDBInstance); !errors.Is(err, statemachine.InvalidState) {
			t.Errorf("want InvalidState, got %v", err)
		}
	})
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out, nil); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"orders  is stopped  (waiting for available)\n", "orders  stopped → starting", "the ensure ran [StartDBInstance]\n",
			"the ensure ran []\n", "the ensure ran [StopDBInstance]\n", "lapsed: starting → failed",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	})
	for _, args := range []string{"-live", "-instance orders", "-live -instance orders -status gone", "stray"} {
		if err := run(context.Background(), &strings.Builder{}, strings.Fields(args)); err == nil || !strings.HasSuffix(err.Error(), "Run with -h for the flags.") {
			t.Errorf("%s: %v", args, err)
		}
	}
}
