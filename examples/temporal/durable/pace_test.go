package durable_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// TestActivitiesPace runs the activities of one place one after the other, each as if on another
// worker. Together they stay under the agreed rate.
func TestActivitiesPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 4
		h := newHands(t)
		var arns []string
		for i := range 250 {
			arns = append(arns, h.server.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("c%d", i)}))
		}
		w := timed(perSecond)
		for i := range 20 {
			var result durable.ReadResult
			h.do(&result, h.a.Read, place, w, arns[:100+i])
			var ran durable.CommandResult
			h.do(&ran, h.a.Command, place, w, arns[i], activitystream.StartActivityStream, nil)
		}
		calls := h.server.Calls()
		for i, c := range calls[1:] {
			if gap := c.At.Sub(calls[i].At); gap < time.Second/perSecond {
				t.Fatalf("call %d came %v after the one before", i+1, gap)
			}
		}
		if n := len(calls); n < 100 {
			t.Errorf("%d calls only: this was no test", n)
		}
	})
}
