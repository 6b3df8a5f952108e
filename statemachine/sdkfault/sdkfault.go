// Package sdkfault turns an error of the AWS SDK for Go into a [statemachine.Fault]: the operation,
// the resource, AWS's code and message and, as a [statemachine.Kind], what to do about it.
//
// Each service has one [Table], which maps its error codes to kinds. Errors that are common to all
// of AWS, such as throttling, expired credentials or a broken connection, need no rule. The package
// knows them, where possible from the SDK's own classification. For a resource of your own, write
//
//	var faults = sdkfault.Table{
//		{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
//		{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
//	}
//
// and call faults.Fault with the error of each request.
//
// A known code takes precedence over the HTTP status, because AWS's documentation and its responses
// differ in the status. The status decides only without a code (a proxy's page) or with an unknown
// one: 5xx is Unavailable, anything else Unknown.
//
// # When not to use it
//
// The clients of this module already map their errors. The package is for the AWS SDK for Go only.
// For another API, make the [statemachine.Fault] yourself. It does not retry: the SDK or a wait
// does.
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

// Rule maps one error code to a kind.
type Rule struct {
	Code    string            // as sent over the wire: "DBInstanceNotFound", not the shape's name
	Message string            // text that the service's message must contain, in any case; empty matches every message
	Kind    statemachine.Kind // what to do about the error
}

// Table maps a service's error codes to kinds. The first rule that matches decides. It takes
// precedence over [CommonRules]. A Table is safe for concurrent use as long as it does not change.
type Table []Rule

// CommonRules returns the codes that mean the same in every service. It leaves out the codes that
// the SDK itself classifies: throttling, and what the SDK retries. The caller owns the slice.
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

// Fault returns the error of a request as a [*statemachine.Fault]. The request was op on resource,
// with the context ctx. Fault returns nil for nil, and an error that already has a kind (a Fault or
// an InputError) unchanged. errors.As still finds the SDK's error. Fault redacts a message that
// quotes the request's signature, which must not appear in logs.
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

// redact returns the message, or a replacement if the message quotes the request's signature. For
// an invalid signature, AWS returns the Authorization header (IncompleteSignature) or all signed
// headers with the session token (SignatureDoesNotMatch).
func redact(message string) string {
	for _, quoted := range []string{"AWS4-", "aws4_request", "X-Amz-Security-Token"} {
		if containsFold(message, quoted) {
			return "message redacted: it quotes the request's signature or credentials; the SDK's error has it"
		}
	}
	return message
}

// kind returns the kind of a fault whose other fields are set.
func (t Table) kind(ctx context.Context, f *statemachine.Fault) statemachine.Kind {
	switch f.Code {
	case "":
		return kindWithoutCode(ctx, f.Err)
	case "UnknownError": // the SDK's code for a response without one, such as a proxy's page
		return kindOfStatus(f.Err)
	}
	for _, rules := range []Table{t, CommonRules()} {
		for _, rule := range rules {
			if rule.Code == f.Code && containsFold(f.Message, rule.Message) {
				return rule.Kind
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
	if kindOfStatus(f.Err) == statemachine.Unavailable { // the code is unknown, but not the status
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

// kindWithoutCode returns the kind of an error that is not a response of the service.
func kindWithoutCode(ctx context.Context, err error) statemachine.Kind {
	if ctx.Err() != nil {
		return statemachine.Interrupted
	}
	if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary {
		return statemachine.Unavailable
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return statemachine.Unavailable // a response, but not the service's: the operation may have been executed
	}
	if _, ok := errors.AsType[*smithy.SerializationError](err); ok {
		return statemachine.InvalidInput
	}
	if _, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return statemachine.InvalidInput
	}
	if op, ok := errors.AsType[*smithy.OperationError](err); ok && op.Err != nil &&
		strings.HasPrefix(op.Err.Error(), "get identity: ") { // the SDK has no type for this error
		return statemachine.Unauthenticated
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return statemachine.Unavailable // not the caller's context, but for example an HTTP client's timeout
	}
	return kindOfStatus(err)
}

// kindOfStatus returns the kind of an error by its HTTP status.
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

// containsFold reports whether s contains part, in any case.
func containsFold(s, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
