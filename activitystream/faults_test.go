package activitystream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// is reports whether the chain of an error has an SDK's error type.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestFaults(t *testing.T) {
	const (
		wantStarted = "Activity Streams feature expected to be started, but is stopped"
		wantSTARTED = "Activity Streams feature expected to be STARTED, but is STOPPED"
		wantStopped = "Activity Streams feature expected to be stopped, but is started"
	)
	for _, test := range []struct {
		why           string
		op            statemachine.Operation
		status        int
		code, message string
		kind          statemachine.Kind
		typed         func(error) bool // the SDK's own type; nil: a generic one
	}{
		{why: "modeled", op: "StopActivityStream", status: 404, code: "ResourceNotFoundFault", kind: statemachine.NotFound, typed: is[*types.ResourceNotFoundFault]},
		{why: "the code differs from the shape", op: "StartActivityStream", status: 404, code: "DBInstanceNotFound", kind: statemachine.NotFound, typed: is[*types.DBInstanceNotFoundFault]},
		{why: "modeled", op: "StartActivityStream", status: 404, code: "DBClusterNotFoundFault", kind: statemachine.NotFound, typed: is[*types.DBClusterNotFoundFault]},
		{why: "of a read", op: "DescribeDBClusters", status: 404, code: "DBClusterNotFoundFault", kind: statemachine.NotFound, typed: is[*types.DBClusterNotFoundFault]},
		{why: "modeled", op: "StartActivityStream", status: 400, code: "InvalidDBClusterStateFault", kind: statemachine.InvalidState, typed: is[*types.InvalidDBClusterStateFault]},
		{why: "the code differs from the shape", op: "ModifyActivityStream", status: 400, code: "InvalidDBInstanceState", kind: statemachine.InvalidState, typed: is[*types.InvalidDBInstanceStateFault]},
		{why: "modeled", op: "StartActivityStream", status: 400, code: "KMSKeyNotAccessibleFault", kind: statemachine.KeyNotAccessible, typed: is[*types.KMSKeyNotAccessibleFault]},
		{why: "as clusters say it", op: "StopActivityStream", status: 400, code: "InvalidParameterCombination", message: wantStarted, kind: statemachine.AlreadyInState},
		{why: "as instances say it", op: "StopActivityStream", status: 400, code: "InvalidParameterCombination", message: wantSTARTED, kind: statemachine.AlreadyInState},
		{why: "by symmetry", op: "StartActivityStream", status: 400, code: "InvalidParameterCombination", message: wantStopped, kind: statemachine.AlreadyInState},
		{
			why: "neither here nor there", op: "StopActivityStream", status: 400, code: "InvalidParameterCombination",
			message: "Activity Streams feature expected to be started, but is starting", kind: statemachine.InvalidState,
		},
		{
			why: "an engine or class without", op: "StartActivityStream", status: 400, code: "InvalidParameterCombination",
			message: "You can't start a database activity stream in this configuration", kind: statemachine.Unsupported,
		},
		{why: "no more than the end of those words", op: "StartActivityStream", status: 400, code: "InvalidParameterCombination", message: "n this configuration", kind: statemachine.InvalidInput},
		{why: "no more than the end of those words", op: "StopActivityStream", status: 400, code: "InvalidParameterCombination", message: "xpected to be starting", kind: statemachine.InvalidInput},
		{why: "no more than the end of those words", op: "StopActivityStream", status: 400, code: "InvalidParameterCombination", message: wantStarted[len("Activity Streams feature e"):], kind: statemachine.InvalidInput},
		{why: "no more than the end of those words", op: "StartActivityStream", status: 400, code: "InvalidParameterCombination", message: wantStopped[len("Activity Streams feature e"):], kind: statemachine.InvalidInput},
		{why: "another combination", op: "StartActivityStream", status: 400, code: "InvalidParameterCombination", message: "These do not go together", kind: statemachine.InvalidInput},
		{why: "a bad ARN", op: "StartActivityStream", status: 400, code: "InvalidParameterValue", kind: statemachine.InvalidInput},
		{why: "no policy allows it", op: "StartActivityStream", status: 403, code: "AccessDenied", kind: statemachine.AccessDenied},
		{why: "no policy allows it, with a status that is documented nowhere", op: "StartActivityStream", status: 400, code: "AccessDenied", kind: statemachine.AccessDenied},
		{why: "as it was observed", op: "DescribeDBClusters", status: 400, code: "Throttling", message: "Rate exceeded", kind: statemachine.Throttled},
		{why: "as it is documented", op: "DescribeDBClusters", status: 400, code: "ThrottlingException", kind: statemachine.Throttled},
		{why: "old credentials", op: "DescribeDBInstances", status: 403, code: "ExpiredToken", kind: statemachine.Unauthenticated},
		{why: "wrong credentials", op: "StopActivityStream", status: 403, code: "InvalidClientTokenId", kind: statemachine.Unauthenticated},
		{why: "the service fails, and says how", op: "StartActivityStream", status: 500, code: "InternalFailure", kind: statemachine.Unavailable},
		{why: "the service fails with a code of its own", op: "StartActivityStream", status: 503, code: "OutOfOrder", kind: statemachine.Unavailable},
		{why: "an unknown code", op: "StartActivityStream", status: 400, code: "DBIsOnFireFault", message: "It burns", kind: statemachine.Unknown},
		{why: "an unknown code, of a read", op: "DescribeDBClusters", status: 418, code: "Teapot", kind: statemachine.Unknown},
	} {
		assert.RunSynctest(t, string(test.op)+" "+test.code+": "+test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			arn := instanceARN
			if test.op == describeClusters {
				arn = clusterARN
			}
			message := test.message
			if message == "" {
				message = "The service's own words."
			}
			s.Fail(test.op, failure{Code: test.code, Message: message, Status: test.status, Times: -1})
			c := client(s)
			var err error
			switch test.op {
			case activitystream.StartActivityStream:
				_, err = c.Start(t.Context(), start(arn))
			case activitystream.StopActivityStream:
				_, err = c.Stop(t.Context(), stop(arn))
			case activitystream.ModifyActivityStream:
				_, err = c.Modify(t.Context(), &activitystream.ModifyInput{ResourceArn: arn})
			default:
				_, err = c.Get(t.Context(), arn)
			}
			fault := assert.ErrorAs[*statemachine.Fault](t, err)
			assert.Equal(t, "fault",
				&statemachine.Fault{Kind: test.kind, Operation: test.op, Resource: arn, Code: test.code, Message: message}, fault,
				cmpopts.IgnoreFields(statemachine.Fault{}, "RequestID", "Err"))
			if !errors.Is(err, test.kind) || statemachine.KindOf(err) != test.kind {
				t.Errorf("not a %v by errors.Is or KindOf", test.kind)
			}
			if response := assert.ErrorAs[*awshttp.ResponseError](t, err); response.RequestID != fault.RequestID || fault.RequestID == "" ||
				response.HTTPStatusCode() != test.status {
				t.Errorf("request %q, of the fault %q, status %d", response.RequestID, fault.RequestID, response.HTTPStatusCode())
			}
			if api := assert.ErrorAs[smithy.APIError](t, err); api.ErrorCode() != test.code {
				t.Errorf("code %q", api.ErrorCode())
			}
			if test.typed != nil && !test.typed(err) {
				t.Error("the SDK's own type is lost")
			}
			assert.ErrorOneLine(t, err)
			assert.ErrorContains(t, err, string(test.op), arn, test.code, message, fault.RequestID)
		})
	}
}

