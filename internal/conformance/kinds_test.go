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

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// row is an error that a service answers, and what it means.
type row struct {
	code    string
	kind    statemachine.Kind
	message string // empty: anything
	status  int    // zero: 400
}

func (r row) failure(times int) simulator.Failure {
	f := simulator.Failure{Code: r.code, Message: r.message, Status: r.status, Times: times}
	if f.Message == "" {
		f.Message = "The service's own words."
	}
	return f
}

// treatment is what becomes of a call that failed.
type treatment int

const (
	ends    treatment = iota // it does not heal by waiting
	again                    // it was not carried out, and may do better
	maybe                    // it may have been carried out: again, but only after the grace
	noThing                  // there is no such resource
)

// exemptions are kinds that mean something else to a way.
type exemptions struct {
	read, command map[statemachine.Kind]treatment
}

// ofRead is what a failed read of a kind means to a wait, by rule 6.
func (w *world) ofRead(k statemachine.Kind) treatment {
	if t, ok := w.exempt.read[k]; ok {
		return t
	}
	switch k {
	case statemachine.Throttled, statemachine.Unavailable, statemachine.Conflict:
		return again
	case statemachine.NotFound:
		return noThing
	default:
		return ends
	}
}

// ofCommand is what a failed command of a kind means to an ensure, by its rule 3.
func (w *world) ofCommand(k statemachine.Kind) treatment {
	if t, ok := w.exempt.command[k]; ok {
		return t
	}
	switch k {
	case statemachine.Throttled, statemachine.InvalidState, statemachine.Conflict, statemachine.AlreadyInState:
		return again
	case statemachine.Unavailable:
		return maybe
	default:
		return ends
	}
}

// refusal is an error after which an ensure tries again at once, and that is no throttling, after which it slows down.
func (w *world) refusal() row {
	for _, r := range w.rows() {
		if r.kind != statemachine.Throttled && w.ofCommand(r.kind) == again {
			if r.message == "" {
				r.message = "The service's own words."
			}
			return r
		}
	}
	w.Fatal("no error is one after which it tries again")
	return row{}
}

// kinds are the rules of what errors mean, checked with every error of the service.
func kinds() []rule {
	return []rule{
		{
			name: "kinds: of a command by itself", why: "the caller can tell what to do, and has the SDK's error as well", needs: commands,
			check: func(w *world) {
				for _, r := range w.rows() {
					w.fail("", r.failure(-1))
					w.fault(w.run(w.Context()), w.op, r)
					w.clear()
				}
			},
		},
		{
			name: "kinds: of a read by itself", why: "the caller can tell what to do, and has the SDK's error as well",
			check: func(w *world) {
				for _, r := range w.rows() {
					w.fail("", r.failure(-1))
					state, err := w.get(w.Context())
					wantEqual(w, "the value", "", state)
					w.fault(err, w.read, r)
					w.clear()
				}
			},
		},
		{
			name: "kinds: of a read of a wait", why: "what heals is tolerated with twice the delay, and what does not ends it at once",
			check: func(w *world) {
				w.in(w.to)
				for _, r := range w.rows() {
					if w.to == absent && r.kind == statemachine.NotFound {
						continue // which is no failure
					}
					w.fail(w.read, r.failure(1))
					want := map[treatment]outcome{
						again:   {State: w.to, At: 2 * w.least, Reads: 2},
						ends:    {Verdict: readFailed, Reads: 1},
						noThing: {Verdict: gone, Reads: 1},
					}[w.ofRead(r.kind)]
					err := w.waits(time.Hour, want)
					w.keeps(err, r)
					w.rests()
				}
			},
		},
		{
			name: "kinds: of a read of a watch", why: "what heals is tolerated with twice the delay, and what does not ends it", needs: watches,
			check: func(w *world) {
				w.in(w.to)
				for _, r := range w.rows() {
					if w.to == absent && r.kind == statemachine.NotFound {
						continue // which is no failure
					}
					w.fail(w.read, r.failure(1))
					want := map[treatment]sighting{
						again:   {2 * delay, w.to, ""},
						ends:    {Verdict: readFailed},
						noThing: {Verdict: gone},
					}[w.ofRead(r.kind)]
					seen, err := w.watched(w.Context(), 1)
					wantEqual(w, r.code, []sighting{want}, seen)
					w.keeps(err, r)
					w.rests()
				}
			},
		},
		{
			name: "kinds: of a command of an ensure", needs: commands,
			why: "what was not run is run after the next delay, what may have been after the grace, and what cannot heal ends it",
			check: func(w *world) {
				for _, r := range w.rows() {
					w.fail(w.op, r.failure(1))
					var want outcome
					retry := func(at time.Duration) outcome {
						return outcome{
							State: w.to, At: w.after(at), Reads: w.reads(w.after(at)), Operations: w.ops(),
							Commands: []string{w.refused(0, r.code), w.accepted(at)},
						}
					}
					switch w.ofCommand(r.kind) {
					case again:
						want = retry(w.least)
					case maybe:
						want = retry(grace)
					default:
						want = outcome{Verdict: string(r.kind), State: w.from, Reads: 1, Commands: []string{w.refused(0, r.code)}}
					}
					err := w.ensures(time.Hour, want)
					w.keeps(err, r)
					if w.Failed() {
						w.Fatalf("after the error %s, of kind %q", r.code, r.kind)
					}
					w.move(w.from)
					w.rests()
				}
			},
		},
	}
}

