package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

func TestReport(t *testing.T) {
	sealer := activityrecordtest.NewSealer()
	var out bytes.Buffer
	if err := report(t.Context(), &out, sealer, bytes.NewReader(sample(sealer))); err != nil {
		t.Fatal(err)
	}
	want := `engine     user   client       failed
MySQL      root   203.0.113.9       3
SQLSERVER  app    10.0.0.7          1
oracle     ADMIN  10.0.0.7          1

5 records
1 could not be decoded: activityrecord: damaged: the message was changed: an authentication tag does not match
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestReportNamesWhatIsLost(t *testing.T) {
	sealer := activityrecordtest.NewSealer()
	for _, c := range []struct {
		why, file, want string
	}{
		{"the key of another stream", string(sample(activityrecordtest.NewSealer())), "5 could not be decoded: activityrecord: key refused"},
		{"a file that is no list of records", `{"type":"x"}`, "1 could not be decoded: activityrecord: not a record"},
	} {
		var out bytes.Buffer
		if err := report(t.Context(), &out, sealer, strings.NewReader(c.file)); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: got %v,\n%s, want %s", c.why, err, &out, c.want)
		}
	}
	err := report(t.Context(), io.Discard, sealer, strings.NewReader(`{"type":`))
	if err == nil || !strings.Contains(err.Error(), "after 0 records") {
		t.Errorf("got %v, want how many records were read", err)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range []string{"-none", "stray", "-file x", "-resource-id db-A", "-file x -resource-id orders"} {
		_, ok := errors.AsType[*cli.UsageError](run(t.Context(), strings.Fields(args)))
		if !ok {
			t.Errorf("%s: not rejected as wrong flags", args)
		}
	}
}
