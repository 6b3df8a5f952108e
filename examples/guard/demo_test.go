package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestDemoRepairsAllResources checks that the guard repairs everything that the other actor
// changes, and counts it in the summary.
func TestDemoRepairsAllResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDemo()
		w.jitter = exact
		var log, out bytes.Buffer
		began := time.Now()
		if err := w.run(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), &out, defaultLength); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != defaultLength {
			t.Errorf("took %s, want %s", took, defaultLength)
		}
		assert.Equal(t, "cluster", activitystream.StatusStarted, w.rds.Status(w.cluster))
		assert.Equal(t, "instance", activitystream.StatusStarted, w.rds.Status(w.instance))
		assert.Equal(t, "event data store", ingestion.StatusEnabled, w.trail.Status(w.store))
		assert.Equal(t, "event stream", eventstream.StateRunning, w.profiles.State(w.stream))
		var rows []string
		for line := range strings.Lines(out.String()) {
			if f := strings.Fields(line); len(f) == 5 { // without the changes: a watch can miss one of two at the same instant
				rows = append(rows, f[1]+", repairs "+f[3]+", failures "+f[4])
			}
		}
		want := []string{
			"ENABLED, repairs 1, failures 0",
			"started, repairs 2, failures 1", // stopped initially, and then once
			"started, repairs 3, failures 0",
			"RUNNING, repairs 1, failures 0",
		}
		assert.Equal(t, "summary", want, rows)
		for text, want := range map[string]int{"another actor interferes": 6, "resource repeatedly changed by another actor": 1, "repair failed": 1, "read failed": 0} {
			assert.Equal(t, "lines logged with "+text, want, strings.Count(log.String(), text))
		}
	})
}

func TestQuestionListsResourcesAndWarnsOfRestart(t *testing.T) {
	const begin, end = "This starts ", " now if stopped, and again\nwhenever another actor stops them."
	const warning = " Starting an activity stream RESTARTS ITS DATABASE."
	for _, tt := range []struct {
		why    string
		counts map[string]int
		want   string
	}{
		{"one of each", map[string]int{"activity stream": 1, "event data store": 1, "event stream": 1}, begin + "1 activity stream, 1 event data store, 1 event stream" + end + warning},
		{"many databases", map[string]int{"activity stream": 200}, begin + "200 activity streams" + end + warning},
		{"no database", map[string]int{"event data store": 2, "event stream": 1}, begin + "2 event data stores, 1 event stream" + end},
	} {
		assert.Equal(t, tt.why, tt.want+" Continue? [y/N] ", question(tt.counts))
	}
}