// TestModeledErrorsHaveKind checks every error that RDS's model has for an operation.
func TestModeledErrorsHaveKind(t *testing.T) {
	modeled := []smithy.APIError{
		&types.ResourceNotFoundFault{}, &types.DBInstanceNotFoundFault{}, &types.InvalidDBClusterStateFault{},
		&types.InvalidDBInstanceStateFault{}, &types.KMSKeyNotAccessibleFault{}, &types.DBClusterNotFoundFault{},
	}
	for _, e := range modeled {
		assert.RunSynctest(t, e.ErrorCode(), func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.Fail("", failure{Code: e.ErrorCode()})
			_, err := client(s).Start(t.Context(), start(clusterARN))
			if kind := statemachine.KindOf(err); kind == statemachine.Unknown || kind == "" {
				t.Errorf("kind %q: %v", kind, err)
			}
		})
	}
}

func TestFaultWithoutCode(t *testing.T) {
	reset := &url.Error{Op: "Post", URL: "https://rds.us-east-1.amazonaws.com/", Err: syscall.ECONNRESET}
	for _, test := range []struct {
		why     string
		failure failure
		err     error // of the HTTP client
		kind    statemachine.Kind
		status  int // of the response; 0 means that none arrived
	}{
		{why: "a load balancer's page", failure: failure{Status: 502, Body: "<html><body><h1>502 Bad Gateway</h1></body></html>", ContentType: "text/html"}, kind: statemachine.Unavailable, status: 502},
		{why: "no page at all", failure: failure{Status: 503, Body: " "}, kind: statemachine.Unavailable, status: 503},
		{why: "plain text", failure: failure{Status: 500, Body: "Internal Server Error", ContentType: "text/plain"}, kind: statemachine.Unavailable, status: 500},
		{why: "half an error", failure: failure{Status: 500, Body: "<ErrorResponse><Error><Code>Inter"}, kind: statemachine.Unavailable, status: 500},
		{why: "a proxy that wants a password", failure: failure{Status: 403, Body: "<html>Forbidden</html>"}, kind: statemachine.AccessDenied, status: 403},
		{why: "a proxy that has enough", failure: failure{Status: 429, Body: "slow down"}, kind: statemachine.Throttled, status: 429},
		{why: "dropped", failure: failure{Drop: true}, kind: statemachine.Unavailable},
		{why: "lost", failure: failure{Lost: true}, kind: statemachine.Unavailable},
		{why: "reset", err: reset, kind: statemachine.Unavailable},
		{why: "refused", err: errors.New("dial tcp 192.0.2.1:443: connect: connection refused"), kind: statemachine.Unavailable},
		{why: "the HTTP client's own timeout", err: &url.Error{Op: "Post", URL: "https://rds.us-east-1.amazonaws.com/", Err: context.DeadlineExceeded}, kind: statemachine.Unavailable},
		{why: "the HTTP client's own cancellation", err: &url.Error{Op: "Post", URL: "https://rds.us-east-1.amazonaws.com/", Err: context.Canceled}, kind: statemachine.Unavailable},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			if test.failure != (failure{}) {
				test.failure.Times = -1
				s.Fail(activitystream.StartActivityStream, test.failure)
			}
			w := &wire{server: s}
			if test.err != nil {
				w.respond = func(url.Values) (*http.Response, error) { return nil, test.err }
			}
			_, err := activitystream.NewFromConfig(w.config()).Start(t.Context(), start(clusterARN))
			fault := assert.ErrorAs[*statemachine.Fault](t, err)
			assert.Equal(t, "fault",
				&statemachine.Fault{Kind: test.kind, Operation: activitystream.StartActivityStream, Resource: clusterARN}, fault,
				cmpopts.IgnoreFields(statemachine.Fault{}, "Err", "Code", "Message", "RequestID"))
			if response := assert.ErrorAs[*awshttp.ResponseError](t, err); response.Response != nil && response.HTTPStatusCode() != test.status {
				t.Errorf("status %d, want %d", response.HTTPStatusCode(), test.status)
			}
			assert.ErrorOneLine(t, err)
		})
	}
}

