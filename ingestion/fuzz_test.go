package ingestion_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/corrupttest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Valid values of EventDataStore: the API reference's pattern and bounds, and for an ARN that it
// names a store.
var (
	anyStore = regexp.MustCompile(`\A[a-zA-Z0-9._/\-:]{3,256}\z`)
	anyARN   = regexp.MustCompile(`\A(?i:arn):`)
	storeIs  = regexp.MustCompile(`\Aarn:[^:]+:cloudtrail:[^:]+:[0-9]+:eventdatastore/[^/:]+\z`)
)

func FuzzInput(f *testing.F) {
	for _, seed := range []string{
		"", "ab", storeID, storeARN, strings.Repeat("a", 256), strings.Repeat("a", 257), storeARN + "\n", "ARN:" + storeARN[4:], storeARN + "/x",
		"arn:aws:cloudtrail:us-east-1:123456789012:trail/t", "a b", "é-é", "arn:aws:rds:us-east-1:1:db:x", "arn:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := anyStore.MatchString(s) && (!anyARN.MatchString(s) || storeIs.MatchString(s))
		for _, err := range []error{(&ingestion.StartInput{EventDataStore: s}).Validate(), (&ingestion.StopInput{EventDataStore: s}).Validate()} {
			if (err == nil) != want {
				t.Errorf("accepted %t, want %t: %v", err == nil, want, err)
			}
			if err == nil {
				continue
			}
			if input, ok := errors.AsType[*statemachine.InputError](err); !ok || len(input.Fields) != 1 || input.Fields[0].Field != "EventDataStore" {
				t.Errorf("not an *InputError of the one field: %v", err)
			}
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("more than one line: %q", err)
			}
		}
	})
}

// FuzzResponse makes the SDK decode a corrupted response. The result must be an error or the
// truth: the requested store, with its status or one that the machine does not know.
func FuzzResponse(f *testing.F) {
	goods := []string{
		corrupttest.JSON, corrupttest.XML, corrupttest.CustomerProfilesResponse, "", "{}", `{"EventDataStores":[{"EventDataStoreArn":"` + storeARN + `"}]}`,
		`{"__type":"EventDataStoreNotFoundException","Message":"The event data store was not found."}`,
	}
	for which := range goods {
		f.Add(which, 0, uint16(1<<15), []byte{})
		f.Add(which, 0, uint16(100), []byte{})
		f.Add(which, 1, uint16(1<<15), []byte{0, 3, 1, 0, 110, 5})
	}
	f.Fuzz(func(t *testing.T, which, code int, cut uint16, flips []byte) {
		callAll(t, []int{200, 400, 404, 500, 503, 204, 302}[uint(code)%7], corrupttest.Corrupt(goods[uint(which)%uint(len(goods))], cut, flips))
	})
}

// TestGetWithEveryCorruption flips each single bit of a response, and truncates it to each length.
func TestGetWithEveryCorruption(t *testing.T) {
	t.Parallel()
	corrupttest.EachCorruption(corrupttest.JSON, func(body string) {
		got, err := ingestion.NewFromConfig(corrupttest.StaticResponse(200, "application/x-amz-json-1.1", body)).Get(t.Context(), storeARN)
		wantTruth(t, 200, storeARN, got, err)
	})
}

// callAll calls every operation with one response.
func callAll(t *testing.T, status int, body string) {
	t.Helper()
	c := ingestion.NewFromConfig(corrupttest.StaticResponse(status, "application/x-amz-json-1.1", body), func(o *ingestion.Options) {
		o.ReadPacer, o.CommandPacer = statemachine.NewPacer(1e9, 1e9), statemachine.NewPacer(1e9, 1e9)
	})
	for _, requested := range []string{storeARN, storeID} {
		got, err := c.Get(t.Context(), requested)
		wantTruth(t, status, requested, got, err)
	}
	_, err := c.Start(t.Context(), startIn)
	wantFault(t, err)
	if err == nil && status >= 300 {
		t.Errorf("success with status %d", status)
	}
	_, err = c.Stop(t.Context(), stopIn)
	wantFault(t, err)
}

// wantTruth fails the test unless a read returns the truth or a clear error.
func wantTruth(t *testing.T, status int, requested string, got *ingestion.EventDataStore, err error) {
	t.Helper()
	wantFault(t, err)
	switch {
	case err != nil && got != nil:
		t.Errorf("error and value %+v", got)
	case err != nil:
	case status >= 300:
		t.Errorf("success with status %d: %+v", status, got)
	case requested == storeARN && !strings.EqualFold(got.EventDataStoreArn, requested), !strings.HasSuffix(strings.ToLower(got.EventDataStoreArn), storeID):
		t.Errorf("got store %s, want %s", got.EventDataStoreArn, requested)
	case got.Status != ingestion.StatusEnabled && (got.Status == "" || ingestion.Machine().Known(got.Status)):
		t.Errorf("want status %s, got %q", ingestion.StatusEnabled, got.Status)
	}
}

// wantFault fails the test unless err is nil or a Fault on one line.
func wantFault(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if fault, ok := errors.AsType[*statemachine.Fault](err); !ok || fault.Kind == "" {
		t.Errorf("not a *Fault: %v", err)
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("more than one line: %q", err)
	}
}
