package eventstream_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestLoadAbsentStreams checks that the cost of single waits that confirm absent streams grows with
// their number only.
func TestLoadAbsentStreams(t *testing.T) {
	for _, n := range []int{100, 200} {
		assert.RunSynctest(t, fmt.Sprint(n), func(t *testing.T) {
			s, refs := domains(n, eventstream.StateAbsent)
			s.Throttle(5, 5)
			c := client(s)
			began := time.Now()
			var wg sync.WaitGroup
			for _, ref := range refs {
				wg.Go(func() {
					_, err := c.Wait(t.Context(), ref, eventstream.StateAbsent, time.Hour)
					assert.Equal(t, "error", nil, err)
				})
			}
			wg.Wait()
			took := time.Since(began)
			t.Logf("%d Wait for absent streams: %d calls, %s", n, len(s.Calls()), took)
			assert.Equal(t, "calls", 2*n, len(s.Calls()))
			if ideal := time.Duration(2*n) * time.Second / 4; took > ideal*105/100 {
				t.Errorf("took %s, ideally %s", took, ideal)
			}
		})
	}
}
