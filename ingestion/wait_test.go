package ingestion_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestWaitReachesTargetOrFails(t *testing.T) {
	const minute = time.Minute
	for _, test := range []struct {
		name, why string
		status    ingestion.Status
		before    func(s *server) // right before the wait
		target    ingestion.Status
		maxWait   time.Duration // an hour
		want      string        // the reason; empty: reached
		last      ingestion.Status
		at        time.Duration // when it is over
		says      []string
	}{
		{name: "created", why: "it settles", status: ingestion.StatusCreated, target: ingestion.StatusEnabled, last: ingestion.StatusEnabled, at: 30 * time.Second},
		{
			name: "deleted", why: "only a restore brings it back", status: ingestion.StatusPendingDeletion, target: ingestion.StatusEnabled,
			want: "unreachable", last: ingestion.StatusPendingDeletion, at: minute,
			says: []string{storeARN, "from PENDING_DELETION", "RestoreEventDataStore would lead to ENABLED"},
		},
		{
			name: "deleted, to be stopped", why: "the error has the whole plan", status: ingestion.StatusPendingDeletion, target: ingestion.StatusStoppedIngestion,
			want: "unreachable", last: ingestion.StatusPendingDeletion, at: minute,
			says: []string{"RestoreEventDataStore, then StopEventDataStoreIngestion would lead to STOPPED_INGESTION"},
		},
		{
			name: "purged", why: "seven days after its deletion", status: ingestion.StatusPendingDeletion, target: ingestion.StatusEnabled,
			before: func(*server) { time.Sleep(7*24*time.Hour - 30*time.Second) },
			want:   "gone", last: ingestion.StatusPendingDeletion, at: 30 * time.Second,
		},
	} {
		assert.RunSynctest(t, test.name, func(t *testing.T) {
			s := newServer(test.status)
			if test.before != nil {
				time.Sleep(time.Hour - minute) // a stale read cannot be older than the store
				s.Set(storeARN, test.status)
				time.Sleep(minute / 2)
				s.Set(storeARN, test.status)
				test.before(s)
			}
			began, maxWait := time.Now(), test.maxWait
			if maxWait == 0 {
				maxWait = time.Hour
			}
			got, err := client(s).Wait(t.Context(), storeARN, test.target, maxWait)
			assert.Equal(t, test.why, test.want, assert.ErrorSummary(err))
			assert.Equal(t, "it took", test.at, time.Since(began))
			last := ingestion.Status("")
			if got != nil {
				last = got.Status
			}
			assert.Equal(t, "value", test.last, last)
			if err != nil {
				assert.ErrorContains(t, err, test.says...)
				assert.ErrorContains(t, err, "event data store "+storeARN)
			}
			assert.Equal(t, "commands", []string{}, commands(s, began))
		})
	}
}

// sighting is one value of a watch: the status, the time, and the error.
type sighting struct {
	Status ingestion.Status
	At     time.Duration
	End    string
}

func TestWatchYieldsChanges(t *testing.T) {
	assert.RunSynctest(t, "changes, and the end", func(t *testing.T) {
		s := newServer(ingestion.StatusStoppedIngestion)
		began := time.Now()
		for d, f := range map[time.Duration]func(){
			31 * time.Second:  func() { s.Set(storeARN, ingestion.StatusStartingIngestion) },
			125 * time.Second: func() { s.SetFederation(storeARN, "ENABLING") },
			155 * time.Second: func() { s.Fail(get, failure{Code: "ThrottlingException"}) },
			250 * time.Second: func() { s.Remove(storeARN) },
		} {
			time.AfterFunc(d, f)
		}
		var failures []string
		c := client(s, func(o *ingestion.Options) {
			o.Wait.OnRead = func(r statemachine.Reading) {
				if r.Err != nil {
					failures = append(failures, time.Since(began).String()+" "+assert.ErrorSummary(r.Err))
				}
			}
		})
		var got []sighting
		for v, err := range c.Watch(t.Context(), storeARN) {
			g := sighting{At: time.Since(began), End: assert.ErrorSummary(err)}
			if v != nil {
				g.Status = v.Status
			}
			got = append(got, g)
		}
		assert.Equal(t, "what it yields", []sighting{
			{Status: ingestion.StatusStoppedIngestion},
			{Status: ingestion.StatusStartingIngestion, At: time.Minute},
			{Status: ingestion.StatusEnabled, At: 2 * time.Minute},
			{Status: ingestion.StatusEnabled, At: 150 * time.Second}, // the federation
			{Status: ingestion.StatusEnabled, At: 270 * time.Second, End: "gone"},
		}, got)
		assert.Equal(t, "what it tolerates", []string{"3m0s throttled", "4m30s not found"}, failures)
	})
	assert.RunSynctest(t, "a change of UpdatedTimestamp alone", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		ctx, cancel := context.WithTimeout(t.Context(), 125*time.Second)
		defer cancel()
		time.AfterFunc(45*time.Second, func() {
			if _, err := cloudtrail.NewFromConfig(s.Config()).UpdateEventDataStore(ctx, &cloudtrail.UpdateEventDataStoreInput{
				EventDataStore: new(storeID), Name: new("audit"), // its name already
			}); err != nil {
				t.Error(err)
			}
		})
		n := 0
		for _, err := range client(s).Watch(ctx, storeARN) {
			if n++; err != nil {
				assert.Equal(t, "the reason", "canceled", assert.ErrorSummary(err))
			}
		}
		assert.Equal(t, "yielded", 2, n)
		assert.Equal(t, "reads", 5, len(reads(s, time.Now())))
	})
}

