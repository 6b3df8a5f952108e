package ingestion_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestLoadCallersThatComeAgain checks that callers that give up after 5 s and call again get their
// slots.
func TestLoadCallersThatComeAgain(t *testing.T) {
	assert.RunSynctest(t, "10 stores", func(t *testing.T) {
		const takes = 3 * time.Second
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Starting = takes })
		arns := addStores(s, 10, ingestion.StatusStoppedIngestion)
		s.Throttle(10, 10)
		c := client(s)
		began := time.Now()
		var wg sync.WaitGroup
		for _, arn := range arns {
			wg.Go(func() {
				for {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					_, err := c.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, time.Hour)
					cancel()
					if err == nil {
						return
					}
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		t.Logf("10 stores, callers with 5 s: %d calls, %s", len(s.Calls()), took)
		if took > 12*time.Second+takes {
			t.Errorf("took %s", took)
		}
	})
}
