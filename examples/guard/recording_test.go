package main

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// TestRecording checks that the guard reports each silence of an instance with its bounds, and
// restarts the stream only if the file says so.
func TestRecording(t *testing.T) {
	for _, tt := range []struct {
		why          string
		restartAfter time.Duration
		want         []string
	}{
		{"alerts only", 0, []string{
			"instance is recorded", "instance is recorded", "instance is not recorded since 30m",
			"instance was not recorded since 30m until 1h30m", "instance is recorded",
		}},
		{"a restart is configured", 20 * time.Minute, []string{
			"instance is recorded", "instance is recorded", "instance is not recorded since 30m",
			"restarting the activity stream of an instance that is not recorded",
		}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				rds := activitystreamtest.NewServer()
				arn := rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Members: 2, Status: activitystream.StatusStarted})
				records := activityreadertest.NewServer()
				records.Attach(rds, arn, 2)
				client := activitystream.NewFromConfig(rds.Config())
				members, err := client.Members(t.Context(), arn)
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(30*time.Minute+time.Second, func() { records.SetSilent(members[0].ResourceId, true) })
				time.AfterFunc(90*time.Minute, func() { records.SetSilent(members[0].ResourceId, false) })
				var out bytes.Buffer
				r := &recording{
					client: client, cfg: records.Config(), resourceArn: arn, restartAfter: tt.restartAfter,
					settings: settings{interval: time.Minute, maxWait: time.Hour, minBackoff: time.Minute, maxBackoff: time.Hour},
					log:      slog.New(slog.NewTextHandler(&out, nil)),
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()
				r.run(ctx)
				var got []string
				for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
					got = append(got, plain(line, began))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("log (-want +got):\n%s\n%s", diff, out.String())
				}
				want := activitystream.StatusStarted
				if tt.restartAfter > 0 {
					want = activitystream.StatusStopped
				}
				if status := rds.Status(arn); status != want {
					t.Errorf("the stream is %s, want %s", status, want)
				}
			})
		})
	}
}

// plain returns the message of a log line, with the bounds of a silence in minutes since an
// instant.
func plain(line string, began time.Time) string {
	text := regexp.MustCompile(`msg="([^"]*)"`).FindStringSubmatch(line)[1]
	for _, key := range []string{"since", "until"} {
		m := regexp.MustCompile(key + `=(\S+)`).FindStringSubmatch(line)
		if m == nil || strings.Contains(text, "is recorded") {
			continue
		}
		at, _ := time.Parse(time.RFC3339Nano, m[1])
		text += " " + key + " " + strings.TrimSuffix(at.Sub(began).Round(time.Minute).String(), "0s")
	}
	return text
}
