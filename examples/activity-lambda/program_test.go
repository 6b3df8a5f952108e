package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

// TestHandle passes the event through JSON, as Lambda does.
func TestHandle(t *testing.T) {
	sealer := activityrecordtest.NewSealer()
	text, err := json.Marshal(sample(sealer))
	if err != nil {
		t.Fatal(err)
	}
	var event kinesisEvent
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	h := &handler{decoder: activityrecord.NewDecoder(sealer), logger: slog.New(slog.NewTextHandler(&logged, nil))}
	got, err := h.handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(response{BatchItemFailures: []itemFailure{{"3"}}}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, want := range []string{
		`msg="statement failed" instance=db-ABC user=ADMIN command=SELECT exitCode=942`,
		`msg="record lost" sequenceNumber=2`,
		`msg="no data key" sequenceNumber=3`,
	} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("no %s in the log:\n%s", want, &logged)
		}
	}
	if lines := strings.Count(logged.String(), "\n"); lines != 3 {
		t.Errorf("got %d lines of log, want 3:\n%s", lines, &logged)
	}
}
