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

// inUse is the memory in use, garbage apart: objects and stacks.
func inUse() float64 {
	var m runtime.MemStats
	for range 4 { // each halves the stacks that are larger than they have to be
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// deep is a read by the SDK's client, which needs a lot of stack. What it was answered it forgets: a waiter that keeps it, as this library's does,
// would be compared by that.
func deep() read {
	api := rds.NewFromConfig(fullConfig(activitystream.StatusStarting, "configuring-activity-stream"))
	return func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) {
		if _, err := api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(clusterARN)}); err != nil {
			return nil, err
		}
		return pending, nil
	}
}

func serviceClient(d delays) *activitystream.Client {
	return activitystream.NewFromConfig(fullConfig(activitystream.StatusStarting, "configuring-activity-stream"), func(o *activitystream.Options) {
		o.Pacer = statemachine.NewPacer(1e9, 1e9)
		o.Wait.MinDelay, o.Wait.MaxDelay = d.min, d.max
	})
}

// serviceWait is a Wait of the service's client, which reads by itself and keeps the last value.
func serviceWait(_ read, d delays) func(context.Context) error {
	client := serviceClient(d)
	return func(ctx context.Context) error {
		_, err := client.Wait(ctx, clusterARN, activitystream.StatusStarted, forever)
		return err
	}
}

func shallow(context.Context) (*rds.DescribeDBClustersOutput, error) { return pending, nil }

// serviceEnsure is an ensure of the service's client, that waits for a start under way.
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

// A service's Wait sleeps on a stack of 4 KiB, an ensure on one of 8: see "Goals that are not met" in README.md if this fails.
func TestStacks(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("frames have other sizes here")
	}
	footprint(t, waiter{"", serviceWait}, nil, 5000) // leaves goroutines to be used again, which the first would pay for
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

// footprint is the memory of n waits, each in a goroutine of its own, that have all read once and sleep.
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
		time.Sleep(time.Hour) // what sleeps on without looking at its context
	})
	return f
}

// fleetFootprint is the memory of n waits in one WaitEach, when all were read once, with the last value of each: the answers' own memory, which a
// Stream shares in part, is made anew for each read, as a real client does.
func fleetFootprint(t *testing.T, n int) (f Footprint) {
	synctest.Test(t, func(*testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		arns := make([]string, n)
		for i := range arns {
			arns[i] = clusterARN + strconv.Itoa(i)
		}
		client := activitystream.New(answering{}, func(o *activitystream.Options) {
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
		f.Deep = f.Bytes // the reads have goroutines of their own
		runtime.KeepAlive(arns)
	})
	return f
}

// answering is RDS, as far as a WaitEach asks it, with every cluster starting.
type answering struct{ activitystream.API }

func (answering) DescribeDBClusters(_ context.Context, in *rds.DescribeDBClustersInput, _ ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	out := &rds.DescribeDBClustersOutput{}
	for _, arn := range in.Filters[0].Values {
		out.DBClusters = append(out.DBClusters, types.DBCluster{
			DBClusterArn: new(fresh(arn)), ActivityStreamStatus: activitystream.StatusStarting, ActivityStreamMode: activitystream.ModeAsync,
			ActivityStreamKmsKeyId: new(fresh("0d1e2f3a-4444-4555-8666-777788889999")), ActivityStreamKinesisStreamName: new(fresh("aws-rds-das-cluster-" + arn[len(clusterARN):])),
			Engine: new(fresh("aurora-postgresql")), EngineVersion: new(fresh("16.4")), DbClusterResourceId: new(fresh("cluster-" + arn[len(clusterARN):])),
			Status: new(fresh("configuring-activity-stream")),
		})
	}
	return out, nil
}

// fresh is s in memory of its own.
func fresh(s string) string { return string([]byte(s)) }