// TestUnexpectedResponsesAreUnavailable checks that a response that the SDK accepts is an error
// unless it is about the requested store.
func TestUnexpectedResponsesAreUnavailable(t *testing.T) {
	other := "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/9999-" + storeID
	for _, test := range []struct{ why, body, says string }{
		{why: "nothing at all", body: "", says: "response has no event data store ARN"},
		{why: "an empty document", body: "{}", says: "response has no event data store ARN"},
		{why: "null", body: "null", says: "response has no event data store ARN"},
		{why: "another store", body: `{"EventDataStoreArn":"` + other + `","Status":"ENABLED"}`, says: "response describes a different resource"},
		{why: "an ID without its ARN", body: `{"EventDataStoreArn":"` + storeID + `x","Status":"ENABLED"}`, says: "response describes a different resource"},
		{why: "the member that AWS's documents misspell", body: `{"EventDataStoreARN":"` + storeARN + `","Status":"ENABLED"}`, says: "response has no event data store ARN"},
		{why: "no status", body: `{"EventDataStoreArn":"` + storeARN + `"}`, says: "response has no status"},
		{why: "HTML", body: "<html><body>Please log in</body></html>", says: "unreadable response: HTTP 200 OK"},
		{why: "half a document", body: `{"EventDataStoreArn":"` + storeARN + `","Sta`, says: "unreadable response: HTTP 200 OK"},
		{why: "another JSON type", body: `{"EventDataStoreArn":["` + storeARN + `"],"Status":"ENABLED"}`, says: "unreadable response: HTTP 200 OK"},
		{why: "a timestamp as text", body: `{"EventDataStoreArn":"` + storeARN + `","Status":"ENABLED","CreatedTimestamp":"2026-01-01T00:00:00Z"}`, says: "unreadable response: HTTP 200 OK"},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			for _, requested := range []string{storeARN, storeID} {
				s := newServer(ingestion.StatusEnabled)
				cfg := s.Config()
				cfg.HTTPClient, cfg.Retryer = replaceBody(s, get, test.body), func() aws.Retryer { return aws.NopRetryer{} }
				c := ingestion.NewFromConfig(cfg, exact)
				v, err := c.Get(t.Context(), requested)
				if err == nil || v != nil {
					t.Fatalf("%v, %v", v, err)
				}
				assert.Equal(t, "the kind", statemachine.Unavailable, statemachine.KindOf(err))
				assert.ErrorContains(t, err, test.says, requested)

				began := time.Now()
				v, err = c.Wait(t.Context(), requested, ingestion.StatusEnabled, time.Minute)
				assert.Equal(t, "Wait", "timed out", assert.ErrorSummary(err))
				assert.Equal(t, "it took", time.Minute, time.Since(began))
				if v != nil {
					t.Errorf("%+v", v)
				}
				out, err := c.EnsureStopped(t.Context(), &ingestion.StopInput{EventDataStore: requested}, time.Minute)
				assert.Equal(t, "EnsureStopped", "timed out", assert.ErrorSummary(err))
				assert.Equal(t, "commands", []string{}, commands(s, began))
				assert.Equal(t, "output", &ingestion.EnsureOutput{}, out)
			}
		})
	}
}

// TestGetMatchesWholeID checks that an ID is the whole text after a separator of the ARN.
func TestGetMatchesWholeID(t *testing.T) {
	for requested, ok := range map[string]bool{
		storeARN: true, storeID: true, "eventdatastore/" + storeID: true,
		storeID[1:]: false, "atastore/" + storeID: false, "a" + storeARN: false,
	} {
		s := newServer(ingestion.StatusEnabled)
		cfg := s.Config()
		cfg.HTTPClient = transport(func(r *http.Request) (*http.Response, error) {
			s.Fail(get, failure{Body: `{"EventDataStoreArn":"` + storeARN + `","Status":"ENABLED"}`})
			return s.Do(r)
		})
		_, err := ingestion.NewFromConfig(cfg).Get(t.Context(), requested)
		if ok != (err == nil) {
			t.Errorf("%s: %v", requested, err)
		}
	}
}
