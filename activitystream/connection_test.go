package activitystream_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// startedServer returns a server with one cluster whose stream is started.
func startedServer() *server {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
	return s
}

// codes lists the error codes of all calls of an operation.
func codes(s *server, op statemachine.Operation) []string {
	var list []string
	for _, c := range s.Calls() {
		if c.Operation == op {
			list = append(list, c.Code)
		}
	}
	return list
}

// TestClockSkewIsCorrected skews the service's clock. The SDK learns the offset from the first
// refusal, so the second request succeeds, and no command is sent twice.
func TestClockSkewIsCorrected(t *testing.T) {
	const refused = "SignatureDoesNotMatch"
	for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute, 24 * time.Hour} {
		assert.RunSynctest(t, "Wait/"+skew.String(), func(t *testing.T) {
			s := startedServer()
			s.SkewClock(skew)
			began := time.Now()
			assert.Must(client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour))(t)
			assert.Equal(t, "it took", 0, time.Since(began))
			assert.Equal(t, "reads", []string{refused, ""}, codes(s, describeClusters))
		})
		assert.RunSynctest(t, "List/"+skew.String(), func(t *testing.T) {
			s := startedServer()
			s.SkewClock(skew)
			for _, err := range client(s).List(t.Context()) {
				if err != nil {
					t.Error(err)
				}
			}
		})
		assert.RunSynctest(t, "a command/"+skew.String(), func(t *testing.T) {
			s := startedServer()
			c := client(s)
			// The clock steps between the read and the command.
			out := assert.Must(c.EnsureStopped(t.Context(), stop(clusterARN), time.Hour, func(o *activitystream.Options) {
				o.Wait.OnRead = func(r statemachine.Reading) {
					if r.Reads == 1 {
						s.SkewClock(skew)
					}
				}
			}))(t)
			assert.Equal(t, "operations", []string{"StopActivityStream"}, ops(out.Operations))
			assert.Equal(t, "commands", []string{refused, ""}, codes(s, activitystream.StopActivityStream))
		})
	}
}

// TestRejectedSignatureEndsAfterTwoRequests checks that a signature that stays wrong ends a wait.
func TestRejectedSignatureEndsAfterTwoRequests(t *testing.T) {
	for _, code := range []string{"SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException"} {
		assert.RunSynctest(t, code, func(t *testing.T) {
			s := startedServer()
			s.Fail(describeClusters, failure{Code: code, Status: 403, Times: -1})
			_, err := client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour)
			assert.Equal(t, "the kind", statemachine.Unauthenticated, statemachine.KindOf(err))
			assert.Equal(t, "reads", []string{code, code}, codes(s, describeClusters))
		})
	}
}

// TestConnectionFailuresOfWait breaks the connection at the first read, or after a read that
// succeeded.
func TestConnectionFailuresOfWait(t *testing.T) {
	for _, test := range []struct {
		why    string
		unsent activitystreamtest.Failure
		first  string // the summary of an error at the first read; empty if the wait continues
		later  string // and after a read that succeeded
		says   string
	}{
		{why: "the host does not exist", unsent: failure{Unsent: "host not found"}, first: "read failed", says: "no such host: "},
		{why: "the certificate is not trusted", unsent: failure{Unsent: "untrusted certificate"}, first: "read failed", later: "read failed", says: "cannot verify the certificate of rds.us-east-1.amazonaws.com"},
		{why: "the proxy denies", unsent: failure{Unsent: "proxy denied"}, first: "read failed: access denied", later: "read failed: access denied", says: "the proxy refused to connect to rds.us-east-1.amazonaws.com: HTTP 403"},
		{why: "the connection is refused", unsent: failure{Unsent: "dial refused"}},
		{why: "the proxy is down", unsent: failure{Unsent: "proxy unreachable"}},
		{why: "TLS times out", unsent: failure{Unsent: "TLS timeout"}},
		{why: "not implemented", unsent: failure{Status: 501}, first: "read failed: unsupported", later: "read failed: unsupported", says: "InternalFailure"},
	} {
		for _, later := range []bool{false, true} {
			name, want := test.why+"/first", test.first
			if later {
				name, want = test.why+"/later", test.later
			}
			assert.RunSynctest(t, name, func(t *testing.T) {
				s := activitystreamtest.NewServer()
				s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
				c := client(s)
				if later {
					assert.Must(c.Get(t.Context(), clusterARN))(t)
				}
				f := test.unsent
				f.Times = 3
				s.Fail(describeClusters, f)
				began := time.Now()
				_, err := c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour)
				assert.Equal(t, "the error", want, assert.ErrorDetail(err))
				if want != "" {
					assert.Equal(t, "it took", 0, time.Since(began))
					assert.ErrorContains(t, err, test.says)
				}
				if fault, ok := errors.AsType[*statemachine.Fault](err); ok && fault.NotSent != (f.Status == 0) {
					t.Errorf("NotSent %v: %v", fault.NotSent, err)
				}
			})
		}
	}
}

