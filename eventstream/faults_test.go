package eventstream_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// is reports whether an error of type E is in the chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// each returns a call of each operation, by the method that calls it first.
func each(ctx context.Context, c *eventstream.Client) map[statemachine.Operation]func() error {
	return map[statemachine.Operation]func() error{
		eventstream.CreateEventStream: func() error { _, err := c.Create(ctx, create()); return err },
		eventstream.DeleteEventStream: func() error { _, err := c.Delete(ctx, ref()); return err },
		getEventStream:                func() error { _, err := c.Get(ctx, ref()); return err },
		listEventStreams:              func() error { return first(c.List(ctx, "example-domain")) },
	}
}

func TestFaultsHaveKindOfCode(t *testing.T) {
	const taken = "The Customer Profiles Domain: example-domain is already associated with an active EventStream"
	for _, test := range []struct {
		why           string
		code, message string
		status        int
		kind          statemachine.Kind
		typed         func(error) bool
	}{
		{"documented", "BadRequestException", "no", 400, statemachine.InvalidInput, is[*types.BadRequestException]},
		{"the domain has a stream", "BadRequestException", taken, 400, statemachine.AlreadyInState, is[*types.BadRequestException]},
		{"not the whole message", "BadRequestException", "not lready associated with an active EventStream", 400, statemachine.InvalidInput, is[*types.BadRequestException]},
		{"documented", "ResourceNotFoundException", "no", 404, statemachine.NotFound, is[*types.ResourceNotFoundException]},
		{"documented", "AccessDeniedException", "no", 403, statemachine.AccessDenied, is[*types.AccessDeniedException]},
		{"documented", "ThrottlingException", "no", 429, statemachine.Throttled, is[*types.ThrottlingException]},
		{"documented", "InternalServerException", "no", 500, statemachine.Unavailable, is[*types.InternalServerException]},
		{"the code decides, not the status", "ThrottlingException", "no", 400, statemachine.Throttled, is[*types.ThrottlingException]},
		{"the code decides, not the status", "ResourceNotFoundException", "no", 400, statemachine.NotFound, is[*types.ResourceNotFoundException]},
		{"the code decides, not the status", "InternalServerException", "no", 400, statemachine.Unavailable, is[*types.InternalServerException]},
		{"general", "ExpiredTokenException", "no", 403, statemachine.Unauthenticated, is[*smithy.GenericAPIError]},
		{"general", "ServiceUnavailableException", "no", 503, statemachine.Unavailable, is[*smithy.GenericAPIError]},
		{"unknown", "TeapotException", "no", 418, statemachine.Unknown, is[*smithy.GenericAPIError]},
	} {
		assert.RunSynctest(t, test.code+"/"+test.why, func(t *testing.T) {
			s := running()
			c := client(s, func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, once) })
			for op, do := range each(t.Context(), c) {
				s.ClearFailures("")
				s.Fail("", failure{Code: test.code, Message: test.message, Status: test.status, Times: -1})
				err := do()
				resource := "example-domain/example-stream"
				if op == listEventStreams {
					resource = "example-domain"
				}
				message := test.message
				if op == getEventStream && test.kind == statemachine.NotFound { // the list returns it, too
					message = "event stream or domain not found, or access denied (ListEventStreams returned the same error)"
				}
				fault := *assert.ErrorAs[*statemachine.Fault](t, err)
				if !test.typed(err) || !is[*smithy.OperationError](err) || !is[*awshttp.ResponseError](err) {
					t.Errorf("%s: the SDK's errors are not in the chain of %v", op, err)
				}
				if fault.RequestID == "" || fault.RequestID != assert.ErrorAs[*awshttp.ResponseError](t, err).ServiceRequestID() {
					t.Errorf("%s: the request's ID is %q", op, fault.RequestID)
				}
				fault.Err, fault.RequestID = nil, ""
				assert.Equal(t, string(op), statemachine.Fault{Kind: test.kind, Operation: op, Resource: resource, Code: test.code, Message: message}, fault)
				if !errors.Is(err, test.kind) {
					t.Errorf("%s: not %s: %v", op, test.kind, err)
				}
				assert.ErrorContains(t, err, string(op), resource, string(test.kind), test.code)
			}
		})
	}
}

// TestFaultsWithoutCode checks errors without a code: broken connections, deadlines and missing
// credentials.
func TestFaultsWithoutCode(t *testing.T) {
	assert.RunSynctest(t, "dropped", func(t *testing.T) {
		s := running()
		c := client(s, func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, once) })
		s.Fail("", failure{Drop: true, Times: -1})
		for op, do := range each(t.Context(), c) {
			err := do()
			assert.Equal(t, string(op), statemachine.Unavailable, statemachine.KindOf(err))
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v", op, err)
			}
		}
	})
	assert.RunSynctest(t, "interrupted", func(t *testing.T) {
		s := running()
		s.Fail("", failure{Hang: true, Times: -1})
		for op := range each(t.Context(), client(s)) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			err := each(ctx, client(s))[op]()
			cancel()
			assert.Equal(t, string(op), statemachine.Interrupted, statemachine.KindOf(err))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", op, err)
			}
		}
	})
	assert.RunSynctest(t, "no credentials", func(t *testing.T) {
		cfg := running().Config()
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("none")
		})
		for op, do := range each(t.Context(), eventstream.NewFromConfig(cfg)) {
			assert.Equal(t, string(op), statemachine.Unauthenticated, statemachine.KindOf(do()))
		}
	})
}
