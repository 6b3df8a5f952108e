package ingestion_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations that the package reads with.
const (
	get  statemachine.Operation = "GetEventDataStore"
	list statemachine.Operation = "ListEventDataStores"
)

// The store of most tests.
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

// newServer returns a server with the store in a status.
func newServer(status ingestion.Status, optFns ...func(*ingestiontest.Options)) *server {
	s := ingestiontest.NewServer(optFns...)
	s.AddEventDataStore(store{Id: storeID, Name: "audit", Status: status})
	return s
}

// exact removes the jitter, so that a wait reads every 2 s in the first 160 s.
func exact(o *ingestion.Options) {
	o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
}

// client returns a client of the server, without jitter.
func client(s *server, optFns ...func(*ingestion.Options)) *ingestion.Client {
	return ingestion.NewFromConfig(s.Config(), append([]func(*ingestion.Options){exact}, optFns...)...)
}

// calls lists the calls of some operations, each with its time and result: "0s
// StartEventDataStoreIngestion accepted".
func calls(s *server, since time.Time, ops ...statemachine.Operation) []string {
	texts := []string{}
	for _, c := range s.Calls() {
		want := false
		for _, op := range ops {
			want = want || c.Operation == op
		}
		if !want {
			continue
		}
		what := c.Code
		switch {
		case c.Accepted && c.Status == 0:
			what = "accepted, response lost"
		case c.Accepted && c.Code == "":
			what = "accepted"
		case what == "" && c.Status == 0:
			what = "never arrived"
		}
		texts = append(texts, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, what))
	}
	return texts
}

// commands lists the calls that are commands.
func commands(s *server, since time.Time) []string {
	return calls(s, since, ingestion.StartEventDataStoreIngestion, ingestion.StopEventDataStoreIngestion,
		ingestion.DeleteEventDataStore, ingestion.RestoreEventDataStore)
}

// reads lists the times of the GetEventDataStore calls.
func reads(s *server, since time.Time) []time.Duration {
	var at []time.Duration
	for _, c := range s.Calls() {
		if c.Operation == get {
			at = append(at, c.At.Sub(since))
		}
	}
	return at
}

// every returns the times from, from+step, … up to and including to.
func every(from, step, to time.Duration) []time.Duration {
	var at []time.Duration
	for ; from <= to; from += step {
		at = append(at, from)
	}
	return at
}

// ops converts operations to strings. The result is never nil.
func ops(list []statemachine.Operation) []string {
	texts := []string{}
	for _, op := range list {
		texts = append(texts, string(op))
	}
	return texts
}

// transport implements an HTTP client.
type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// replaceBody returns a client of the server that replaces the body of successful responses to an
// operation.
func replaceBody(s *server, op statemachine.Operation, body string) transport {
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
