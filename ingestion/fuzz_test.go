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

// What EventDataStore may be: the API reference's pattern and bounds, and, if it is an ARN, one of
// a store.
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
				t.Errorf("several lines: %q", err)
			}
		}
	})
}

// FuzzAnswer has the SDK read what may be left of a good answer. It is an error, or it tells the
// truth: the store that was asked for, and its status or one that the machine does not know.
func FuzzAnswer(f *testing.F) {
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
		answered(t, []int{200, 400, 404, 500, 503, 204, 302}[uint(code)%7], corrupttest.Corrupt(goods[uint(which)%uint(len(goods))], cut, flips))
	})
}

// TestEveryFlip is FuzzAnswer for each single bit of an answer, and for each length to which it
// can be cut.
func TestEveryFlip(t *testing.T) {
	t.Parallel()
	corrupttest.EachCorruption(corrupttest.JSON, func(body string) {
		got, err := ingestion.NewFromConfig(corrupttest.StaticResponse(200, "application/x-amz-json-1.1", body)).Get(t.Context(), storeARN)
		truthful(t, 200, storeARN, got, err)
	})
}

// answered has every operation read one answer.
func answered(t *testing.T, status int, body string) {
	t.Helper()
	c := ingestion.NewFromConfig(corrupttest.StaticResponse(status, "application/x-amz-json-1.1", body))
	for _, asked := range []string{storeARN, storeID} {
		got, err := c.Get(t.Context(), asked)
		truthful(t, status, asked, got, err)
	}
	_, err := c.Start(t.Context(), startIn)
	isClear(t, err)
	if err == nil && status >= 300 {
		t.Errorf("status %d is taken for a success", status)
	}
	_, err = c.Stop(t.Context(), stopIn)
	isClear(t, err)
}

// truthful fails the test unless a read tells the truth or is a clear error.
func truthful(t *testing.T, status int, asked string, got *ingestion.EventDataStore, err error) {
	t.Helper()
	isClear(t, err)
	switch {
	case err != nil && got != nil:
		t.Errorf("an error, and %+v", got)
	case err != nil:
	case status >= 300:
		t.Errorf("status %d is taken for a success: %+v", status, got)
	case asked == storeARN && !strings.EqualFold(got.EventDataStoreArn, asked), !strings.HasSuffix(strings.ToLower(got.EventDataStoreArn), storeID):
		t.Errorf("%s is told of %s", got.EventDataStoreArn, asked)
	case got.Status != ingestion.StatusEnabled && (got.Status == "" || ingestion.Machine().Known(got.Status)):
		t.Errorf("it is %s, not %q", ingestion.StatusEnabled, got.Status)
	}
}

// isClear fails the test unless an error, if it is one, is a Fault on one line.
func isClear(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if fault, ok := errors.AsType[*statemachine.Fault](err); !ok || fault.Kind == "" {
		t.Errorf("no *Fault: %v", err)
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("several lines: %q", err)
	}
}
