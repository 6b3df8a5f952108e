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

// exact makes a wait read every 10 s.
func exact(o *statemachine.WaitOptions) {
	o.MinDelay, o.MaxDelay, o.Jitter = 10*time.Second, 10*time.Second, func(d time.Duration) time.Duration { return d }
}

func TestStartEndsAfterFourMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		rds := &fake{name: "orders", status: "stopped", transitionTime: 4 * time.Minute}
		done, err := Instance(rds, "orders").Ensure(t.Context(), "available", time.Hour, exact)
		if err != nil || len(done.Operations) != 1 || time.Since(begin) != 4*time.Minute {
			t.Errorf("ran %v after %s: %v", done.Operations, time.Since(begin), err)
		}
	})
}

func TestEnsureReachesTarget(t *testing.T) {
	// A failure is believed once it is read for Grace, which is a minute, after the last progress.
	tests := map[string]struct {
		from, want string
		fails      bool
		ran        []statemachine.Operation
		after      time.Duration
		err        error
	}{
		"stop":             {from: "available", want: "stopped", ran: []statemachine.Operation{stopDBInstance}, after: 4 * time.Minute},
		"available":        {from: "available", want: "available"},
		"already starting": {from: "starting", want: "available", after: 4 * time.Minute},
		"stopping":         {from: "stopping", want: "available", ran: []statemachine.Operation{startDBInstance}, after: 8 * time.Minute},
		"start that fails": {from: "stopped", want: "available", fails: true, ran: []statemachine.Operation{startDBInstance}, after: 4*time.Minute - 10*time.Second + time.Minute, err: statemachine.Lapsed},
		"already failed":   {from: "failed", want: "available", after: time.Minute, err: statemachine.Unreachable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				f := &fake{name: "orders", status: tt.from, since: begin, transitionTime: 4 * time.Minute, failStarts: tt.fails}
				done, err := Instance(f, "orders").Ensure(t.Context(), tt.want, time.Hour, exact)
				if !errors.Is(err, tt.err) || !slices.Equal(done.Operations, tt.ran) || time.Since(begin) != tt.after {
					t.Errorf("called %v after %s: %v; want %v after %s: %v", done.Operations, time.Since(begin), err, tt.ran, tt.after, tt.err)
				}
			})
		})
	}
}

func TestInstanceReturnsKindsOfErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{name: "orders", status: "starting", since: time.Now(), transitionTime: time.Hour}
		if _, err := Instance(f, "other").Wait(t.Context(), "available", time.Hour); !errors.Is(err, statemachine.Gone) {
			t.Errorf("got %v, want Gone", err)
		}
		if err := Instance(f, "orders").Command(t.Context(), stopDBInstance); !errors.Is(err, statemachine.InvalidState) {
			t.Errorf("got %v, want InvalidState", err)
		}
	})
}

func TestRunPrintsStatesAndOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out, nil); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"orders  is stopped, needs StartDBInstance\n", "orders  stopped → starting", "ran [StartDBInstance]\n",
			"ran []\n", "ran [StopDBInstance]\n", "lapsed: starting → failed",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("output does not contain %q:\n%s", want, out.String())
			}
		}
	})
	for _, args := range []string{"-live", "-instance orders", "-live -instance orders -status gone", "stray"} {
		if err := run(context.Background(), &strings.Builder{}, strings.Fields(args)); err == nil || !strings.HasSuffix(err.Error(), "Run with -h for the flags.") {
			t.Errorf("%s: %v", args, err)
		}
	}
}
