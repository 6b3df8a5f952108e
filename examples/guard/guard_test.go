package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestGuardRepairsStoppedResources checks that a resource of each kind is repaired at the next
// read.
func TestGuardRepairsStoppedResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster, other := w.cluster(activitystream.StatusStarted), w.cluster(activitystream.StatusStarted)
		w.databases(cluster, other)
		store, stream := w.store(ingestion.StatusEnabled), w.stream()
		w.runGuard(10*time.Minute, func(context.Context) {
			w.at(10 * time.Second)
			w.rds.Set(cluster, activitystream.StatusStopped)
			w.trail.Set(store, ingestion.StatusStoppingIngestion) // takes 1 minute, and the repair waits for it
			w.profiles.Remove(stream)
		})
		assert.Equal(t, "cluster", []string{"started 0s", "stopped 10s", "starting 30s", "started 1m30s"}, sightings(w, w.rds.History(cluster)))
		assert.Equal(t, "other cluster", []string{"started 0s"}, sightings(w, w.rds.History(other)))
		assert.Equal(t, "store", []string{
			"ENABLED 0s", "STOPPING_INGESTION 10s", "STOPPED_INGESTION 1m10s", "STARTING_INGESTION 1m10s", "ENABLED 2m10s",
		}, sightings(w, w.trail.History(store)))
		// The pacer delays the lists that confirm the absence.
		assert.Equal(t, "stream", []string{"RUNNING 0s", "ABSENT 10s", "RUNNING 30.5s"}, sightings(w, w.profiles.History(stream)))
		assert.Equal(t, "repairs logged", 3, w.logged("level=INFO", "msg=repaired"))
		assert.Equal(t, "errors logged", 0, w.logged("level=ERROR"))
	})
}

// TestGuardRepairsAgainWhenWatchShowsNoChange lets another actor undo a repair between two reads
// of the watch, which therefore yields nothing.
func TestGuardRepairsAgainWhenWatchShowsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 10 * time.Second })
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.runGuard(5*time.Minute, func(context.Context) {
			w.at(15 * time.Second)
			w.rds.Set(cluster, activitystream.StatusStopped)
		})
		assert.Equal(t, "starts", []string{"0s", "1m30s"}, w.starts(cluster)) // the backoff of 1 minute began at 10 s
	})
}

func TestGuardLeavesStartingResourceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster := w.cluster(activitystream.StatusStarting)
		w.databases(cluster)
		w.runGuard(5*time.Minute, nil)
		assert.Equal(t, "starts", nil, w.starts(cluster))
	})
}

// TestGuardBacksOffFromDeletedResource checks that a deleted database is read at growing
// intervals, and guarded again after it was recreated.
func TestGuardBacksOffFromDeletedResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster, other := w.cluster(activitystream.StatusStarted), w.cluster(activitystream.StatusStarted)
		w.databases(cluster, other)
		w.runGuard(time.Hour, func(context.Context) {
			w.at(10 * time.Second)
			w.rds.Remove(cluster)
			w.at(125 * time.Second)
			w.rds.Set(other, activitystream.StatusStopped)
			w.at(5 * time.Minute)
			w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "cluster-1", KmsKeyId: key})
		})
		// The reads at 30 s and 1 and 2 minutes later do not find it. The one 4 minutes later does.
		assert.Equal(t, "cluster", []string{"started 0s", "10s", "stopped 5m0s", "starting 7m30s", "started 8m30s"}, sightings(w, w.rds.History(cluster)))
		assert.Equal(t, "other cluster", []string{"started 0s", "stopped 2m5s", "starting 2m30s", "started 3m30s"}, sightings(w, w.rds.History(other)))
		assert.Equal(t, "failed watches logged", 3, w.logged("level=ERROR", `msg="watch failed"`, cluster))
	})
}

// TestGuardBacksOffWhenRepairIsDenied checks that a denied repair is tried again at growing
// intervals, and does not affect other resources.
func TestGuardBacksOffWhenRepairIsDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster, other := w.cluster(activitystream.StatusStopped), w.cluster(activitystream.StatusStopped)
		w.databases(cluster, other)
		w.rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: 403, Resource: cluster, Times: -1})
		w.runGuard(200*time.Minute, nil)
		assert.Equal(t, "starts", []string{
			"0s AccessDenied", "1m0s AccessDenied", "3m0s AccessDenied", "7m0s AccessDenied", "15m0s AccessDenied",
			"31m0s AccessDenied", "1h3m0s AccessDenied", "2h3m0s AccessDenied", "3h3m0s AccessDenied",
		}, w.starts(cluster))
		assert.Equal(t, "starts of the other", []string{"0s"}, w.starts(other))
	})
}

func TestGuardBacksOffWhenReadsAreDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.rds.Fail("DescribeDBClusters", activitystreamtest.Failure{Code: "AccessDenied", Status: 403, Times: -1})
		w.runGuard(20*time.Minute, func(context.Context) {
			w.at(10 * time.Minute)
			w.rds.ClearFailures("DescribeDBClusters")
		})
		assert.Equal(t, "starts", []string{"15m0s"}, w.starts(cluster)) // the watch failed at 0, 1, 3 and 7 minutes
	})
}

// TestGuardBacksOffFromAnotherActor lets another actor stop the stream 20 s after each start. It
// is repaired at growing intervals, and reported from the third repair on.
func TestGuardBacksOffFromAnotherActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.runGuard(4*time.Hour, func(ctx context.Context) {
			for ctx.Err() == nil {
				if h := w.rds.History(cluster); h[len(h)-1].State == activitystream.StatusStarted && time.Since(h[len(h)-1].At) >= 20*time.Second {
					w.rds.Set(cluster, activitystream.StatusStopped)
				}
				time.Sleep(time.Second)
			}
		})
		assert.Equal(t, "starts", []string{"0s", "2m0s", "5m0s", "10m0s", "19m0s", "36m0s", "1h9m0s", "2h10m0s", "3h11m0s"}, w.starts(cluster))
		assert.Equal(t, "reports", 7, w.logged("level=ERROR", "resource repeatedly changed by another actor", cluster))
	})
}

// TestBackoffResets checks that one stop per day is not a repeated change.
func TestBackoffResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster := w.cluster(activitystream.StatusStarted)
		w.databases(cluster)
		w.runGuard(30*time.Hour, func(context.Context) {
			for day := range 2 {
				w.at(time.Duration(day)*24*time.Hour + 10*time.Second)
				w.rds.Set(cluster, activitystream.StatusStopped)
			}
		})
		assert.Equal(t, "starts", []string{"30s", "24h0m30s"}, w.starts(cluster))
		assert.Equal(t, "errors logged", 0, w.logged("level=ERROR"))
	})
}

// TestGuardReportsSettingsOfRival checks that another actor who recreates a stream with other
// settings between two reads is reported, although the state is the same in all reads.
func TestGuardReportsSettingsOfRival(t *testing.T) {
	for _, test := range []struct {
		why   string
		setup func(w *fixture) (rival func())
		says  string // of what differs
	}{
		{"another destination of an event stream", func(w *fixture) func() {
			arn := w.stream()
			return func() {
				w.profiles.Remove(arn)
				w.profiles.AddEventStream(eventstreamtest.EventStream{
					DomainName: "domain", EventStreamName: "stream", Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/the-rivals",
				})
			}
		}, "stream/the-rivals"},
		{"another key of an activity stream", func(w *fixture) func() {
			w.databases(w.cluster(activitystream.StatusStarted))
			return func() {
				w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "cluster-1", Status: activitystream.StatusStarted, KmsKeyId: "0987dcba-09fe-87dc-65ba-ab0987654321"})
			}
		}, "KmsKeyId is 0987dcba"},
		{"the native audit fields of an activity stream", func(w *fixture) func() {
			add := func(native bool) string {
				return w.rds.AddInstance(activitystreamtest.Instance{
					Identifier: "orcl", Status: activitystream.StatusStarted, KmsKeyId: key, EngineNativeAuditFieldsIncluded: native,
				})
			}
			w.databases(add(false))
			return func() { add(true) }
		}, "EngineNativeAuditFieldsIncluded is true"},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			w := newFixture(t)
			rival := test.setup(w)
			w.runGuard(time.Hour, func(context.Context) {
				w.at(10*time.Minute + time.Second)
				rival()
			})
			if w.logged("repair failed", "drifted", test.says) == 0 {
				t.Error("the other settings were not reported")
			}
		})
	}
}