func TestFaultOfMissingCredentialsIsUnauthenticated(t *testing.T) {
	for _, test := range []struct {
		why         string
		credentials aws.CredentialsProvider
	}{
		{"no profile, no environment, no role", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no EC2 IMDS role found, \n and nothing else")
		})},
		{"a process that hangs up", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fmt.Errorf("credential_process: %w", io.EOF)
		})},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			cfg := s.Config()
			cfg.Credentials = test.credentials
			c := activitystream.NewFromConfig(cfg, exact)
			_, err := c.Get(t.Context(), clusterARN)
			assert.Equal(t, "kind", statemachine.Unauthenticated, statemachine.KindOf(err))
			assert.ErrorOneLine(t, err)
			began := time.Now()
			_, err = c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour)
			assert.Equal(t, "verdict", "read failed", assert.ErrorSummary(err))
			assert.Equal(t, "time", 0, time.Since(began))
			assert.ErrorOneLine(t, err)
			assert.Equal(t, "calls", 0, len(s.Calls()))
		})
	}
}

// TestFaultOfDoneContextIsInterrupted distinguishes the end of the caller's context from a failure
// of the service.
func TestFaultOfDoneContextIsInterrupted(t *testing.T) {
	assert.RunSynctest(t, "deadline", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(activitystream.StartActivityStream, failure{Hang: true, Lost: true})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := client(s).Start(ctx, start(clusterARN))
		assert.Equal(t, "kind", statemachine.Interrupted, statemachine.KindOf(err))
		assert.Equal(t, "time", 3*time.Second, time.Since(began))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context's error is lost: %v", err)
		}
		assert.Equal(t, "status", activitystream.StatusStarting, s.Status(clusterARN))
	})
	assert.RunSynctest(t, "canceled before", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client(s).Get(ctx, clusterARN)
		assert.Equal(t, "kind", statemachine.Interrupted, statemachine.KindOf(err))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
}

