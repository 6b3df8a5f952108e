package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Operations by which the package reads.
const (
	describeClusters  statemachine.Operation = "DescribeDBClusters"
	describeInstances statemachine.Operation = "DescribeDBInstances"
	describeOrderable statemachine.Operation = "DescribeOrderableDBInstanceOptions"
)

// A customer's KMS key, and another one.
const (
	keyID      = "1234abcd-12ab-34cd-56ef-1234567890ab"
	keyARN     = "arn:aws:kms:us-east-1:123456789012:key/" + keyID
	otherKeyID = "0987dcba-09fe-87dc-65ba-ab0987654321"
)

// The resources that most tests have.
const (
	clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instanceARN = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
)

type (
	server  = activitystreamtest.Server
	failure = activitystreamtest.Failure
	stream  = activitystream.Stream
)

// database is one of the two resources that can have a stream, for tests that make sense for both.
type database struct {
	arn          string
	describe     statemachine.Operation // reads it
	invalidState string                 // the code
	add          func(s *server, status activitystream.Status)
}

func databases() map[string]database {
	return map[string]database{
		"cluster": {
			arn: clusterARN, describe: describeClusters, invalidState: "InvalidDBClusterStateFault",
			add: func(s *server, status activitystream.Status) {
				s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: status, KmsKeyId: keyID})
			},
		},
		"instance": {
			arn: instanceARN, describe: describeInstances, invalidState: "InvalidDBInstanceState",
			add: func(s *server, status activitystream.Status) {
				s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Status: status, KmsKeyId: keyID})
			},
		},
	}
}

// start is the input that starts the stream of a resource as most tests want it.
func start(arn string) *activitystream.StartInput {
	return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: keyID, ApplyImmediately: true}
}

func stop(arn string) *activitystream.StopInput {
	return &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}
}

// exact has waits read without jitter, so that every instant can be foretold: every 5 s in the
// first 400 s.
func exact(o *activitystream.Options) {
	o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
}

// client is a client of the server, without jitter.
func client(s *server, optFns ...func(*activitystream.Options)) *activitystream.Client {
	return activitystream.NewFromConfig(s.Config(), append([]func(*activitystream.Options){exact}, optFns...)...)
}

// runSynctest runs each of a table's tests in virtual time.
func runSynctest(t *testing.T, name string, test func(t *testing.T)) {
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

// must is v, or the end of the test.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
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

// errorSummary is what an error says, in one word: the Reason of a WaitError, else the Kind.
func errorSummary(err error) string {
	if err == nil {
		return ""
	}
	if we, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(we.Reason)
	}
	return string(statemachine.KindOf(err))
}

// oneLine fails the test if the error's text is more than one line, or says nothing.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\n\r") {
		t.Errorf("the error is not one line: %q", text)
	}
}

// wantErrorContains fails the test unless the error's text has each of the parts.
func wantErrorContains(t *testing.T, err error, parts ...string) {
	t.Helper()
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

// commands lists the calls that command, each with when it arrived and what came of it: "0s
// StartActivityStream accepted".
func commands(s *server, since time.Time) []string {
	var list []string
	for _, c := range s.Calls() {
		switch c.Operation {
		case activitystream.StartActivityStream, activitystream.StopActivityStream, activitystream.ModifyActivityStream:
		default:
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
		list = append(list, fmt.Sprintf("%s %s %s", c.At.Sub(since), c.Operation, what))
	}
	return list
}

// reads lists when the calls of an operation arrived.
func reads(s *server, op statemachine.Operation, since time.Time) []time.Duration {
	var at []time.Duration
	for _, c := range s.Calls() {
		if c.Operation == op {
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

// ops are the calls of an EnsureOutput as texts.
func ops(list []statemachine.Operation) []string {
	var texts []string
	for _, op := range list {
		texts = append(texts, string(op))
	}
	return texts
}

// wire is an HTTP client before a server that sees every request, and can answer in the server's
// place.
type wire struct {
	server *server

	// answer, if it returns a response or an error, is instead of the server's.
	answer func(form url.Values) (*http.Response, error)

	mu    sync.Mutex
	forms []url.Values
}

// config leads to the server through w.
func (w *wire) config() aws.Config {
	cfg := w.server.Config()
	cfg.HTTPClient = w
	return cfg
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.forms = append(w.forms, form)
	w.mu.Unlock()
	if w.answer != nil {
		if resp, err := w.answer(form); resp != nil || err != nil {
			return resp, err
		}
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return w.server.Do(r)
}

// refusal is an error answer of RDS.
func refusal(status int, code, message string) *http.Response {
	return page(status, "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>"+message+
		"</Message></Error><RequestId>00000000-0000-4000-8000-00000000abcd</RequestId></ErrorResponse>")
}

// page is an answer.
func page(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// filtered are the values of a form's first filter; none if it has no filter.
func filtered(form url.Values) []string {
	var values []string
	for i := 1; ; i++ {
		v, ok := form[fmt.Sprintf("Filters.Filter.1.Values.Value.%d", i)]
		if !ok {
			return values
		}
		values = append(values, v...)
	}
}

// sorted is a sorted copy.
func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// background is the context of calls that nothing ends.
func background() context.Context { return context.Background() }

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }
