// Package sdkfault turns an error of the AWS SDK for Go into a [statemachine.Fault]. The Fault has
// the operation, the resource, AWS's code and message and, as a [statemachine.Kind], what to do.
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
// # What decides
//
// The kind does not depend on the SDK's error types, which differ between its versions. The first
// of these that applies decides:
//
//  1. A failure to get credentials, whatever the Table says. It is Throttled or Unavailable if a
//     retry can succeed, and otherwise Unauthenticated.
//  2. The error code that this service returned. It takes precedence over the HTTP status, because
//     AWS's documentation and its responses differ in the status.
//  3. The HTTP status of a response without a code, such as a proxy's page, if it is 400 or above.
//     For an unknown code, the status decides if it is 429, or 500 or above. HTTP 501 takes
//     precedence over codes such as InternalFailure, with which emulators send it.
//  4. A response that could not be read is Unavailable.
//  5. Without a response, a failed connection is Unavailable. A host that does not exist and a
//     certificate that cannot be verified are Unknown, because a retry does not fix them.
//
// [RecordErrorBody] lets the package describe a response that has no error code.
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
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

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
	var rules Table
	for _, common := range commonCodes {
		for code := range strings.FieldsSeq(common.codes) {
			rules = append(rules, Rule{Code: code, Kind: common.kind})
		}
	}
	return rules
}

// commonCodes lists the codes of CommonRules by their kinds.
var commonCodes = []struct {
	kind  statemachine.Kind
	codes string
}{
	{statemachine.AccessDenied, `AccessDenied AccessDeniedException UnauthorizedOperation NotAuthorized
		OptInRequired SubscriptionRequiredException`},
	{statemachine.Unauthenticated, `ExpiredToken ExpiredTokenException InvalidClientTokenId
		UnrecognizedClientException InvalidAccessKeyId AuthFailure RequestExpired RequestTimeTooSkewed
		MissingAuthenticationToken MissingAuthenticationTokenException IncompleteSignature
		IncompleteSignatureException InvalidSignatureException SignatureDoesNotMatch`},
	{statemachine.Unsupported, `InvalidAction NotImplemented NotImplementedException UnknownOperation
		UnknownOperationException UnsupportedOperation UnsupportedOperationException`},
	{statemachine.Unavailable, `InternalError InternalFailure InternalServerError ServiceUnavailable
		ServiceUnavailableException RequestAbortedException`},
	{statemachine.InvalidInput, `ValidationError ValidationException MissingParameter MalformedQueryString
		MalformedHttpRequestException RequestEntityTooLargeException`},
}

// Fault returns the error of a request as a [*statemachine.Fault]. The request was op on resource,
// with the context ctx. Fault returns nil for nil, and an error that already has a kind (a Fault or
// an InputError) unchanged. errors.As still finds the SDK's error. Fault redacts a message that
// quotes the request's signature, which must not appear in logs.
//
// NotSent of the Fault is about the SDK's last attempt. It holds for the whole call if the SDK's
// retries are off.
func (t Table) Fault(ctx context.Context, op statemachine.Operation, resource string, err error) error {
	if err == nil || has[*statemachine.Fault](err) || has[*statemachine.InputError](err) {
		return err
	}
	f := &statemachine.Fault{Operation: op, Resource: resource, Err: err}
	r := findResponse(err)
	switch {
	case r.credentials != nil:
		f.Kind = credentialsKind(ctx, r.credentials)
		f.Message = "cannot get credentials: " + credentialsText(r.credentials)
		f.NotSent = true
		return f
	case r.code != "":
		f.Code, f.Message = r.code, r.message
		f.Kind = t.kindOfCode(&r, err)
		f.Message = redact(f.Message)
	case r.status >= http.StatusBadRequest:
		f.Kind, f.Message = kindOfStatus(r.status), r.describe()
	case r.status != 0:
		f.Kind, f.Message = statemachine.Unavailable, "unreadable response: "+r.describe()+": "+oneLine(innermost(err).Error(), maxText)
		if ctx.Err() != nil {
			f.Kind = statemachine.Interrupted
		}
	default:
		setKindWithoutResponse(ctx, f)
	}
	f.RequestID, f.RetryAfter = r.requestID, r.retryAfter
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

// kindOfCode returns the kind of a response with an error code.
func (t Table) kindOfCode(r *response, err error) statemachine.Kind {
	kind := t.kindOfKnownCode(r.code, r.message)
	switch {
	case (kind == statemachine.Unknown || kind == statemachine.Unavailable) && r.isNotImplemented():
		return statemachine.Unsupported
	case kind != statemachine.Unknown:
		return kind
	case r.status == http.StatusTooManyRequests, isThrottle(err):
		return statemachine.Throttled
	case r.status >= http.StatusInternalServerError, r.serverFault, isRetryable(err):
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

// kindOfKnownCode returns the kind of the first rule that matches, or Unknown.
func (t Table) kindOfKnownCode(code, message string) statemachine.Kind {
	for _, rule := range slices.Concat(t, CommonRules()) {
		if rule.Code == code && containsFold(message, rule.Message) {
			return rule.Kind
		}
	}
	return statemachine.Unknown
}

// kindOfStatus returns the kind of a response without an error code. 404 is not NotFound, because
// a proxy's page is no proof that the resource is absent.
func kindOfStatus(status int) statemachine.Kind {
	switch {
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge:
		return statemachine.InvalidInput
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		return statemachine.Unauthenticated
	case status == http.StatusForbidden:
		return statemachine.AccessDenied
	case status == http.StatusTooManyRequests:
		return statemachine.Throttled
	case status == http.StatusNotImplemented:
		return statemachine.Unsupported
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

// isThrottle reports whether the SDK takes err for a throttled request.
func isThrottle(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// isRetryable reports whether the SDK would retry a request that failed with err.
func isRetryable(err error) bool {
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// has reports whether the chain of err has an error of the type E.
func has[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// containsFold reports whether s contains part, in any case.
func containsFold(s, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
