package eventstream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/spantest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestWaitHealthySpanHasReasonOfError checks that the span has the Reason of the error, which
// WaitHealthy changes from the machine's Unreachable to Gone.
func TestWaitHealthySpanHasReasonOfError(t *testing.T) {
	assert.RunSynctest(t, "a stream that is not there", func(t *testing.T) {
		var spans spantest.Recorder
		client := eventstream.NewFromConfig(empty().Config(), func(o *eventstream.Options) {
			o.ClientOptions = append(o.ClientOptions, func(o *customerprofiles.Options) { o.TracerProvider = &spans })
		})
		_, err := client.WaitHealthy(t.Context(), ref(), time.Hour)
		ours := spans.Spans(sdkcall.ScopeName)
		if !errors.Is(err, statemachine.Gone) || len(ours) != 1 {
			t.Fatalf("%d spans, %v", len(ours), err)
		}
		for key, want := range map[string]string{
			"streamwarden.resource": ref().String(), "streamwarden.target": "HEALTHY",
			"streamwarden.reason": "gone", "streamwarden.kind": "not found", "exception.message": err.Error(),
		} {
			if got := ours[0].Properties[key]; got != want {
				t.Errorf("%s: %v, want %s", key, got, want)
			}
		}
	})
}
