package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// account is a simulated account with a file for -live.
type account struct {
	*activitystreamtest.Server

	stopped, started string // ARNs
	file             string
}

func newAccount(t *testing.T) account {
	t.Helper()
	a := account{Server: activitystreamtest.NewServer(), file: filepath.Join(t.TempDir(), "databases.json")}
	a.stopped = a.AddCluster(activitystreamtest.Cluster{})
	a.started = a.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
	a.list(t, a.stopped, a.started)
	return a
}

// list writes the file with the ARNs.
func (a account) list(t *testing.T, arns ...string) {
	t.Helper()
	entries := make([]string, len(arns))
	for i, arn := range arns {
		entries[i] = fmt.Sprintf(`{"resource_arn": %q, "mode": "async", "kms_key_id": "alias/audit", "apply_immediately": true, "profile": "audit"}`, arn)
	}
	if err := os.WriteFile(a.file, []byte("["+strings.Join(entries, ",\n")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the program with the account's file.
func (a account) run(ctx context.Context, t *testing.T, in io.Reader, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	p := program{in: in, out: &out, load: func(_ context.Context, region, profile string) (aws.Config, error) {
		assert.Equal(t, "region and profile", "us-east-1 audit", region+" "+profile)
		return a.Config(), nil
	}}
	err := p.run(ctx, append([]string{"-live", a.file}, args...))
	return out.String(), err
}

func TestLiveAsksBeforeStart(t *testing.T) {
	question := "1 to start, 1 already started or starting, 0 failed\n" +
		"Start 1 activity stream, which RESTARTS 1 database at once? [y/N] "
	for _, tt := range []struct {
		reason, input string
		args          []string
		want          activitystream.Status
		says          []string
	}{
		{"the user enters no", "no\n", nil, activitystream.StatusStopped, []string{question, "nothing was changed\n"}},
		{"the input is empty", "", nil, activitystream.StatusStopped, []string{question, "nothing was changed\n"}},
		{"the user enters yes", "Y\n", nil, activitystream.StatusStarted, []string{question, "us-east-1       2 of 2 done, 0 failed", "mean\n"}},
		{"-yes", "", []string{"-yes"}, activitystream.StatusStarted, []string{"us-east-1       2 of 2 done, 0 failed", "mean\n"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(t)
				out, err := a.run(t.Context(), t, strings.NewReader(tt.input), tt.args...)
				assert.Equal(t, "error", nil, err)
				assert.Equal(t, "status", tt.want, a.Status(a.stopped))
				contains(t, out, tt.says...)
				assert.Equal(t, "asks", len(tt.args) == 0, strings.Contains(out, "[y/N]"))
			})
		})
	}
}

// TestLiveListsFailures checks that a failure is listed before the question and at the end, and
// that it is the error of the program.
func TestLiveListsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		gone := a.started + "-gone"
		a.list(t, a.stopped, gone)
		out, err := a.run(t.Context(), t, strings.NewReader("y\n"))
		assert.Equal(t, "error", "1 of 2 databases failed", fmt.Sprint(err))
		assert.Equal(t, "status of the other", activitystream.StatusStarted, a.Status(a.stopped))
		contains(t, out, "0 already started or starting, 1 failed\n  database activity stream "+gone, "\nnot found:\n  database activity stream "+gone)
	})
}

func TestLiveAsksNothingIfAllAreStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		a.list(t, a.started)
		out, err := a.run(t.Context(), t, strings.NewReader(""))
		assert.Equal(t, "error", nil, err)
		assert.Equal(t, "asks", false, strings.Contains(out, "[y/N]"))
		contains(t, out, "\ntotal                          1        0       0      1         0     -\n")
	})
}

func TestLiveChangesNothingIfInterruptedAtQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, w := io.Pipe()
		defer w.Close()
		out, err := a.run(ctx, t, r)
		assert.Equal(t, "is interrupted", true, errors.Is(err, context.DeadlineExceeded))
		assert.Equal(t, "status", activitystream.StatusStopped, a.Status(a.stopped))
		contains(t, out, "[y/N] \nnothing was changed\n")
	})
}
