package ingestion_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// TestWaitRepeatsRequestRejectedForItsTime checks that a wait repeats a request once if the service
// denied it and its clock differs from the caller's.
func TestWaitRepeatsRequestRejectedForItsTime(t *testing.T) {
	for _, test := range []struct {
		why   string
		ahead time.Duration // the service's clock
		want  string
		reads int
	}{
		{why: "the clocks differ", ahead: time.Hour, reads: 2},
		{why: "the clocks agree, so access is denied", want: "read failed: access denied", reads: 1},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := newServer(ingestion.StatusEnabled)
			s.Fail(get, ingestiontest.Failure{Code: "AccessDeniedException", Edit: &awstest.Edit{
				Header: http.Header{"Date": {time.Now().Add(test.ahead).UTC().Format(http.TimeFormat)}},
			}})
			_, err := ingestion.NewFromConfig(s.Config(), exact).Wait(t.Context(), storeARN, ingestion.StatusEnabled, time.Hour)
			assert.Equal(t, "the error", test.want, assert.ErrorDetail(err))
			assert.Equal(t, "reads", test.reads, len(s.Calls()))
		})
	}
}