// TestFaultOfSpentRetryQuotaKeepsCode spends the retry quota of the SDK's client, whose error then
// has two lines, with the code in the first.
func TestFaultOfSpentRetryQuotaKeepsCode(t *testing.T) {
	for code, kind := range map[string]statemachine.Kind{"Throttling": statemachine.Throttled, "InternalFailure": statemachine.Unavailable} {
		assert.RunSynctest(t, code, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			s.Fail(describeClusters, failure{Code: code, Status: 503, Times: -1})
			c := client(s)
			for range 120 {
				if _, err := c.Get(t.Context(), clusterARN); statemachine.KindOf(err) != kind {
					t.Fatalf("%v: %v", statemachine.KindOf(err), err)
				}
			}
			before := len(s.Calls())
			_, err := c.Get(t.Context(), clusterARN)
			assert.Equal(t, "attempts with the quota spent", 1, len(s.Calls())-before)
			assert.Equal(t, "kind", kind, statemachine.KindOf(err))
			assert.ErrorOneLine(t, err)

			began := time.Now()
			time.AfterFunc(5*time.Minute, func() {
				s.ClearFailures("")
				s.Set(clusterARN, activitystream.StatusStarted)
			})
			if _, err := c.Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour); err != nil {
				t.Errorf("a wait did not survive the quota: %v", err)
			}
			if took := time.Since(began); took < 5*time.Minute || took > 6*time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestFaultWrapsSDKError checks that a Fault keeps the SDK's error, even with an unknown code.
func TestFaultWrapsSDKError(t *testing.T) {
	assert.RunSynctest(t, "chain", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		_, err := client(s).Get(t.Context(), clusterARN)
		fault := assert.ErrorAs[*statemachine.Fault](t, err)
		if op := assert.ErrorAs[*smithy.OperationError](t, err); op.Operation() != "DescribeDBClusters" {
			t.Errorf("operation %q", op.Operation())
		}
		if !errors.Is(err, statemachine.NotFound) || errors.Is(err, statemachine.Unknown) {
			t.Errorf("kinds: %v", err)
		}
		if diff := cmp.Diff("DBCluster das-cluster not found.", fault.Message); diff != "" {
			t.Error(diff)
		}
	})
}

func TestModeledOperationsAreSDKMethods(t *testing.T) {
	got := []string{string(activitystream.StartActivityStream), string(activitystream.StopActivityStream), string(activitystream.ModifyActivityStream)}
	var commanded []string
	for _, m := range activitystream.Machine().Transitions() {
		commanded = append(commanded, string(m.By))
	}
	for _, m := range activitystream.PolicyMachine().Transitions() {
		commanded = append(commanded, string(m.By))
	}
	slices.Sort(commanded)
	commanded = slices.DeleteFunc(slices.Compact(commanded), func(s string) bool { return s == "" })
	assert.Equal(t, "operations", sorted(got), commanded)
}
