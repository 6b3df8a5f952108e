package ingestion_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// is reports whether an error of type E is in the chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// code is the meaning of one of CloudTrail's error codes.
type code struct {
	kind  statemachine.Kind
	typed func(error) bool // reports the SDK's type; nil for a generic error
}

func codes() map[string]code {
	return map[string]code{
		"EventDataStoreARNInvalidException":                      {statemachine.InvalidInput, is[*types.EventDataStoreARNInvalidException]},
		"InvalidParameterException":                              {statemachine.InvalidInput, is[*types.InvalidParameterException]},
		"InvalidMaxResultsException":                             {statemachine.InvalidInput, is[*types.InvalidMaxResultsException]},
		"InvalidNextTokenException":                              {statemachine.InvalidInput, is[*types.InvalidNextTokenException]},
		"EventDataStoreNotFoundException":                        {statemachine.NotFound, is[*types.EventDataStoreNotFoundException]},
		"InvalidEventDataStoreStatusException":                   {statemachine.InvalidState, is[*types.InvalidEventDataStoreStatusException]},
		"InvalidEventDataStoreCategoryException":                 {statemachine.Unsupported, is[*types.InvalidEventDataStoreCategoryException]},
		"UnsupportedOperationException":                          {statemachine.Unsupported, is[*types.UnsupportedOperationException]},
		"NotOrganizationMasterAccountException":                  {statemachine.AccessDenied, is[*types.NotOrganizationMasterAccountException]},
		"OperationNotPermittedException":                         {statemachine.AccessDenied, is[*types.OperationNotPermittedException]},
		"AccessDeniedException":                                  {statemachine.AccessDenied, nil},
		"InsufficientDependencyServiceAccessPermissionException": {statemachine.MissingDependency, is[*types.InsufficientDependencyServiceAccessPermissionException]},
		"NoManagementAccountSLRExistsException":                  {statemachine.MissingDependency, is[*types.NoManagementAccountSLRExistsException]},
		"ConflictException":                                      {statemachine.Conflict, is[*types.ConflictException]},
		"ThrottlingException":                                    {statemachine.Throttled, nil},
		"ExpiredTokenException":                                  {statemachine.Unauthenticated, nil},
		"UnrecognizedClientException":                            {statemachine.Unauthenticated, nil},
		"InternalFailure":                                        {statemachine.Unavailable, nil},
		"ServiceUnavailable":                                     {statemachine.Unavailable, nil},
		"StoreOnFireException":                                   {statemachine.Unknown, nil},
	}
}

// sdkCodes returns the error codes that the SDK's source has for an operation.
func sdkCodes(t *testing.T, op statemachine.Operation) []string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/cloudtrail").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "deserializers.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(source), "\nfunc awsAwsjson11_deserializeOpError"+string(op)+"(")
	body, _, end := strings.Cut(body, "\n}\n")
	if !ok || !end {
		t.Fatalf("the SDK's source lacks the errors of %s", op)
	}
	var found []string
	for _, m := range regexp.MustCompile(`EqualFold\("(\w+)", errorCode\)`).FindAllStringSubmatch(body, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestFaultsHaveKindOfCode returns every code for every operation. The SDK documents only some
// combinations, but any can occur.
func TestFaultsHaveKindOfCode(t *testing.T) {
	invoke := map[statemachine.Operation]func(context.Context, *ingestion.Client) error{
		ingestion.StartEventDataStoreIngestion: func(ctx context.Context, c *ingestion.Client) error {
			_, err := c.Start(ctx, startIn)
			return err
		},
		ingestion.StopEventDataStoreIngestion: func(ctx context.Context, c *ingestion.Client) error {
			_, err := c.Stop(ctx, stopIn)
			return err
		},
		get: func(ctx context.Context, c *ingestion.Client) error {
			_, err := c.Get(ctx, storeARN)
			return err
		},
		list: func(ctx context.Context, c *ingestion.Client) error {
			for _, err := range c.List(ctx) {
				return err
			}
			return nil
		},
	}
	once := func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
	}
	for op, call := range invoke {
		known := sdkCodes(t, op)
		if len(known) < 5 {
			t.Fatalf("only %v of %s", known, op)
		}
		for _, name := range known {
			if _, ok := codes()[name]; !ok {
				t.Errorf("the table lacks the code %[2]s of %[1]s", op, name)
			}
		}
		for name, want := range codes() {
			for _, header := range []bool{false, true} {
				for _, status := range []int{400, 403} { // the code decides, not the status
					s := newServer(ingestion.StatusEnabled, func(o *ingestiontest.Options) { o.ErrorHeader = header })
					s.Fail(op, failure{Code: name, Message: "first line\nsecond line", Status: status})
					fault := assert.ErrorAs[*statemachine.Fault](t, call(t.Context(), client(s, once)))
					resource := storeARN
					if op == list {
						resource = ""
					}
					wantFault := statemachine.Fault{
						Kind: want.kind, Operation: op, Resource: resource, Code: name, Message: "first line\nsecond line",
						RequestID: "00000000-0000-4000-8000-000000000001", Err: fault.Err,
					}
					if *fault != wantFault {
						t.Errorf("%s %s: %+v", op, name, fault)
					}
					assert.ErrorContains(t, fault, string(want.kind), name, "first line; second line")
					if want.typed != nil && slices.Contains(known, name) != want.typed(fault) {
						t.Errorf("%s %s: the SDK's type: %t", op, name, want.typed(fault))
					}
					if !is[smithy.APIError](fault) || !is[*smithy.OperationError](fault) || !is[*awshttp.ResponseError](fault) || !errors.Is(fault, want.kind) {
						t.Errorf("%s %s: a layer of the SDK's error is missing: %v", op, name, fault)
					}
				}
			}
		}
	}
}

