package conformance

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// row is an error response of a service, and its kind.
type row struct {
	code    string
	kind    statemachine.Kind
	message string // empty for any message
	status  int    // zero means 400
	resign  bool   // may be due to the clock, so a wait repeats the request once, and at once
}

// failure returns a failure with the row's error.
func (r row) failure(times int) simulator.Failure {
	f := simulator.Failure{Code: r.code, Message: r.message, Status: r.status, Times: times}
	if f.Message == "" {
		f.Message = "Message of the service."
	}
	return f
}

// treatment is the reaction to a failed call.
type treatment int

const (
	fatal     treatment = iota // ends the call
	retryable                  // tried again after the next delay
	uncertain                  // tried again after the grace period, because it may have been executed
	missing                    // the resource does not exist
)

// exemptions are the kinds that a scenario treats differently.
type exemptions struct {
	read, command map[statemachine.Kind]treatment
}

// readTreatment returns how a wait treats a failed read of a kind, by rule 6.
func (w *fixture) readTreatment(k statemachine.Kind) treatment {
	if t, ok := w.exempt.read[k]; ok {
		return t
	}
	switch k {
	case statemachine.Throttled, statemachine.Unavailable, statemachine.Conflict:
		return retryable
	case statemachine.NotFound:
		return missing
	default:
		return fatal
	}
}

// commandTreatment returns how an ensure method treats a failed command of a kind, by its rule 3.
func (w *fixture) commandTreatment(k statemachine.Kind) treatment {
	if t, ok := w.exempt.command[k]; ok {
		return t
	}
	switch k {
	case statemachine.Throttled, statemachine.InvalidState, statemachine.Conflict, statemachine.AlreadyInState:
		return retryable
	case statemachine.Unavailable:
		return uncertain
	default:
		return fatal
	}
}

// retryableRow returns an error after which an ensure method tries again without slowing down, as
// it does after throttling.
func (w *fixture) retryableRow() row {
	for _, r := range w.rows() {
		if r.kind != statemachine.Throttled && w.commandTreatment(r.kind) == retryable {
			if r.message == "" {
				r.message = "Message of the service."
			}
			return r
		}
	}
	w.Fatal("no error of the service is retryable")
	return row{}
}

// kindRules returns the rules for errors, which are checked with each error of the service.
func kindRules() []rule {
	return []rule{
		{
			name:  "kinds: a single command",
			why:   "the kind says what to do, and the SDK's error stays in the chain",
			needs: commands,
			check: func(w *fixture) {
				for _, r := range w.rows() {
					w.fail("", r.failure(-1))
					w.checkFault(w.run(w.Context()), w.op, r)
					w.clear()
				}
			},
		},
		{
			name: "kinds: a single read",
			why:  "the kind says what to do, and the SDK's error stays in the chain",
			check: func(w *fixture) {
				for _, r := range w.rows() {
					w.fail("", r.failure(-1))
					state, err := w.get(w.Context())
					assert.Equal(w, "value", "", state)
					w.checkFault(err, w.read, r)
					w.clear()
				}
			},
		},
		{
			name: "kinds: a read of a wait",
			why:  "a tolerated kind doubles the delay, and any other ends the wait at once",
			check: func(w *fixture) {
				w.moveTo(w.to)
				for _, r := range w.rows() {
					if r.resign || w.to == absent && r.kind == statemachine.NotFound { // the latter is not a failure
						continue
					}
					w.fail(w.read, r.failure(1))
					want := map[treatment]outcome{
						retryable: {State: w.to, At: 2 * w.least, Reads: 2},
						fatal:     {Summary: readFailed, Reads: 1},
						missing:   {Summary: gone, Reads: 1},
					}[w.readTreatment(r.kind)]
					err := w.wantWait(time.Hour, want)
					w.checkChain(err, r)
					w.rest()
				}
			},
		},
		{
			name: "kinds: a signature that is rejected",
			why:  "the clock may be wrong, and the SDK learns its offset from the first response",
			check: func(w *fixture) {
				w.moveTo(w.to)
				for _, r := range w.rows() {
					if !r.resign || w.to == absent { // absence takes a list, which waits for its slot
						continue
					}
					w.fail(w.read, r.failure(1))
					w.wantWait(time.Hour, outcome{State: w.to, Reads: 2})
					w.rest()
					w.fail(w.read, r.failure(2))
					err := w.wantWait(time.Hour, outcome{Summary: readFailed, Reads: 2})
					w.checkChain(err, r)
					w.rest()
				}
			},
		},
		{
			name:  "kinds: a read of a watch",
			why:   "a tolerated kind doubles the delay, and any other ends the watch",
			needs: watches,
			check: func(w *fixture) {
				w.moveTo(w.to)
				for _, r := range w.rows() {
					if r.resign || w.to == absent && r.kind == statemachine.NotFound { // the latter is not a failure
						continue
					}
					w.fail(w.read, r.failure(1))
					want := map[treatment]yielded{
						retryable: {2 * delay, w.to, ""},
						fatal:     {Summary: readFailed},
						missing:   {Summary: gone},
					}[w.readTreatment(r.kind)]
					seen, err := w.collect(w.Context(), 1)
					assert.Equal(w, r.code, []yielded{want}, seen)
					w.checkChain(err, r)
					w.rest()
				}
			},
		},
		{
			name:  "kinds: a command of an ensure method",
			why:   "a command that did not run is sent after the next delay, one that may have run after the grace period; any other kind ends the call",
			needs: commands,
			check: func(w *fixture) {
				for _, r := range w.rows() {
					if r.resign {
						continue
					}
					w.fail(w.op, r.failure(1))
					var want outcome
					retry := func(at time.Duration) outcome {
						return outcome{
							State: w.to, At: w.reachedAt(at), Reads: w.readCount(w.reachedAt(at)), Operations: w.ops(),
							Commands: []string{w.refused(0, r.code), w.accepted(at)},
						}
					}
					switch w.commandTreatment(r.kind) {
					case retryable:
						want = retry(w.least)
					case uncertain:
						want = retry(grace)
					default:
						want = outcome{Summary: string(r.kind), State: w.from, Reads: 1, Commands: []string{w.refused(0, r.code)}}
					}
					err := w.wantEnsure(time.Hour, want)
					w.checkChain(err, r)
					if w.Failed() {
						w.Fatalf("failed after error %s of kind %q", r.code, r.kind)
					}
					w.move(w.from)
					w.rest()
				}
			},
		},
	}
}

