package activitystream_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// unpaced lets everything go: a benchmark is not to measure a quota.
func unpaced() *statemachine.Pacer { return statemachine.NewPacer(1e9, 1e9) }

// BenchmarkOne compares a wait of one read, of a stream that is there already, with the bare call
// of the SDK that it makes:
//
//	go test ./activitystream -run '^$' -bench BenchmarkOne -benchmem -count 10
func BenchmarkOne(b *testing.B) {
	s := activitystreamtest.NewServer()
	arn := s.AddCluster(activitystreamtest.Cluster{Status: activitystream.StatusStarted})
	b.Run("call", func(b *testing.B) {
		b.ReportAllocs()
		api := rds.NewFromConfig(s.Config())
		for b.Loop() {
			if _, err := api.DescribeDBClusters(b.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("wait", func(b *testing.B) {
		b.ReportAllocs()
		client := activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) { o.Pacer = unpaced() })
		for b.Loop() {
			if _, err := client.Wait(b.Context(), arn, activitystream.StatusStarted, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ten reads", func(b *testing.B) {
		b.ReportAllocs()
		client := activitystream.NewFromConfig(s.Config(), func(o *activitystream.Options) {
			o.Pacer, o.Wait.Consecutive, o.Wait.MinDelay = unpaced(), 10, time.Nanosecond
			o.Wait.Jitter = func(time.Duration) time.Duration { return time.Microsecond }
		})
		for b.Loop() {
			if _, err := client.Wait(b.Context(), arn, activitystream.StatusStarted, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	})
}
