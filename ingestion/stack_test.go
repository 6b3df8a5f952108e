//go:build amd64 && !race

package ingestion_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestWaitStack checks that a Wait sleeps on a stack of 4 KiB: the next size is 8 KiB.
func TestWaitStack(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("counting what is covered makes frames larger")
	}
	inUse := func() uint64 {
		var m runtime.MemStats
		for range 4 { // each halves the stacks that are larger than necessary
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return m.StackInuse
	}
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(store{Status: ingestion.StatusEnabled})
		client := ingestion.NewFromConfig(s.Config(), func(o *ingestion.Options) {
			o.ReadPacer = statemachine.NewPacer(1e9, 1e9)
			o.Wait.MinDelay, o.Wait.MaxDelay = time.Minute, time.Minute
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		const waits = 500
		before := inUse()
		for range waits {
			all.Go(func() { _, _ = client.Wait(ctx, arn, ingestion.StatusStoppedIngestion, time.Hour) })
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := (inUse() - before) / waits; got > 6<<10 {
			t.Errorf("a Wait that sleeps has a stack of %d bytes", got)
		}
		cancel()
		all.Wait()
	})
}