// checkChain checks that an error has the kind of a service's error, and the SDK's error in its
// chain.
func (w *fixture) checkChain(err error, r row) {
	w.Helper()
	if err == nil {
		return
	}
	assert.ErrorIs(w, err, r.kind)
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != r.code {
		w.Errorf("error lacks the SDK's error %s: %v", r.code, err)
	}
}

// checkFault checks the Fault that a single call returns for an error of the service.
func (w *fixture) checkFault(err error, op statemachine.Operation, r row) {
	w.Helper()
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok {
		w.Fatalf("%s: no Fault in the chain of %v", r.code, err)
	}
	assert.Equal(w, "fault", [4]string{string(r.kind), string(op), w.resource, r.code}, [4]string{string(f.Kind), string(f.Operation), f.Resource, f.Code})
	assert.Equal(w, r.code, r.kind, statemachine.KindOf(err))
	w.checkChain(err, r)
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok || f.RequestID == "" || f.RequestID != response.ServiceRequestID() {
		w.Errorf("%s: request ID is %q, want that of the response: %v", r.code, f.RequestID, err)
	}
	assert.ErrorContains(w, err, string(op), w.resource, string(r.kind), r.code, f.RequestID)
}

// commonRows returns the errors that all AWS services share.
func commonRows() []row {
	of := func(k statemachine.Kind, codes ...string) []row {
		var rows []row
		for _, c := range codes {
			rows = append(rows, row{code: c, kind: k})
		}
		return rows
	}
	return slices.Concat(
		of(statemachine.AccessDenied, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired",
			"SubscriptionRequiredException"),
		of(statemachine.Unsupported, "InvalidAction", "NotImplemented", "NotImplementedException", "UnknownOperation", "UnknownOperationException",
			"UnsupportedOperation", "UnsupportedOperationException"),
		of(statemachine.Unauthenticated, "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
			"InvalidAccessKeyId", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
			"IncompleteSignatureException", "AuthFailure"),
		of(statemachine.Unavailable, "InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
			"RequestAbortedException"),
		of(statemachine.InvalidInput, "ValidationError", "ValidationException", "MissingParameter", "MalformedQueryString", "MalformedHttpRequestException",
			"RequestEntityTooLargeException"),
		of(statemachine.Throttled, "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"),
		[]row{
			{code: "InvalidSignatureException", kind: statemachine.Unauthenticated, resign: true},
			{code: "SignatureDoesNotMatch", kind: statemachine.Unauthenticated, resign: true},
			{code: "RequestExpired", kind: statemachine.Unauthenticated, resign: true},
			{code: "RequestTimeTooSkewed", kind: statemachine.Unauthenticated, resign: true},
			{code: "InternalFailure", kind: statemachine.Unsupported, status: http.StatusNotImplemented}, // an emulator
			{code: "ThrottlingException", kind: statemachine.Throttled, status: http.StatusTooManyRequests},
			{code: "AccessDeniedException", kind: statemachine.AccessDenied, status: http.StatusForbidden},
			{code: "OnFireException", kind: statemachine.Unknown},
			{code: "OnFireException", kind: statemachine.Unknown, status: http.StatusTeapot},
			{code: "OnFireException", kind: statemachine.Unavailable, status: http.StatusServiceUnavailable}, // the status decides for an unknown code
		},
	)
}

