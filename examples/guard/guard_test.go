package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

// TestPutsBack: what is switched off is switched on at the next read, of each kind of resource.
func TestPutsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster, other := w.cluster(activitystream.StatusStarted), w.cluster(activitystream.StatusStarted)
		w.databases(cluster, other)
		store, stream := w.store(ingestion.StatusEnabled), w.stream()
		w.guarding(10*time.Minute, func(context.Context) {
			w.at(10 * time.Second)
			w.rds.Set(cluster, activitystream.StatusStopped)
			w.trail.Set(store, ingestion.StatusStoppingIngestion) // takes a minute; it is waited out
			w.profiles.Remove(stream)
		})
		w.same("cluster", sightings(w, w.rds.History(cluster)), []string{"started 0s", "stopped 10s", "starting 30s", "started 1m30s"})
		w.same("other cluster", sightings(w, w.rds.History(other)), []string{"started 0s"})
		w.same("store", sightings(w, w.trail.History(store)),
			[]string{"ENABLED 0s", "STOPPING_INGESTION 10s", "STOPPED_INGESTION 1m10s", "STARTING_INGESTION 1m10s", "ENABLED 2m10s"})
		w.same("stream", sightings(w, w.profiles.History(stream)), []string{"RUNNING 0s", "ABSENT 10s", "RUNNING 30.5s"}) // the pacer's half second: that it is absent is confirmed by lists
		if n := w.logged("level=INFO", `msg="put back"`); n != 3 {
			t.Errorf("%d put-backs are logged\n%s", n, w.log.String())
		}
		if n := w.logged("level=ERROR"); n != 0 {
			t.Errorf("%d errors are logged\n%s", n, w.log.String())
		}
	})
}

// TestSeenTwice: somebody undoes a put-back between two reads of the watch, which thus shows nothing new.
func TestSeenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		w.rds = activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Starting = 10 * time.Second })
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.guarding(5*time.Minute, func(context.Context) {
			w.at(15 * time.Second)
			w.rds.Set(cluster, activitystream.StatusStopped)
		})
		w.same("starts", w.starts(cluster), []string{"0s", "1m30s"}) // the pause of a minute began at 10 s
	})
}

// TestOnTheWay: what somebody else mends already is left to them.
func TestOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster := w.cluster(activitystream.StatusStarting)
		w.databases(cluster)
		w.guarding(5*time.Minute, nil)
		w.same("starts", w.starts(cluster), nil)
	})
}

// TestDeleted: a database that is gone is asked for ever more seldom, and guarded again when it is back.
func TestDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster, other := w.cluster(activitystream.StatusStarted), w.cluster(activitystream.StatusStarted)
		w.databases(cluster, other)
		w.guarding(time.Hour, func(context.Context) {
			w.at(10 * time.Second)
			w.rds.Remove(cluster)
			w.at(125 * time.Second)
			w.rds.Set(other, activitystream.StatusStopped)
			w.at(5 * time.Minute)
			w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "cluster-1", KmsKeyId: key})
		})
		// Not found at 30 s, then after 1 and 2 minutes, and found after 4.
		w.same("cluster", sightings(w, w.rds.History(cluster)), []string{"started 0s", "10s", "stopped 5m0s", "starting 7m30s", "started 8m30s"})
		w.same("other cluster", sightings(w, w.rds.History(other)), []string{"started 0s", "stopped 2m5s", "starting 2m30s", "started 3m30s"})
		if n := w.logged("level=ERROR", `msg="cannot be watched"`, cluster); n != 3 {
			t.Errorf("%d losses are logged\n%s", n, w.log.String())
		}
	})
}

// TestAccessDenied: what is not allowed is tried again ever more seldom, and disturbs nobody.
func TestAccessDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster, other := w.cluster(activitystream.StatusStopped), w.cluster(activitystream.StatusStopped)
		w.databases(cluster, other)
		w.rds.Fail(activitystream.StartActivityStream, activitystreamtest.Failure{Code: "AccessDenied", Status: 403, Resource: cluster, Times: -1})
		w.guarding(200*time.Minute, nil)
		w.same("starts", w.starts(cluster), []string{
			"0s AccessDenied", "1m0s AccessDenied", "3m0s AccessDenied", "7m0s AccessDenied", "15m0s AccessDenied",
			"31m0s AccessDenied", "1h3m0s AccessDenied", "2h3m0s AccessDenied", "3h3m0s AccessDenied",
		})
		w.same("starts of the other", w.starts(other), []string{"0s"})
	})
}

// TestDescribeDenied: nor does it end anything if nothing can be read.
func TestDescribeDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.rds.Fail("DescribeDBClusters", activitystreamtest.Failure{Code: "AccessDenied", Status: 403, Times: -1})
		w.guarding(20*time.Minute, func(context.Context) {
			w.at(10 * time.Minute)
			w.rds.ClearFailures("DescribeDBClusters")
		})
		w.same("starts", w.starts(cluster), []string{"15m0s"}) // tried in vain at 0, 1, 3 and 7 minutes
	})
}

// TestRival: somebody stops the stream 20 s after each start. It is put back ever more seldom, and from the third time on reported.
func TestRival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster := w.cluster(activitystream.StatusStopped)
		w.databases(cluster)
		w.guarding(4*time.Hour, func(ctx context.Context) {
			for ctx.Err() == nil {
				if h := w.rds.History(cluster); h[len(h)-1].State == activitystream.StatusStarted && time.Since(h[len(h)-1].At) >= 20*time.Second {
					w.rds.Set(cluster, activitystream.StatusStopped)
				}
				time.Sleep(time.Second)
			}
		})
		w.same("starts", w.starts(cluster), []string{"0s", "2m0s", "5m0s", "10m0s", "19m0s", "36m0s", "1h9m0s", "2h10m0s", "3h11m0s"})
		if n := w.logged("level=ERROR", "SOMEBODY KEEPS SWITCHING IT OFF", cluster); n != 7 {
			t.Errorf("reported %d times, want 7\n%s", n, w.log.String())
		}
	})
}

// TestForgiven: one intruder a day is none of these.
func TestBackoffResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster := w.cluster(activitystream.StatusStarted)
		w.databases(cluster)
		w.guarding(30*time.Hour, func(context.Context) {
			for day := range 2 {
				w.at(time.Duration(day)*24*time.Hour + 10*time.Second)
				w.rds.Set(cluster, activitystream.StatusStopped)
			}
		})
		w.same("starts", w.starts(cluster), []string{"30s", "24h0m30s"})
		if n := w.logged("level=ERROR"); n != 0 {
			t.Errorf("%d errors are logged\n%s", n, w.log.String())
		}
	})
}

// TestDrift: a stream of another mode is reported, and left as it is.
func TestDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		cluster := w.rds.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted, Mode: activitystream.ModeSync, KmsKeyId: key})
		w.databases(cluster)
		w.guarding(5*time.Minute, nil)
		w.same("cluster", sightings(w, w.rds.History(cluster)), []string{"started 0s"})
		if n := w.logged("level=ERROR", "could not be put back", "sync"); n != 3 { // at 0, 1 and 3 minutes
			t.Errorf("reported %d times, want 3\n%s", n, w.log.String())
		}
	})
}

// TestEnd: the end comes at once, whatever is under way, and leaves nothing behind: else the bubble would not end.
func TestGuardStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		w.databases(w.cluster(activitystream.StatusStopped), w.cluster(activitystream.StatusStarted))
		w.store(ingestion.StatusStoppedIngestion)
		w.stream()
		w.guarding(7*time.Second, nil) // the first put-back takes a minute
		if n := w.logged("level=INFO", "interrupted while it was put back"); n != 2 {
			t.Errorf("%d put-backs were interrupted, want 2\n%s", n, w.log.String())
		}
	})
}

// TestMany: two hundred databases cost two reads a round.
func TestMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t)
		var arns []string
		for range 200 {
			arns = append(arns, w.cluster(activitystream.StatusStarted))
		}
		w.databases(arns...)
		w.guarding(15*time.Minute+time.Second, nil)
		if n, most := len(w.rds.Calls()), 200+2*31; n > most { // each is looked at once by itself
			t.Errorf("%d calls, want %d at the most", n, most)
		}
	})
}
