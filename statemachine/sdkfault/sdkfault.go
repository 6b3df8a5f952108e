// Package sdkfault turns an error of the AWS SDK for Go into a [statemachine.Fault]: what was called, on what, what AWS
// said, and, as a [statemachine.Kind], what to do about it.
//
// What a service's error codes mean is one [Table] a service. What all of AWS has in common, such as throttling,
// expired credentials or a broken connection, needs no row: the package knows it, where possible by asking
// the SDK's own classification. A resource of your own needs no more than
//
//	var faults = sdkfault.Table{
//		{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
//		{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
//	}
//
// and faults.Fault around each call's error.
//
// A code that is known decides, never the HTTP status beside it: AWS's documents and its answers differ in the status. The
// status decides where there is no code, such as of a proxy's page; and beside a code that nobody knows one of 500 or more
// is Unavailable, any other Unknown.
//
// # When not to use it
//
// The clients of this module map their errors by it already. It is for the AWS SDK for Go alone: for another API make
// the [statemachine.Fault] yourself. And it does not try again: that is for the SDK, or for a wait.
package sdkfault

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Rule says what one error code means.
type Rule struct {
	Code    string            // as it comes over the wire: "DBInstanceNotFound", not the shape's name
	Message string            // what the service's message must contain, ignoring case; empty: anything
	Kind    statemachine.Kind // what to do about it
}

// Table says what a service's error codes mean. The first row that fits decides; it goes before what this package knows
// of all services. A Table is safe for concurrent use as long as it does not change.
type Table []Rule

// CommonRules is what these codes mean in every service. Throttling and what the SDK retries is not here: the SDK
// knows it. The slice is the caller's.
func CommonRules() Table {
	return Table{
		{Code: "AccessDenied", Kind: statemachine.AccessDenied},
		{Code: "AccessDeniedException", Kind: statemachine.AccessDenied},
		{Code: "UnauthorizedOperation", Kind: statemachine.AccessDenied},
		{Code: "NotAuthorized", Kind: statemachine.AccessDenied},
		{Code: "OptInRequired", Kind: statemachine.AccessDenied},
		{Code: "ExpiredToken", Kind: statemachine.Unauthenticated},
		{Code: "ExpiredTokenException", Kind: statemachine.Unauthenticated},
		{Code: "InvalidClientTokenId", Kind: statemachine.Unauthenticated},
		{Code: "UnrecognizedClientException", Kind: statemachine.Unauthenticated},
		{Code: "InvalidAccessKeyId", Kind: statemachine.Unauthenticated},
		{Code: "MissingAuthenticationToken", Kind: statemachine.Unauthenticated},
		{Code: "MissingAuthenticationTokenException", Kind: statemachine.Unauthenticated},
		{Code: "IncompleteSignature", Kind: statemachine.Unauthenticated},
		{Code: "IncompleteSignatureException", Kind: statemachine.Unauthenticated},
		{Code: "InvalidSignatureException", Kind: statemachine.Unauthenticated},
		{Code: "SignatureDoesNotMatch", Kind: statemachine.Unauthenticated},
		{Code: "RequestExpired", Kind: statemachine.Unauthenticated},
		{Code: "RequestTimeTooSkewed", Kind: statemachine.Unauthenticated},
		{Code: "InternalError", Kind: statemachine.Unavailable},
		{Code: "InternalFailure", Kind: statemachine.Unavailable},
		{Code: "InternalServerError", Kind: statemachine.Unavailable},
		{Code: "ServiceUnavailable", Kind: statemachine.Unavailable},
		{Code: "ServiceUnavailableException", Kind: statemachine.Unavailable},
		{Code: "ValidationError", Kind: statemachine.InvalidInput},
		{Code: "ValidationException", Kind: statemachine.InvalidInput},
		{Code: "MissingParameter", Kind: statemachine.InvalidInput},
		{Code: "MalformedQueryString", Kind: statemachine.InvalidInput},
	}
}