// activityStreamRows returns the errors of RDS.
func activityStreamRows() []row {
	return slices.Concat([]row{
		{code: "ResourceNotFoundFault", kind: statemachine.NotFound, status: http.StatusNotFound},
		{code: "DBInstanceNotFound", kind: statemachine.NotFound, status: http.StatusNotFound},
		{code: "DBClusterNotFoundFault", kind: statemachine.NotFound, status: http.StatusNotFound},
		{code: "InvalidDBClusterStateFault", kind: statemachine.InvalidState},
		{code: "InvalidDBInstanceState", kind: statemachine.InvalidState},
		{code: "KMSKeyNotAccessibleFault", kind: statemachine.KeyNotAccessible},
		{code: "InvalidParameterCombination", kind: statemachine.AlreadyInState, message: "Activity Streams feature expected to be started, but is stopped"},
		{code: "InvalidParameterCombination", kind: statemachine.AlreadyInState, message: "Activity Streams feature expected to be STARTED, but is STOPPED"},
		{code: "InvalidParameterCombination", kind: statemachine.AlreadyInState, message: "Activity Streams feature expected to be stopped, but is started"},
		{code: "InvalidParameterCombination", kind: statemachine.InvalidState, message: "Activity Streams feature expected to be started, but is starting"},
		{code: "InvalidParameterCombination", kind: statemachine.Unsupported, message: "You can't start a database activity stream in this configuration"},
		{code: "InvalidParameterCombination", kind: statemachine.InvalidInput},
		{code: "InvalidParameterValue", kind: statemachine.InvalidInput},
	}, commonRows())
}

// ingestionRows returns the errors of CloudTrail.
func ingestionRows() []row {
	return slices.Concat([]row{
		{code: "EventDataStoreARNInvalidException", kind: statemachine.InvalidInput},
		{code: "InvalidParameterException", kind: statemachine.InvalidInput},
		{code: "InvalidMaxResultsException", kind: statemachine.InvalidInput},
		{code: "InvalidNextTokenException", kind: statemachine.InvalidInput},
		{code: "EventDataStoreNotFoundException", kind: statemachine.NotFound},
		{code: "InvalidEventDataStoreStatusException", kind: statemachine.InvalidState},
		{code: "InactiveEventDataStoreException", kind: statemachine.InvalidState},
		{code: "InvalidEventDataStoreCategoryException", kind: statemachine.Unsupported},
		{code: "UnsupportedOperationException", kind: statemachine.Unsupported},
		{code: "NotOrganizationMasterAccountException", kind: statemachine.AccessDenied},
		{code: "OperationNotPermittedException", kind: statemachine.AccessDenied},
		{code: "InsufficientDependencyServiceAccessPermissionException", kind: statemachine.MissingDependency},
		{code: "NoManagementAccountSLRExistsException", kind: statemachine.MissingDependency},
		{code: "ConflictException", kind: statemachine.Conflict},
	}, commonRows())
}

// eventStreamRows returns the errors of Customer Profiles.
func eventStreamRows() []row {
	const taken = "The Customer Profiles Domain: example-domain is already associated with an active EventStream"
	return slices.Concat([]row{
		{code: "BadRequestException", kind: statemachine.AlreadyInState, message: taken},
		{code: "BadRequestException", kind: statemachine.InvalidInput},
		{code: "ResourceNotFoundException", kind: statemachine.NotFound, status: http.StatusNotFound},
		{code: "InternalServerException", kind: statemachine.Unavailable, status: http.StatusInternalServerError},
	}, commonRows())
}

// TestEveryMappedCodeIsChecked checks that the suite sends each error code that a package maps.
func TestEveryMappedCodeIsChecked(t *testing.T) {
	for dir, rows := range map[string][]row{"activitystream": activityStreamRows(), "ingestion": ingestionRows(), "eventstream": eventStreamRows()} {
		sent := make(map[string]bool)
		for _, r := range rows {
			sent[r.code] = true
		}
		mapped := tableOf(t, "../../"+dir+"/faults.go")
		if len(mapped) < 3 {
			t.Errorf("found only %q in the table of %s", mapped, dir)
		}
		for _, r := range sdkfault.CommonRules() {
			mapped = append(mapped, r.Code)
		}
		for _, code := range mapped {
			if !sent[code] {
				t.Errorf("%s: the suite does not send %s", dir, code)
			}
		}
	}
}

// tableOf returns the codes in a package's table of errors.
func tableOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, _ := kv.Key.(*ast.Ident)
		value, _ := kv.Value.(*ast.BasicLit)
		if key != nil && key.Name == "Code" && value != nil {
			code, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, code)
		}
		return true
	})
	return codes
}
