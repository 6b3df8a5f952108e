package benchmarks

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// inUse returns the memory in use, without garbage: objects and stacks.
func inUse() float64 {
	var m runtime.MemStats
	for range 4 { // each halves the stacks that are larger than necessary
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// deep returns a read that calls the SDK's client, which needs much stack. The read returns an
// existing value instead of the response, because not all waiters keep it.
func deep() read {
	api := rds.NewFromConfig(fullConfig(activitystream.StatusStarting, "configuring-activity-stream"))
	return func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) {
		if _, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(clusterARN)}); err != nil {
			return nil, err
		}
		return pending, nil
	}
}

// serviceClient returns a client whose reads show a stream that is starting.
func serviceClient(d delays) *activitystream.Client {
	return activitystream.NewFromConfig(fullConfig(activitystream.StatusStarting, "configuring-activity-stream"), func(o *activitystream.Options) {
		o.Pacer = statemachine.NewPacer(1e9, 1e9)
		o.Wait.MinDelay, o.Wait.MaxDelay = d.min, d.max
	})
}

// serviceWait waits with the service's client, which keeps the last value.
func serviceWait(_ read, d delays) func(context.Context) error {
	client := serviceClient(d)
	return func(ctx context.Context) error {
		_, err := client.Wait(ctx, clusterARN, activitystream.StatusStarted, forever)
		return err
	}
}

// shallow returns an existing value.
func shallow(context.Context) (*rds.DescribeDBClustersOutput, error) { return pending, nil }

// serviceEnsure calls an ensure method of the service's client, which joins a start under way.
func serviceEnsure(_ read, d delays) func(context.Context) error {
	client := serviceClient(d)
	in := &activitystream.StartInput{
		ResourceArn: clusterARN, Mode: activitystream.ModeAsync, KmsKeyId: "3f2a8c1d-5b6e-4f70-8a91-b2c3d4e5f607", ApplyImmediately: true,
	}
	return func(ctx context.Context) error {
		_, err := client.EnsureStarted(ctx, in, forever)
		return err
	}
}

// TestStacks checks that a Wait of a service sleeps on a stack of 4 KiB, and an Ensure call on one
// of 8 KiB. See "Goals that are not met" in README.md if it fails.
func TestStacks(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("frames have other sizes on this architecture")
	}
	footprint(t, waiter{"", serviceWait}, nil, 5000) // leaves goroutines to be used repeat, which the first would pay for
	for _, tt := range []struct {
		name    string
		prepare func(read, delays) func(context.Context) error
		most    float64
	}{
		{"Wait", serviceWait, 4<<10 + 2500},
		{"EnsureStarted", serviceEnsure, 8<<10 + 4000},
	} {
		got := footprint(t, waiter{tt.name, tt.prepare}, nil, 5000).Bytes
		t.Logf("an activitystream %s that sleeps has %.0f bytes", tt.name, got)
		if got > tt.most {
			t.Errorf("an activitystream %s that sleeps has %.0f bytes, want at most %.0f", tt.name, got, tt.most)
		}
	}
}

// footprint returns the memory of n waits that have read once and sleep, each in its own goroutine.
func footprint(t *testing.T, w waiter, read read, n int) (f Footprint) {
	synctest.Test(t, func(*testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		once := w.prepare(read, delays{min: time.Minute, max: time.Minute})
		before, goroutines := inUse(), runtime.NumGoroutine()
		for range n {
			all.Go(func() { _ = once(ctx) })
		}
		time.Sleep(time.Second)
		synctest.Wait()
		f = Footprint{
			Name: w.name, Waits: n,
			Bytes:      (inUse() - before) / float64(n),
			Goroutines: float64(runtime.NumGoroutine()-goroutines) / float64(n),
		}
		cancel()
		all.Wait()
		time.Sleep(time.Hour) // for contenders that sleep without checking their context
	})
	return f
}

// fleetFootprint returns the memory of n waits in one WaitEach after the first read of each, with
// its last value. As with a real client, each response has its own memory, part of which a Stream
// shares.
func fleetFootprint(t *testing.T, n int) (f Footprint) {
	synctest.Test(t, func(*testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		arns := make([]string, n)
		for i := range arns {
			arns[i] = clusterARN + strconv.Itoa(i)
		}
		client := activitystream.New(startingClusters{}, func(o *activitystream.Options) {
			o.Pacer = statemachine.NewPacer(1e9, 1e9)
			o.Wait.MinDelay, o.Wait.MaxDelay = time.Hour, time.Hour
		})
		before, goroutines := inUse(), runtime.NumGoroutine()
		go func() {
			for range client.WaitEach(ctx, arns, activitystream.StatusStarted, forever) {
				continue
			}
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		f = Footprint{
			Name: "streamwarden WaitEach", Waits: n,
			Bytes:      (inUse() - before) / float64(n),
			Goroutines: float64(runtime.NumGoroutine()-goroutines) / float64(n),
		}
		f.Deep = f.Bytes // reads run in separate goroutines
		runtime.KeepAlive(arns)
	})
	return f
}

// startingClusters is an API in which each cluster has a stream that is starting.
type startingClusters struct{ activitystream.API }

// DescribeDBClusters returns the clusters of the first filter.
func (startingClusters) DescribeDBClusters(_ context.Context, in *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	out := &rds.DescribeDBClustersOutput{}
	for _, arn := range in.Filters[0].Values {
		out.DBClusters = append(out.DBClusters, types.DBCluster{
			DBClusterArn: new(copyOf(arn)), ActivityStreamStatus: activitystream.StatusStarting, ActivityStreamMode: activitystream.ModeAsync,
			ActivityStreamKmsKeyId: new(copyOf("0d1e2f3a-4444-4555-8666-777788889999")), ActivityStreamKinesisStreamName: new(copyOf("aws-rds-das-cluster-" + arn[len(clusterARN):])),
			Engine: new(copyOf("aurora-postgresql")), EngineVersion: new(copyOf("16.4")), DbClusterResourceId: new(copyOf("cluster-" + arn[len(clusterARN):])),
			Status: new(copyOf("configuring-activity-stream")),
		})
	}
	return out, nil
}

// copyOf returns a copy of s in its own memory.
func copyOf(s string) string { return string([]byte(s)) }
