package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestParseAcceptsDocumentedFile(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	file := regexp.MustCompile(`(?ms)^//	\[$.*^//	\]$`).FindString(string(source))
	regions, err := parse("resources.json", []byte(strings.ReplaceAll(file, "//\t", "")))
	if err != nil {
		t.Fatal(err)
	}
	g := &guard{}
	for _, e := range regions["us-east-1"] {
		e.addTo(g, &clients{})
	}
	var names []string
	for _, r := range g.resources {
		names = append(names, r.name)
	}
	want := []string{
		"arn:aws:rds:us-east-1:123456789012:cluster:das-cluster", "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e",
		"example-domain/example-stream",
	}
	if stream, ok := regions["us-east-1"][0].(*streamEntry); len(regions) != 1 || !ok || !stream.StartInput.ApplyImmediately || len(g.records) != 1 {
		t.Errorf("unexpected configuration: %+v", regions)
	}
	assert.Equal(t, "resources", want, names)
}

func TestParseReportsAllProblems(t *testing.T) {
	const file = `[
		{"kind": "activity_stream", "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:a", "mode": "async", "kms_key_id": "alias/audit"},
		{"kind": "activity_stream", "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:A", "mode": "async", "kms_key_id": "alias/audit"},
		{"kind": "activity_stream", "resource_arn": "nonsense", "mode": "fast"},
		{"kind": "activity_stream", "apply_immediately": false},
		{"kind": "event_data_store", "event_data_store": "4d2a1f0e-1111-4222-8333-123456789abc"},
		{"kind": "event_stream", "domain_name": "..", "event_stream_name": "x", "uri": "", "tags": {"aws:x": ""}},
		{"kind": "event_stream", "uri": 1},
		{"kind": "bucket"},
		[],
		{"kind": "activity_stream", "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:b", "mode": "async", "kms_key_id": "alias/audit", "restart_after_silence": "1h"},
		{"kind": "activity_stream", "resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:c", "mode": "fast", "kms_key_id": "alias/audit", "recording": true, "restart_after_silence": "1m"}
	]`
	_, err := parse("f.json", []byte(file))
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	want := []string{
		"f.json: entry 2: duplicates the resource of entry 1",
		"f.json: entry 3: resource_arn ", "f.json: entry 3: mode ", "f.json: entry 3: kms_key_id ",
		`f.json: entry 4: unknown field "apply_immediately"`,
		"f.json: entry 5: \"4d2a1f0e-1111-4222-8333-123456789abc\" must be an ARN",
		"f.json: entry 6: domain_name ", "f.json: entry 6: uri ", "f.json: entry 6: tags ",
		"f.json: entry 7: uri must be a string, got a number",
		"f.json: entry 8: kind must be", "f.json: entry 9: must be an object",
		"f.json: entry 10: restart_after_silence needs", "f.json: entry 11: mode ", "f.json: entry 11: restart_after_silence must be",
	}
	for i, w := range want {
		if i >= len(lines) || !strings.HasPrefix(lines[i], w) {
			t.Fatalf("line %d does not begin with %q:\n%v", i+1, w, err)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}

func TestRunRejectsInvalidFlags(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"-nonsense", "stray", "-yes", "-every 1m", "-every 1ms -live f", "-for 0s", "-for -1s", "-live " + empty, "-live " + empty + ".none"} {
		var usage *cli.UsageError
		if err := run(t.Context(), strings.Fields(args)); !errors.As(err, &usage) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestDemoReturnsErrorWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