// keeps checks that an error that came of a service's is of its kind, and still has it.
func (w *world) keeps(err error, r row) {
	w.Helper()
	if err == nil {
		return
	}
	is(w, err, r.kind)
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != r.code {
		w.Errorf("the SDK's error %s is lost in %v", r.code, err)
	}
}

// fault checks what a single call says of an error.
func (w *world) fault(err error, op statemachine.Operation, r row) {
	w.Helper()
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok {
		w.Fatalf("%s: no Fault in %v", r.code, err)
	}
	wantEqual(w, "the fault", [4]string{string(r.kind), string(op), w.resource, r.code}, [4]string{string(f.Kind), string(f.Operation), f.Resource, f.Code})
	wantEqual(w, r.code, r.kind, statemachine.KindOf(err))
	w.keeps(err, r)
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok || f.RequestID == "" || f.RequestID != response.ServiceRequestID() {
		w.Errorf("%s: the request's ID is lost: %q, %v", r.code, f.RequestID, err)
	}
	says(w, err, string(op), w.resource, string(r.kind), r.code, f.RequestID)
}

// commonRows are the errors that all of AWS has in common.
func commonRows() []row {
	of := func(k statemachine.Kind, codes ...string) []row {
		var rows []row
		for _, c := range codes {
			rows = append(rows, row{code: c, kind: k})
		}
		return rows
	}
	return slices.Concat(
		of(statemachine.AccessDenied, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired"),
		of(statemachine.Unauthenticated, "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
			"InvalidAccessKeyId", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
			"IncompleteSignatureException", "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"),
		of(statemachine.Unavailable, "InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException"),
		of(statemachine.InvalidInput, "ValidationError", "ValidationException", "MissingParameter", "MalformedQueryString"),
		of(statemachine.Throttled, "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"),
		[]row{
			{code: "ThrottlingException", kind: statemachine.Throttled, status: http.StatusTooManyRequests},
			{code: "AccessDeniedException", kind: statemachine.AccessDenied, status: http.StatusForbidden},
			{code: "OnFireException", kind: statemachine.Unknown},
			{code: "OnFireException", kind: statemachine.Unknown, status: http.StatusTeapot},
			{code: "OnFireException", kind: statemachine.Unavailable, status: http.StatusServiceUnavailable}, // the code tells nothing; the status does
		},
	)
}

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

func ingestionRows() []row {
	return slices.Concat([]row{
		{code: "EventDataStoreARNInvalidException", kind: statemachine.InvalidInput},
		{code: "InvalidParameterException", kind: statemachine.InvalidInput},
		{code: "InvalidMaxResultsException", kind: statemachine.InvalidInput},
		{code: "InvalidNextTokenException", kind: statemachine.InvalidInput},
		{code: "EventDataStoreNotFoundException", kind: statemachine.NotFound},
		{code: "InvalidEventDataStoreStatusException", kind: statemachine.InvalidState},
		{code: "InvalidEventDataStoreCategoryException", kind: statemachine.Unsupported},
		{code: "UnsupportedOperationException", kind: statemachine.Unsupported},
		{code: "NotOrganizationMasterAccountException", kind: statemachine.AccessDenied},
		{code: "OperationNotPermittedException", kind: statemachine.AccessDenied},
		{code: "InsufficientDependencyServiceAccessPermissionException", kind: statemachine.MissingDependency},
		{code: "NoManagementAccountSLRExistsException", kind: statemachine.MissingDependency},
		{code: "ConflictException", kind: statemachine.Conflict},
	}, commonRows())
}

func eventStreamRows() []row {
	const taken = "The Customer Profiles Domain: example-domain is already associated with an active EventStream"
	return slices.Concat([]row{
		{code: "BadRequestException", kind: statemachine.AlreadyInState, message: taken},
		{code: "BadRequestException", kind: statemachine.InvalidInput},
		{code: "ResourceNotFoundException", kind: statemachine.NotFound, status: http.StatusNotFound},
		{code: "InternalServerException", kind: statemachine.Unavailable, status: http.StatusInternalServerError},
	}, commonRows())
}

// TestEveryRowIsChecked: an error that a package maps and the suite does not send is one that nobody knows to be right.
func TestEveryRowIsChecked(t *testing.T) {
	for dir, rows := range map[string][]row{"activitystream": activityStreamRows(), "ingestion": ingestionRows(), "eventstream": eventStreamRows()} {
		sent := make(map[string]bool)
		for _, r := range rows {
			sent[r.code] = true
		}
		mapped := tableOf(t, "../../"+dir+"/faults.go")
		if len(mapped) < 3 {
			t.Errorf("only %q in the table of %s", mapped, dir)
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

// tableOf are the codes in a package's table of errors.
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