// Fault makes a [*statemachine.Fault] of the error of a call of op on resource with the context ctx. It returns
// nil for nil, and an error that has its kind already (a Fault, an InputError) as it is. The SDK's error stays
// reachable through errors.As. The Message is left out where it quotes the request's signature, as AWS does of
// a wrong one: it must not get into logs.
func (t Table) Fault(ctx context.Context, op statemachine.Operation, resource string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*statemachine.Fault](err); ok {
		return err
	}
	if _, ok := errors.AsType[*statemachine.InputError](err); ok {
		return err
	}
	f := &statemachine.Fault{Operation: op, Resource: resource, Err: err}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		f.Code, f.Message = api.ErrorCode(), api.ErrorMessage()
	}
	if r, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		f.RequestID = r.ServiceRequestID()
	}
	f.Kind = t.kind(ctx, f)
	f.Message = redact(f.Message)
	return f
}

// redact is what a service said, unless it quotes what the request was signed with: of a request that it
// finds wrongly signed AWS returns the Authorization header (IncompleteSignature), or all signed headers, the
// session token among them (SignatureDoesNotMatch).
func redact(message string) string {
	for _, quoted := range []string{"AWS4-", "aws4_request", "X-Amz-Security-Token"} {
		if containsFold(message, quoted) {
			return "the message quotes the request's signature or its credentials and is left out; the SDK's error has it"
		}
	}
	return message
}

// kind says what a fault means whose other fields are filled in.
func (t Table) kind(ctx context.Context, f *statemachine.Fault) statemachine.Kind {
	switch f.Code {
	case "":
		return kindWithoutCode(ctx, f.Err)
	case "UnknownError": // what the SDK makes of an error without a code, such as a proxy's page
		return kindOfStatus(f.Err)
	}
	for _, rows := range []Table{t, CommonRules()} {
		for _, row := range rows {
			if row.Code == f.Code && containsFold(f.Message, row.Message) {
				return row.Kind
			}
		}
	}
	switch {
	case retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(f.Err) == aws.TrueTernary:
		return statemachine.Throttled
	case retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(f.Err) == aws.TrueTernary:
		return statemachine.Unavailable
	}
	if api, ok := errors.AsType[smithy.APIError](f.Err); ok && api.ErrorFault() == smithy.FaultServer {
		return statemachine.Unavailable
	}
	if kindOfStatus(f.Err) == statemachine.Unavailable { // a code that nobody knows tells nothing; a 5xx does
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

// kindWithoutCode says what an error means that is no answer of the service.
func kindWithoutCode(ctx context.Context, err error) statemachine.Kind {
	if ctx.Err() != nil {
		return statemachine.Interrupted
	}
	if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary {
		return statemachine.Unavailable
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return statemachine.Unavailable // an answer came, but not one of the service: whether it did anything is not known
	}
	if _, ok := errors.AsType[*smithy.SerializationError](err); ok {
		return statemachine.InvalidInput
	}
	if _, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return statemachine.InvalidInput
	}
	if op, ok := errors.AsType[*smithy.OperationError](err); ok && op.Err != nil &&
		strings.HasPrefix(op.Err.Error(), "get identity: ") { // the SDK has no type for it
		return statemachine.Unauthenticated
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return statemachine.Unavailable // not the caller's context: an HTTP client's own timeout, say
	}
	return kindOfStatus(err)
}

// kindOfStatus is for an error that has nothing but an HTTP status to tell by.
func kindOfStatus(err error) statemachine.Kind {
	r, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok {
		return statemachine.Unknown
	}
	switch status := r.HTTPStatusCode(); {
	case status == http.StatusTooManyRequests:
		return statemachine.Throttled
	case status == http.StatusUnauthorized:
		return statemachine.Unauthenticated
	case status == http.StatusForbidden:
		return statemachine.AccessDenied
	case status >= http.StatusInternalServerError:
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

func containsFold(s, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