func TestFaultsWithoutCode(t *testing.T) {
	once := func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
	}
	for _, test := range []struct {
		why  string
		f    failure
		kind statemachine.Kind
	}{
		{why: "the connection breaks", f: failure{Drop: true}, kind: statemachine.Unavailable},
		{why: "the response is lost", f: failure{Lost: true}, kind: statemachine.Unavailable},
		{why: "the page of a gateway", f: failure{Body: "<html>Bad Gateway</html>", ContentType: "text/html", Status: 502}, kind: statemachine.Unavailable},
		{why: "a page instead of a success", f: failure{Body: "<html>Welcome</html>", ContentType: "text/html"}, kind: statemachine.Unavailable},
		{why: "half a document", f: failure{Body: `{"a":`}, kind: statemachine.Unavailable},
		{why: "an error without a code", f: failure{Body: `{}`, Status: 503}, kind: statemachine.Unavailable},
		{why: "an error without a code", f: failure{Body: `{}`, Status: 429}, kind: statemachine.Throttled},
		{why: "an error without a code", f: failure{Body: `{}`, Status: 403}, kind: statemachine.AccessDenied},
	} {
		s := newServer(ingestion.StatusStoppedIngestion)
		s.Fail(ingestion.StartEventDataStoreIngestion, test.f)
		_, err := client(s, once).Start(t.Context(), startIn)
		assert.Equal(t, test.why, test.kind, statemachine.KindOf(err))
		if err != nil {
			assert.ErrorContains(t, err, string(ingestion.StartEventDataStoreIngestion), storeARN)
		}
	}

	s := newServer(ingestion.StatusStoppedIngestion)
	s.Fail("", failure{Hang: true, Times: -1})
	assert.RunSynctest(t, "the context ends", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client(s).Start(ctx, startIn)
		assert.Equal(t, "the kind", statemachine.Interrupted, statemachine.KindOf(err))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context's error is missing: %v", err)
		}
	})
}

// TestCommandsAcceptEmptyBodies checks that both forms of an empty response are a success of a
// command.
func TestCommandsAcceptEmptyBodies(t *testing.T) {
	for _, body := range []string{"", "{}"} {
		for _, op := range []statemachine.Operation{ingestion.StartEventDataStoreIngestion, ingestion.StopEventDataStoreIngestion} {
			s := newServer(ingestion.StatusStoppedIngestion)
			cfg := s.Config()
			cfg.HTTPClient = replaceBody(s, op, body)
			c := ingestion.NewFromConfig(cfg)
			var err error
			if op == ingestion.StartEventDataStoreIngestion {
				_, err = c.Start(t.Context(), startIn)
			} else {
				s.Set(storeARN, ingestion.StatusEnabled)
				_, err = c.Stop(t.Context(), stopIn)
			}
			if err != nil {
				t.Errorf("%s with body %q: %v", op, body, err)
			}
		}
	}
}
