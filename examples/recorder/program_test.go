package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// events returns the statements in the files of a directory, in their order.
func events(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "events.jsonl*"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
			var l line
			if err := json.Unmarshal(s.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, l)
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return a.ArrivedAt.Compare(b.ArrivedAt) })
	var statements []string
	for _, l := range lines {
		var e struct{ CommandText string }
		if err := json.Unmarshal(l.Event, &e); err != nil {
			t.Fatal(err)
		}
		statements = append(statements, e.CommandText)
	}
	return statements
}

// TestRecorder checks that a recorder that is interrupted and started again writes every event
// once, across files that it rotates, and exits without an error.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, end, err := newSimulated(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		dir := t.TempDir()
		var shown bytes.Buffer
		for range 3 {
			out, err := openOutput(filepath.Join(dir, "events.jsonl"), 10_000, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := &recorder{source: src, events: out, positionFile: filepath.Join(dir, "position.json"), progress: &progress{Screen: cli.NewScreen(&shown), last: time.Now()}}
			ctx, interrupt := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Second, interrupt)
			if err := r.run(ctx, 0); err != nil {
				t.Errorf("run: %v", err)
			}
			time.Sleep(time.Minute) // the recorder is down
		}
		got := events(t, dir)
		if len(got) < 300 {
			t.Fatalf("%d events", len(got))
		}
		var first int
		if _, err := fmt.Sscanf(got[0], "select total from orders where id = %d", &first); err != nil {
			t.Fatal(err)
		}
		for i, text := range got {
			want := fmt.Sprintf("select total from orders where id = %d", first+i)
			if (first+i)%5 == 4 {
				want = "select amount from salaries"
			}
			if diff := cmp.Diff(want, text); diff != "" {
				t.Fatalf("event %d (-want +got):\n%s", i, diff)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "events.jsonl.*")); len(files) < 5 {
			t.Errorf("%d files were rotated", len(files))
		}
		if text := shown.String(); strings.Count(text, "is recorded since") != 6 || !strings.Contains(text, "0 records not decoded") {
			t.Errorf("shown:\n%s", text)
		}
	})
}

// TestRecorderWritesWhatItCannotDecode checks that such a record is written with its data.
func TestRecorderWritesWhatItCannotDecode(t *testing.T) {
	dir := t.TempDir()
	out, err := openOutput(filepath.Join(dir, "events.jsonl"), 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{events: out, progress: &progress{Screen: cli.NewScreen(&bytes.Buffer{})}}
	d := &activityreader.Delivery{Data: []byte("data"), ShardId: "shard", SequenceNumber: "1", ArrivedAt: time.Unix(0, 0).UTC()}
	if err := errors.Join(r.write(d, activityrecord.Damaged), out.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	want := `{"arrivedAt":"1970-01-01T00:00:00Z","shardId":"shard","sequenceNumber":"1","error":"activityrecord: damaged","data":"ZGF0YQ=="}` + "\n"
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFlags(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.json")
	if err := os.WriteFile(list, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-max-size", "0"}, {"-for", "-1s"}, {"-live"}, {"-yes"}, {"-resource-arn", "x"}, {"-max-size", "1"}, {"-live", "-resource-arn", "x", "-kms-key-id", "y"}, {"stray"}, {"-none"},
		{"-position", list},
	} {
		var usage *cli.UsageError
		if err := run(t.Context(), args); !errors.As(err, &usage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
