package sdkfault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

const op statemachine.Operation = "DescribeThing"

// respond returns the SDK's error for an error response.
func respond(status int, err error) error {
	return &smithy.OperationError{ServiceID: "Things", OperationName: string(op), Err: &awshttp.ResponseError{
		RequestID: "req-1",
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
		},
	}}
}

// code returns the SDK's error for an error response with a code.
func code(c string) error { return respond(400, &smithy.GenericAPIError{Code: c, Message: "m"}) }

func kindOf(t sdkfault.Table, err error) statemachine.Kind {
	return statemachine.KindOf(t.Fault(context.Background(), op, "thing-1", err))
}

// TestCommonRulesMapEachCode repeats each common rule, so that an accidental change of one fails.
func TestCommonRulesMapEachCode(t *testing.T) {
	want := map[string]statemachine.Kind{
		"AccessDenied":                        statemachine.AccessDenied,
		"AccessDeniedException":               statemachine.AccessDenied,
		"UnauthorizedOperation":               statemachine.AccessDenied,
		"NotAuthorized":                       statemachine.AccessDenied,
		"OptInRequired":                       statemachine.AccessDenied,
		"SubscriptionRequiredException":       statemachine.AccessDenied,
		"ExpiredToken":                        statemachine.Unauthenticated,
		"ExpiredTokenException":               statemachine.Unauthenticated,
		"InvalidClientTokenId":                statemachine.Unauthenticated,
		"UnrecognizedClientException":         statemachine.Unauthenticated,
		"InvalidAccessKeyId":                  statemachine.Unauthenticated,
		"MissingAuthenticationToken":          statemachine.Unauthenticated,
		"MissingAuthenticationTokenException": statemachine.Unauthenticated,
		"IncompleteSignature":                 statemachine.Unauthenticated,
		"IncompleteSignatureException":        statemachine.Unauthenticated,
		"InvalidSignatureException":           statemachine.Unauthenticated,
		"SignatureDoesNotMatch":               statemachine.Unauthenticated,
		"RequestExpired":                      statemachine.Unauthenticated,
		"RequestTimeTooSkewed":                statemachine.Unauthenticated,
		"AuthFailure":                         statemachine.Unauthenticated,
		"InvalidAction":                       statemachine.Unsupported,
		"NotImplemented":                      statemachine.Unsupported,
		"NotImplementedException":             statemachine.Unsupported,
		"UnknownOperation":                    statemachine.Unsupported,
		"UnknownOperationException":           statemachine.Unsupported,
		"UnsupportedOperation":                statemachine.Unsupported,
		"UnsupportedOperationException":       statemachine.Unsupported,
		"InternalError":                       statemachine.Unavailable,
		"InternalFailure":                     statemachine.Unavailable,
		"InternalServerError":                 statemachine.Unavailable,
		"ServiceUnavailable":                  statemachine.Unavailable,
		"ServiceUnavailableException":         statemachine.Unavailable,
		"RequestAbortedException":             statemachine.Unavailable,
		"ValidationError":                     statemachine.InvalidInput,
		"ValidationException":                 statemachine.InvalidInput,
		"MissingParameter":                    statemachine.InvalidInput,
		"MalformedQueryString":                statemachine.InvalidInput,
		"MalformedHttpRequestException":       statemachine.InvalidInput,
		"RequestEntityTooLargeException":      statemachine.InvalidInput,
	}
	rows := map[string]statemachine.Kind{}
	for _, row := range sdkfault.CommonRules() {
		if _, twice := rows[row.Code]; twice || row.Message != "" {
			t.Errorf("%s is a duplicate, or depends on a message", row.Code)
		}
		rows[row.Code] = row.Kind
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for c, kind := range want {
		if got := kindOf(nil, code(c)); got != kind {
			t.Errorf("%s: %v, want %v", c, got, kind)
		}
	}
	sdkfault.CommonRules()[0].Kind = statemachine.Unknown
	if sdkfault.CommonRules()[0].Kind == statemachine.Unknown {
		t.Error("a caller can change the rows of all")
	}
}

// TestCodesThatSDKRetriesNeedNoRule checks the codes that the SDK itself classifies.
func TestCodesThatSDKRetriesNeedNoRule(t *testing.T) {
	for c := range retry.DefaultThrottleErrorCodes {
		if got := kindOf(nil, code(c)); got != statemachine.Throttled {
			t.Errorf("%s: %v", c, got)
		}
	}
	for c := range retry.DefaultRetryableErrorCodes {
		if got := kindOf(nil, code(c)); got != statemachine.Unavailable {
			t.Errorf("%s: %v", c, got)
		}
	}
}

func TestTableFirstMatchingRuleDecides(t *testing.T) {
	table := sdkfault.Table{
		{Code: "Combination", Message: "is stopped", Kind: statemachine.AlreadyInState},
		{Code: "Combination", Message: "configuration", Kind: statemachine.Unsupported},
		{Code: "Combination", Kind: statemachine.InvalidInput},
		{Code: "Throttling", Kind: statemachine.Conflict},
		{Code: "AccessDenied", Kind: statemachine.KeyNotAccessible},
		{Code: "UnknownError", Kind: statemachine.NotFound},
	}
	for _, test := range []struct {
		why           string
		code, message string
		kind          statemachine.Kind
	}{
		{"the first row that fits", "Combination", "expected started, but is stopped", statemachine.AlreadyInState},
		{"in whatever case", "Combination", "expected STARTED, but IS STOPPED", statemachine.AlreadyInState},
		{"the next", "Combination", "in this Configuration", statemachine.Unsupported},
		{"the rest", "Combination", "", statemachine.InvalidInput},
		{"a code has to be the same as a whole", "CombinationFault", "is stopped", statemachine.Unknown},
		{"and in the same case", "combination", "is stopped", statemachine.Unknown},
		{"before what the SDK knows", "Throttling", "", statemachine.Conflict},
		{"before what is common", "AccessDenied", "", statemachine.KeyNotAccessible},
		{"no row is for an error without a code", "UnknownError", "", statemachine.InvalidInput},
	} {
		err := respond(400, &smithy.GenericAPIError{Code: test.code, Message: test.message})
		if got := kindOf(table, err); got != test.kind {
			t.Errorf("%s: %v, want %v", test.why, got, test.kind)
		}
	}
}

func TestFault(t *testing.T) {
	sdk := respond(400, &smithy.GenericAPIError{Code: "Odd", Message: "two\nlines", Fault: smithy.FaultClient})
	got := sdkfault.Table{}.Fault(context.Background(), op, "thing-1", sdk)
	want := &statemachine.Fault{
		Kind: statemachine.Unknown, Operation: op, Resource: "thing-1", Code: "Odd", Message: "two\nlines", RequestID: "req-1",
	}
	if diff := cmp.Diff(error(want), got, cmpopts.IgnoreFields(statemachine.Fault{}, "Err")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !errors.Is(got, sdk) {
		t.Error("the SDK's error is lost")
	}
	if text := got.Error(); text != "DescribeThing thing-1: unknown: Odd: two; lines (request req-1)" {
		t.Errorf("text: %q", text)
	}
}

func TestFaultReturnsErrorsWithKindUnchanged(t *testing.T) {
	fault := &statemachine.Fault{Kind: statemachine.Conflict}
	input := &statemachine.InputError{Fields: []statemachine.FieldError{{Field: "Name", Reason: "is empty"}}}
	for _, err := range []error{fault, input, fmt.Errorf("before: %w", fault), nil} {
		if got := (sdkfault.Table{}).Fault(context.Background(), op, "thing-1", err); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestFaultWithoutRule(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	unknown := &smithy.GenericAPIError{Code: "UnknownError"}
	send := func(err error) error {
		return &smithy.OperationError{ServiceID: "Things", OperationName: string(op), Err: &smithyhttp.RequestSendError{Err: err}}
	}
	post := func(err error) error { return &url.Error{Op: "Post", URL: "https://x", Err: err} }
	for _, test := range []struct {
		why  string
		ctx  context.Context //nolint:containedctx // of one call; nil: nothing ended
		err  error
		kind statemachine.Kind
	}{
		{why: "the service's own fault", err: respond(400, &smithy.GenericAPIError{Code: "Broken", Fault: smithy.FaultServer}), kind: statemachine.Unavailable},
		{why: "a retryable status", err: respond(503, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Unavailable},
		{why: "an unknown code", err: respond(409, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Unknown},
		{why: "an unknown code, with a status that the SDK does not retry", err: respond(507, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Unavailable},
		{why: "501 takes precedence over an unknown code", err: respond(501, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Unsupported},
		{why: "429 takes precedence over an unknown code", err: respond(429, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Throttled},
		{why: "LocalStack", err: respond(501, &smithy.GenericAPIError{Code: "InternalFailure", Message: "API action not implemented"}), kind: statemachine.Unsupported},
		{why: "another emulator", err: respond(500, &smithy.GenericAPIError{Code: "InternalError", Message: "The action has not been implemented"}), kind: statemachine.Unsupported},
		{why: "501 with a code that decides", err: respond(501, &smithy.GenericAPIError{Code: "AccessDenied"}), kind: statemachine.AccessDenied},
		{why: "an unknown code takes precedence over a status that is no failure of the service", err: respond(401, &smithy.GenericAPIError{Code: "Broken"}), kind: statemachine.Unknown},
		{why: "a response decides, even after the context's end", ctx: canceled, err: code("AccessDenied"), kind: statemachine.AccessDenied},
		{why: "no code, 429", err: respond(429, unknown), kind: statemachine.Throttled},
		{why: "no code, 401", err: respond(401, unknown), kind: statemachine.Unauthenticated},
		{why: "no code, 403", err: respond(403, unknown), kind: statemachine.AccessDenied},
		{why: "no code, 404", err: respond(404, unknown), kind: statemachine.Unknown},
		{why: "no code, 500", err: respond(500, unknown), kind: statemachine.Unavailable},
		{why: "no code, 599", err: respond(599, unknown), kind: statemachine.Unavailable},
		{why: "the caller's context ended", ctx: canceled, err: send(context.Canceled), kind: statemachine.Interrupted},
		{why: "the caller's context ended, whatever the error says", ctx: canceled, err: errors.New("x"), kind: statemachine.Interrupted},
		{why: "another context ended", err: send(context.Canceled), kind: statemachine.Unavailable},
		{why: "another context's deadline", err: &aws.RequestCanceledError{Err: context.DeadlineExceeded}, kind: statemachine.Unavailable},
		{why: "no connection", err: send(post(&net.OpError{Op: "dial", Err: errors.New("connection refused")})), kind: statemachine.Unavailable},
		{why: "a broken connection", err: send(post(io.ErrUnexpectedEOF)), kind: statemachine.Unavailable},
		{why: "no such host", err: send(post(&net.DNSError{Err: "no such host", IsNotFound: true})), kind: statemachine.Unknown},
		{why: "an invalid response", err: respond(200, &smithy.DeserializationError{Err: io.EOF}), kind: statemachine.Unavailable},
		{why: "an input that cannot be sent", err: &smithy.SerializationError{Err: io.EOF}, kind: statemachine.InvalidInput},
		{why: "an input that lacks something", err: fmt.Errorf("start: %w", smithy.InvalidParamsError{}), kind: statemachine.InvalidInput},
		{
			why: "no credentials", err: &smithy.OperationError{ServiceID: "Things", OperationName: string(op), Err: fmt.Errorf("get identity: %w", errors.New("none"))},
			kind: statemachine.Unauthenticated,
		},
		{why: "an operation that failed without a reason", err: &smithy.OperationError{ServiceID: "Things", OperationName: string(op)}, kind: statemachine.Unknown},
		{why: "nothing is known", err: errors.New("x"), kind: statemachine.Unknown},
	} {
		t.Run(test.why, func(t *testing.T) {
			ctx := test.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			got := sdkfault.Table{}.Fault(ctx, op, "thing-1", test.err)
			if kind := statemachine.KindOf(got); kind != test.kind {
				t.Errorf("%v, want %v", kind, test.kind)
			}
			if !errors.Is(got, test.err) && !errors.As(got, new(smithy.InvalidParamsError)) {
				t.Error("the error is lost")
			}
			if strings.ContainsAny(got.Error(), "\n\r") {
				t.Errorf("not one line: %q", got.Error())
			}
		})
	}
}

// TestFaultOfSpentRetryQuotaKeepsCode fails ten requests with the SDK's retry quota. The error has
// two lines, with the service's code in the first.
func TestFaultOfSpentRetryQuotaKeepsCode(t *testing.T) {
	spent := errors.Join(code("Throttling"), errors.New("failed to get rate limit token, retry quota exceeded, 0 available, 5 requested"))
	got := sdkfault.Table{}.Fault(context.Background(), op, "thing-1", spent)
	if kind := statemachine.KindOf(got); kind != statemachine.Throttled {
		t.Error(kind)
	}
	if strings.Contains(got.Error(), "\n") {
		t.Errorf("%q", got.Error())
	}
}

func ExampleTable_Fault() {
	faults := sdkfault.Table{
		{Code: "DBSnapshotNotFound", Kind: statemachine.NotFound},
		{Code: "InvalidDBSnapshotState", Kind: statemachine.InvalidState},
	}
	// In your code: the error of a call of the SDK.
	sdk := &smithy.GenericAPIError{Code: "DBSnapshotNotFound", Message: "DBSnapshot nightly not found."}

	err := faults.Fault(context.Background(), "DescribeDBSnapshots", "nightly", sdk)
	fmt.Println(err)
	fmt.Println(errors.Is(err, statemachine.NotFound))
	// Output:
	// DescribeDBSnapshots nightly: not found: DBSnapshotNotFound: DBSnapshot nightly not found.
	// true
}

// TestFaultRedactsSignedRequest makes AWS quote the signed request. The quote must appear neither
// in the Fault nor in its text.
func TestFaultRedactsSignedRequest(t *testing.T) {
	for _, test := range []struct {
		why, code, message string
		quotes             bool
	}{
		{
			why: "the signed headers, the session token among them", code: "SignatureDoesNotMatch", quotes: true,
			message: "The Canonical String for this request should have been\n'POST\n/\n\nhost:rds.us-east-1.amazonaws.com\nx-amz-security-token:s3cret\n'",
		},
		{
			why: "the Authorization header", code: "IncompleteSignature", quotes: true,
			message: "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=s3cret/20261121/us-east-1/rds",
		},
		{
			why: "the scope", code: "InvalidSignatureException", quotes: true,
			message: "Credential should be scoped to a valid region: s3cret/20261121/eu-west-1/rds/aws4_request",
		},
		{why: "nothing of the kind", code: "SignatureDoesNotMatch", message: "Signature expired: 20261121T000000Z is now earlier than 20261121T001000Z"},
	} {
		t.Run(test.why, func(t *testing.T) {
			sdk := respond(403, &smithy.GenericAPIError{Code: test.code, Message: test.message})
			err := sdkfault.Table{}.Fault(context.Background(), op, "thing-1", sdk)
			fault, ok := errors.AsType[*statemachine.Fault](err)
			if !ok || fault.Kind != statemachine.Unauthenticated || fault.Code != test.code {
				t.Fatalf("%+v", err)
			}
			if test.quotes == (fault.Message == test.message) {
				t.Errorf("message: %q", fault.Message)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("text: %q", err.Error())
			}
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorMessage() != test.message {
				t.Error("the SDK's error does not have it either")
			}
		})
	}
}

// TestFaultRedactsAfterKind checks that the original message decides the kind before it is
// redacted.
func TestFaultRedactsAfterKind(t *testing.T) {
	table := sdkfault.Table{{Code: "Odd", Message: "signature=", Kind: statemachine.Conflict}}
	for _, test := range []struct {
		why, message string
		out          bool
	}{
		{"IncompleteSignature", "'KEY/20260101/r/s/aws4_request' not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 …, Signature=f00'.", true},
		{"the scope alone, which begins with the key's ID", "'KEY/20260101/r/s/aws4_request' is wrong; signature=", true},
		{"SignatureDoesNotMatch", "The Canonical String for this request should have been\n'POST\nx-amz-security-token:T0KEN\n\nsignature=", true},
		{"the SDK's spelling of the header", "X-Amz-Security-Token: T0KEN signature=", true},
		{"an algorithm of another name", "AWS4-ECDSA-P256-SHA256 signature=", true},
		{"nothing of the kind", "The signature= is too old", false},
	} {
		err := table.Fault(context.Background(), op, "thing-1", respond(400, &smithy.GenericAPIError{Code: "Odd", Message: test.message}))
		f, ok := errors.AsType[*statemachine.Fault](err)
		if !ok || f.Kind != statemachine.Conflict || (f.Message != test.message) != test.out || f.Message == "" {
			t.Errorf("%s: %v", test.why, err)
		}
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorMessage() != test.message {
			t.Errorf("%s: the SDK's error has lost its message: %v", test.why, api)
		}
	}
}
