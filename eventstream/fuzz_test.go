package eventstream_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/corrupttest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Valid members: the API reference's patterns and bounds, and a Kinesis data stream as destination.
var (
	anyName = regexp.MustCompile(`\A[a-zA-Z0-9_-]{1,64}\z`)
	anyURI  = regexp.MustCompile(`\Aarn:[!-9;-~]+:kinesis:[!-9;-~]+:[0-9]+:stream/[a-zA-Z0-9_.-]+\z`)
	anyTag  = regexp.MustCompile(`\A[a-zA-Z+-=._:/]{1,128}\z`)
	awsTag  = regexp.MustCompile(`\Aaws:`)
)

func FuzzInput(f *testing.F) {
	long := strings.Repeat("a", 65)
	f.Add("example-domain", "example-stream", uri, "k", "v", uint8(1))
	f.Add("", "..", "arn:aws:firehose:us-east-1:123456789012:deliverystream/x", "aws:x", "", uint8(51))
	f.Add(long, long[1:], uri+strings.Repeat("a", 255), "", strings.Repeat("é", 256), uint8(50))
	f.Add("a/b", "a%2Fb", uri+"\n", strings.Repeat("k", 129), strings.Repeat("v", 257), uint8(0))
	f.Add("a.b", "a\n", "arn:aws:kinesis:us-east-1:1:stream/a/consumer/b:1", "[=]^", "\xff", uint8(2))
	f.Fuzz(func(t *testing.T, domain, name, uri, key, value string, tags uint8) {
		in := eventstream.CreateInput{Ref: eventstream.Ref{DomainName: domain, EventStreamName: name}, Uri: uri}
		badTags := tags > 50
		if tags > 0 {
			in.Tags = map[string]string{key: value}
			badTags = badTags || !anyTag.MatchString(key) || awsTag.MatchString(key) || utf8.RuneCountInString(value) > 256 || !utf8.ValidString(value)
		}
		for i := 0; len(in.Tags) < int(tags); i++ {
			in.Tags[fmt.Sprintf("key-%d", i)] = ""
		}
		ref := map[string]bool{"DomainName": !anyName.MatchString(domain), "EventStreamName": !anyName.MatchString(name)}
		wantInvalid(t, in.Ref.Validate(), ref)
		ref["Uri"], ref["Tags"] = !anyURI.MatchString(uri) || len(uri) > 255, badTags
		wantInvalid(t, in.Validate(), ref)
	})
}

// wantInvalid fails the test unless err has exactly the invalid fields.
func wantInvalid(t *testing.T, err error, wrong map[string]bool) {
	t.Helper()
	var want, got []string
	for field, is := range wrong {
		if is {
			want = append(want, field)
		}
	}
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		for _, f := range input.Fields {
			got = append(got, f.Field)
		}
	} else if err != nil {
		t.Fatalf("not an *InputError: %v", err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("invalid fields %v, want %v: %v", got, want, err)
	}
	if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("more than one line: %q", err)
	}
}

// FuzzResponse makes the SDK decode a corrupted response. The result must be an error or the
// truth: the requested stream, with its state or one that the machine does not know.
func FuzzResponse(f *testing.F) {
	goods := []string{
		goodGet, goodList, corrupttest.XML, corrupttest.JSON, "", "{}", `{"EventStreamArn":"` + streamARN + `"}`, `{"Message":"The input you provided is invalid"}`,
	}
	for which := range goods {
		f.Add(which, 0, uint16(1<<15), []byte{})
		f.Add(which, 0, uint16(100), []byte{})
		f.Add(which, 1, uint16(1<<15), []byte{0, 3, 1, 0, 150, 5})
	}
	f.Fuzz(func(t *testing.T, which, code int, cut uint16, flips []byte) {
		callAll(t, []int{200, 400, 404, 500, 503, 204, 302}[uint(code)%7], corrupttest.Corrupt(goods[uint(which)%uint(len(goods))], cut, flips))
	})
}

// TestGetWithEveryCorruption flips each single bit of a response, and truncates it to each length.
func TestGetWithEveryCorruption(t *testing.T) {
	t.Parallel()
	corrupttest.EachCorruption(goodGet, func(body string) {
		got, err := eventstream.NewFromConfig(corrupttest.StaticResponse(200, "application/json", body)).Get(t.Context(), ref())
		wantTruth(t, 200, got, err)
	})
}

// callAll calls every operation with one response.
func callAll(t *testing.T, status int, body string) {
	t.Helper()
	c := eventstream.NewFromConfig(corrupttest.StaticResponse(status, "application/json", body), func(o *eventstream.Options) {
		o.ReadPacer, o.CommandPacer = statemachine.NewPacer(1e9, 1e9), statemachine.NewPacer(1e9, 1e9)
	})
	got, err := c.Get(t.Context(), ref())
	wantTruth(t, status, got, err)
	for s, err := range c.List(t.Context(), "example-domain") {
		wantFault(t, err)
		if err == nil && s.DomainName != "example-domain" {
			t.Errorf("a stream of %q in the list", s.DomainName)
		}
	}
	out, err := c.Create(t.Context(), create())
	wantFault(t, err)
	if err == nil && (status >= 300 || !strings.HasSuffix(out.EventStreamArn, "/example-stream")) {
		t.Errorf("success with status %d: %+v", status, out)
	}
	_, err = c.Delete(t.Context(), ref())
	wantFault(t, err)
}

// wantTruth fails the test unless a read returns the truth or a clear error.
func wantTruth(t *testing.T, status int, got *eventstream.Stream, err error) {
	t.Helper()
	wantFault(t, err)
	switch {
	case err != nil && got != nil:
		t.Errorf("error and value %+v", got)
	case err != nil:
	case status >= 300:
		t.Errorf("success with status %d: %+v", status, got)
	case got.DomainName != "example-domain" || got.EventStreamName != "example-stream" || got.EventStreamArn != "" && !strings.HasSuffix(got.EventStreamArn, "/example-stream"):
		t.Errorf("another stream: %+v", got)
	case got.State != runs && (got.State == "" || eventstream.Machine().Known(got.State)):
		t.Errorf("want state %s, got %q", runs, got.State)
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
