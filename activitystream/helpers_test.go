package activitystream_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Operations by which the package reads.
const (
	describeClusters  statemachine.Operation = "DescribeDBClusters"
	describeInstances statemachine.Operation = "DescribeDBInstances"
	describeOrderable statemachine.Operation = "DescribeOrderableDBInstanceOptions"
	describeEvents    statemachine.Operation = "DescribeEvents"
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

// start returns the input with which most tests start a stream.
func start(arn string) *activitystream.StartInput {
	return &activitystream.StartInput{ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: keyID, ApplyImmediately: true}
}

func stop(arn string) *activitystream.StopInput {
	return &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}
}

// exact turns off jitter, so that every instant is known: a read every 5 s in the first 400 s.
func exact(o *activitystream.Options) {
	o.Wait.Jitter = func(d time.Duration) time.Duration { return d }
}

// client returns a client of the server, without jitter.
func client(s *server, optFns ...func(*activitystream.Options)) *activitystream.Client {
	return activitystream.NewFromConfig(s.Config(), append([]func(*activitystream.Options){exact}, optFns...)...)
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
			what = "accepted, response lost"
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

// every returns the instants from, from+step, … up to and including to.
func every(from, step, to time.Duration) []time.Duration {
	var at []time.Duration
	for ; from <= to; from += step {
		at = append(at, from)
	}
	return at
}

// ops returns operations as strings.
func ops(list []statemachine.Operation) []string {
	var texts []string
	for _, op := range list {
		texts = append(texts, string(op))
	}
	return texts
}

// wire is an HTTP client between the SDK and a server. It records every request and can respond in
// the server's place.
type wire struct {
	server *server

	// respond replaces the server if it returns a response or an error.
	respond func(form url.Values) (*http.Response, error)

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
	if w.respond != nil {
		if resp, err := w.respond(form); resp != nil || err != nil {
			return resp, err
		}
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return w.server.Do(r)
}

// refusal returns an error response of RDS.
func refusal(status int, code, message string) *http.Response {
	return page(status, "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>"+message+
		"</Message></Error><RequestId>00000000-0000-4000-8000-00000000abcd</RequestId></ErrorResponse>")
}

// page returns a response.
func page(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// filtered returns the values of a form's first filter, or none without a filter.
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

// sorted returns a sorted copy.
func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// background returns a context without an end.
func background() context.Context { return context.Background() }

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }
