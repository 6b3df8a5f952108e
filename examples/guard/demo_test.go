package main

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// TestDemonstration: at its end everything is as it should be, whatever the intruder did, and the summary says so.
func TestDemonstration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.jitter = exact
		var log, out bytes.Buffer
		began := time.Now()
		if err := w.run(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), &out, defaultLength); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != defaultLength {
			t.Errorf("it took %s", took)
		}
		if got := w.rds.Status(w.cluster); got != activitystream.StatusStarted {
			t.Errorf("the cluster's stream is %s", got)
		}
		if got := w.rds.Status(w.instance); got != activitystream.StatusStarted {
			t.Errorf("the instance's stream is %s", got)
		}
		if got := w.trail.Status(w.store); got != ingestion.StatusEnabled {
			t.Errorf("the event data store is %s", got)
		}
		if got := w.profiles.State(w.stream); got != eventstream.StateRunning {
			t.Errorf("the event stream is %s", got)
		}
		var rows []string
		for line := range strings.Lines(out.String()) {
			if f := strings.Fields(line); len(f) == 5 { // without the changes: two at one instant may be seen as one
				rows = append(rows, f[1]+", put back "+f[3]+", failures "+f[4])
			}
		}
		want := []string{
			"ENABLED, put back 1, failures 0",
			"started, put back 2, failures 1", // it is stopped at first, and then once
			"started, put back 3, failures 0",
			"RUNNING, put back 1, failures 0",
		}
		if !slices.Equal(rows, want) {
			t.Errorf("the summary: %q, want %q\n%s", rows, want, &out)
		}
		for text, want := range map[string]int{"INTRUDER": 6, "SOMEBODY KEEPS SWITCHING IT OFF": 1, "could not be put back": 1, "a read failed": 0} {
			if got := strings.Count(log.String(), text); got != want {
				t.Errorf("%q is logged %d times, want %d\n%s", text, got, want, &log)
			}
		}
	})
}

// TestQuestion: it names what there is, and warns of restarts where there is a database to restart.
func TestQuestion(t *testing.T) {
	const begin, end = "This switches on what is off of ", ", now and whenever\nsomebody switches it off."
	const warning = " To start an activity stream RESTARTS ITS DATABASE."
	for _, tt := range []struct {
		why                       string
		databases, stores, events int
		want                      string
	}{
		{"one of each", 1, 1, 1, begin + "1 activity stream, 1 event data store, 1 event stream" + end + warning},
		{"many databases", 200, 0, 0, begin + "200 activity streams" + end + warning},
		{"no database", 0, 2, 1, begin + "2 event data stores, 1 event stream" + end},
	} {
		if got, want := question(tt.databases, tt.stores, tt.events), tt.want+" Go on? [y/N] "; got != want {
			t.Errorf("%s: %q, want %q", tt.why, got, want)
		}
	}
}
