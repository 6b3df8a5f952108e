package ingestion_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations by which the package reads.
const (
	get  statemachine.Operation = "GetEventDataStore"
	list statemachine.Operation = "ListEventDataStores"
)

// The store that most tests have.
const (
	storeID  = "4d2a1f0e-1111-4222-8333-123456789abc"
	storeARN = "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/" + storeID
)

type (
	server  = ingestiontest.Server
	store   = ingestiontest.EventDataStore
	failure = ingestiontest.Failure
)

var (
	startIn = &ingestion.StartInput{EventDataStore: storeARN}
	stopIn  = &ingestion.StopInput{EventDataStore: storeARN}
)

// newServer has the store in a status.
func newServer(status ingestion.Status, optFns ...func(*ingestiontest.Options)) *server {
	s := ingestiontest.NewServer(optFns...)
	s.AddEventDataStore(store{Id: storeID, Name: "audit", Status: status})
	return s
}

// exact has waits read without jitter, so that every instant can be foretold: every 2 s in the
// first 160 s.
func exact(o *ingestion.Options) {
	o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
}

// client is a client of the server, without jitter.
func client(s *server, optFns ...func(*ingestion.Options)) *ingestion.Client {
	return ingestion.NewFromConfig(s.Config(), append([]func(*ingestion.Options){exact}, optFns...)...)
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Helper()
		synctest.Test(t, test)
	})
}

// wantEqual fails the test where got is not want.
func wantEqual[T any](t *testing.T, what string, want, got T, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// as is the error of type E in err, or the end of the test.
func as[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("no %T in the error: %T: %v", e, err, err)
	}
	return e
}

// verdict is what an error says, in one word: the Reason of a WaitError, else the Kind.
func verdict(err error) string {
	if err == nil {
		return ""
	}
	if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(we.Reason)
	}
	return string(statemachine.KindOf(err))
}

// mentions fails the test unless the error's text, which is one line, has each of the parts.
func mentions(t *testing.T, err error, parts ...string) {
	t.Helper()
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("the error is not one line: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// fields are the wrong fields of an InputError, in order.
func fields(t *testing.T, err error) []string {
	t.Helper()
	var names []string
	for _, f := range as[*statemachine.InputError](t, err).Fields {
		names = append(names, f.Field)
	}
	return names
}

// calls lists the calls of some operations, each with when it arrived and what came of it: "0s
// StartEventDataStoreIngestion accepted".
func calls(s *server, since time.Time, ops ...statemachine.Operation) []string {
	texts := []string{}
	for _, c := range s.Calls() {
		wanted := false
		for _, op := range ops {
			wanted = wanted || c.Operation == op
		}
		if !wanted {
			continue
		}
		what := c.Code
		switch {
		case c.Accepted && c.Status == 0:
			what = "accepted, answer lost"
		case c.Accepted && c.Code == "":
			what = "accepted"
		case what == "" && c.Status == 0:
			what = "never arrived"
		}
		texts = append(texts, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, what))
	}
	return texts
}

// commands lists the calls that command.
func commands(s *server, since time.Time) []string {
	return calls(s, since, ingestion.StartEventDataStoreIngestion, ingestion.StopEventDataStoreIngestion,
		ingestion.DeleteEventDataStore, ingestion.RestoreEventDataStore)
}

// reads lists when the reads of single stores arrived.
func reads(s *server, since time.Time) []time.Duration {
	var at []time.Duration
	for _, c := range s.Calls() {
		if c.Operation == get {
			at = append(at, c.At.Sub(since))
		}
	}
	return at
}

// every are the instants from, from+step, … up to and including to.
func every(from, step, to time.Duration) []time.Duration {
	var at []time.Duration
	for ; from <= to; from += step {
		at = append(at, from)
	}
	return at
}

// ops are operations as texts, never nil.
func ops(list []statemachine.Operation) []string {
	texts := []string{}
	for _, op := range list {
		texts = append(texts, string(op))
	}
	return texts
}

// transport is an HTTP client made of a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// answering leads to the server, but that the body of each success of an operation is another.
func answering(s *server, op statemachine.Operation, body string) transport {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := s.Do(r)
		if err != nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+string(op)) {
			return resp, err
		}
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader([]byte(body))), int64(len(body))
		resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
		return resp, nil
	}
}