// TestGuardReportsSettingsDespiteStaleCheck checks that another actor's settings are reported even
// if the first check after the watch saw them is a stale read.
func TestGuardReportsSettingsDespiteStaleCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		arn := w.cluster(activitystream.StatusStarted)
		w.databases(arn)
		w.runGuard(time.Hour, func(context.Context) {
			w.at(10*time.Minute + time.Second)
			w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "cluster-1", Status: activitystream.StatusStarted, KmsKeyId: "0987dcba-09fe-87dc-65ba-ab0987654321"})
			for before := len(w.rds.Calls()); len(w.rds.Calls()) == before; { // until the watch saw it
				time.Sleep(time.Millisecond)
			}
			w.rds.Stale(arn, time.Minute)
			time.Sleep(15 * time.Second)
			w.rds.Stale(arn, 0)
		})
		if w.logged("state changed") != 2 || w.logged("repair failed", "drifted") == 0 {
			t.Error("the other settings were not reported")
		}
	})
}

// TestGuardReportsDrift checks that a stream with another mode is reported and not changed.
func TestGuardReportsDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		cluster := w.rds.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: key})
		w.databases(cluster)
		w.runGuard(5*time.Minute, nil)
		assert.Equal(t, "cluster", []string{"started 0s"}, sightings(w, w.rds.History(cluster)))
		assert.Equal(t, "failed repairs logged", 3, w.logged("level=ERROR", "repair failed", "sync")) // at 0, 1 and 3 minutes
	})
}

// TestGuardStopsAtOnce relies on the bubble, which does not end while a goroutine is left.
func TestGuardStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		w.databases(w.cluster(activitystream.StatusStopped), w.cluster(activitystream.StatusStarted))
		w.store(ingestion.StatusStoppedIngestion)
		w.stream()
		w.runGuard(7*time.Second, nil) // the first repair takes 1 minute
		assert.Equal(t, "interrupted repairs logged", 2, w.logged("level=INFO", "repair interrupted"))
	})
}

// TestGuardBatchesReads checks that 200 databases take two reads per interval.
func TestGuardBatchesReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		var arns []string
		for range 200 {
			arns = append(arns, w.cluster(activitystream.StatusStarted))
		}
		w.databases(arns...)
		w.runGuard(15*time.Minute+time.Second, nil)
		if n, most := len(w.rds.Calls()), 200+2*31; n > most { // one call per database checks its settings
			t.Errorf("%d calls, want at most %d", n, most)
		}
	})
}

// TestGuardRepairsAllAtOnce checks that many streams that are stopped at the same time are started
// again as fast as RDS's quota permits.
func TestGuardRepairsAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 400
		w := newFixture(t)
		w.rds.Throttle(300, 12)
		var clusters []string
		for range n {
			clusters = append(clusters, w.cluster(activitystream.StatusStarted))
		}
		w.databases(clusters...)
		w.runGuard(10*time.Minute, func(context.Context) {
			w.at(70 * time.Second)
			for _, arn := range clusters {
				w.rds.Set(arn, activitystream.StatusStopped)
			}
		})
		var last time.Duration
		for _, arn := range clusters {
			h := w.rds.History(arn)
			assert.Equal(t, "status of "+arn, activitystream.StatusStarted, h[len(h)-1].State)
			last = max(last, h[len(h)-1].At.Sub(w.began)-70*time.Second)
		}
		calls, throttled := 0, 0
		for _, c := range w.rds.Calls() {
			if c.At.Sub(w.began) >= 70*time.Second {
				calls++
			}
			if c.Code == "Throttling" {
				throttled++
			}
		}
		t.Logf("%d streams are started again after %s, with %d calls until the end, %d throttled", n, last, calls, throttled)
		// 20 s until the next read, 400 starts at 8 a second after a burst of 40, and a minute to start.
		if limit := 20*time.Second + (n-40)*time.Second/8 + time.Minute; last > limit*12/10 {
			t.Errorf("the last stream was started after %s, want at most %s", last, limit*12/10)
		}
		assert.Equal(t, "throttled", 0, throttled)
		assert.Equal(t, "repairs logged", n, w.logged("level=INFO", "msg=repaired"))
	})
}