// TestRetryAfterDelaysNextRead checks that the next read, and with throttling every call of the
// client, waits as long as the response asks for.
func TestRetryAfterDelaysNextRead(t *testing.T) {
	for _, test := range []struct {
		why    string
		fail   failure
		header http.Header
		want   time.Duration // of the second read
	}{
		{why: "no header", fail: failure{Status: 503}, want: 10 * time.Second},
		{why: "a longer delay", fail: failure{Status: 503}, header: http.Header{"X-Amz-Retry-After": {"30000"}}, want: 30 * time.Second},
		{why: "a shorter delay", fail: failure{Status: 503}, header: http.Header{"Retry-After": {"1"}}, want: 10 * time.Second},
		{why: "throttling", fail: failure{Code: "Throttling"}, header: http.Header{"Retry-After": {"30"}}, want: 30 * time.Second},
		{why: "an hour", fail: failure{Status: 503}, header: http.Header{"Retry-After": {"3600"}}, want: time.Minute},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := startedServer()
			f := test.fail
			f.Edit = &awstest.Edit{Header: test.header}
			s.Fail(describeClusters, f)
			began := time.Now()
			c := client(s)
			assert.Must(c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour))(t)
			assert.Equal(t, "reads", []time.Duration{0, test.want}, reads(s, describeClusters, began))
		})
	}
	assert.RunSynctest(t, "another wait", func(t *testing.T) {
		s := startedServer()
		s.Fail(describeClusters, failure{Code: "Throttling", Edit: &awstest.Edit{Header: http.Header{"Retry-After": {"30"}}}})
		c := client(s)
		began := time.Now()
		go func() { _, _ = c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour) }()
		time.Sleep(time.Second)
		assert.Must(c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour))(t)
		assert.Equal(t, "it was read after", 30*time.Second, time.Since(began))
		time.Sleep(time.Minute)
	})
}

// TestMissingStatus leaves ActivityStreamStatus out, as moto does. The error says so.
func TestMissingStatus(t *testing.T) {
	for name, db := range databases() {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			db.add(s, activitystream.StatusStarted)
			omit := failure{Times: -1, Edit: &awstest.Edit{Omit: []string{"ActivityStreamStatus"}}}
			s.Fail(db.describe, omit)
			c := client(s)
			const says = "response has no ActivityStreamStatus"
			_, err := c.Get(t.Context(), db.arn)
			assert.ErrorContains(t, err, says)
			_, err = c.Wait(t.Context(), db.arn, activitystream.StatusStarted, time.Minute)
			assert.Equal(t, "Wait", "timed out: unavailable", assert.ErrorDetail(err))
			assert.ErrorContains(t, err, says)
			for _, r := range c.WaitEach(t.Context(), []string{db.arn}, activitystream.StatusStarted, time.Minute) {
				assert.ErrorContains(t, r.Err, says)
			}
			s.ClearFailures(db.describe)
			omit.Times = 1
			s.Fail(db.describe, omit)
			assert.Must(c.Wait(t.Context(), db.arn, activitystream.StatusStarted, time.Minute))(t)
		})
	}
}

// TestListEndsIfTokensCycle repeats the Markers a, b, a, b of both lists.
func TestListEndsIfTokensCycle(t *testing.T) {
	for _, op := range []statemachine.Operation{describeClusters, describeInstances} {
		assert.RunSynctest(t, string(op), func(t *testing.T) {
			s := startedServer()
			s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db"})
			s.Fail(op, failure{Times: -1, Edit: &awstest.Edit{Tokens: []string{"a", "b"}}})
			var last error
			for _, err := range client(s).List(t.Context()) {
				last = err
			}
			assert.ErrorContains(t, last, "response repeats an earlier Marker: the list would never end")
			assert.Equal(t, "reads", 3, len(codes(s, op)))
		})
	}
}

// TestNotSentInQueue ends the context of calls that wait for a slot of the pacer.
func TestNotSentInQueue(t *testing.T) {
	for name, call := range map[string]func(context.Context, *activitystream.Client) error{
		"Start": func(ctx context.Context, c *activitystream.Client) error {
			return errOf(c.Start(ctx, start(clusterARN)))
		},
		"Supported": func(ctx context.Context, c *activitystream.Client) error { return errOf(c.Supported(ctx, clusterARN)) },
	} {
		assert.RunSynctest(t, name, func(t *testing.T) {
			s := startedServer()
			pacer := statemachine.NewPacer(1.0/60, 1)
			pacer.TryTake(time.Now())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := call(ctx, client(s, func(o *activitystream.Options) { o.Pacer = pacer }))
			f := assert.ErrorAs[*statemachine.Fault](t, err)
			if !f.NotSent || f.Kind != statemachine.Interrupted || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%+v", f)
			}
			assert.Equal(t, "calls", 0, len(s.Calls()))
		})
	}
}

// errOf returns the error of a call.
func errOf[T any](_ T, err error) error { return err }

// TestRequestIDInBody leaves the request ID out of the headers, as RDS may.
func TestRequestIDInBody(t *testing.T) {
	s := startedServer()
	s.Fail(describeClusters, failure{Code: "AccessDenied", Edit: &awstest.Edit{Header: http.Header{"X-Amzn-Requestid": nil}}})
	_, err := client(s).Get(t.Context(), clusterARN)
	f := assert.ErrorAs[*statemachine.Fault](t, err)
	if f.RequestID == "" || slices.Contains([]string{f.Code, f.Message}, "") {
		t.Errorf("%+v", f)
	}
}
