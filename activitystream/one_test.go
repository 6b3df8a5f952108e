package activitystream_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestWaitOverhead compares a wait with the bare requests that it makes, to a service as slow as
// RDS (302 ms): few allocations and microseconds more.
func TestWaitOverhead(t *testing.T) {
	assert.RunSynctest(t, "time", func(t *testing.T) {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.Latency = latency })
		arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
		began := time.Now()
		_, err := rds.NewFromConfig(s.Config()).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
		assert.Equal(t, "error of the call", nil, err)
		call := time.Since(began)

		began = time.Now()
		_, err = activitystream.NewFromConfig(s.Config()).Wait(t.Context(), arn, activitystream.StatusStarted, time.Hour)
		assert.Equal(t, "error of the wait", nil, err)
		assert.Equal(t, "time", call, time.Since(began))
	})
	t.Run("allocations", func(t *testing.T) {
		if assert.Race {
			t.Skip("the race detector allocates, too")
		}
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.HistoryLimit = 1 })
		arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
		api := rds.NewFromConfig(s.Config())
		client := activitystream.New(api, func(o *activitystream.Options) {
			o.Pacer = unpaced()
			o.Wait.Jitter = func(time.Duration) time.Duration { return 0 }
		})
		call := testing.AllocsPerRun(100, func() {
			if _, err := api.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}); err != nil {
				t.Fatal(err)
			}
		})
		for _, reads := range []int{1, 10} {
			var optFns []func(*activitystream.Options) // most waits have none of their own
			if reads > 1 {
				optFns = append(optFns, func(o *activitystream.Options) { o.Wait.Consecutive = reads })
			}
			wait := testing.AllocsPerRun(100, func() {
				if _, err := client.Wait(context.Background(), arn, activitystream.StatusStarted, time.Hour, optFns...); err != nil {
					t.Fatal(err)
				}
			})
			if more := wait/float64(reads) - call; more > 8 {
				t.Errorf("%d reads: %.1f allocations a read more than the call has; want 8 at most", reads, more)
			} else {
				t.Logf("%d reads: %.1f allocations a read more than the call has", reads, more)
			}
		}
	})
}
