package awstest

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options are the options that the servers have in common. Each server's constructor sets defaults
// for Region and Account. The zero value of every other field is its default.
type Options struct {
	// Region and Account are where all resources are. They default to "us-east-1" and
	// "123456789012". A request that is signed for another Region does not see them.
	Region, Account string

	// Transition returns how long a transition of one resource takes, in place of the durations
	// that the server's other options set. The arguments from and to are states. Transition must
	// not call the server. If nil, those durations apply.
	Transition func(arn, from, to string) time.Duration

	// ReadsPerTransition, if positive, makes each transition take this many reads of the resource
	// in place of any time. Use it where virtual time is not available, as in a godoc Example.
	ReadsPerTransition int

	// Latency returns how long the response to a call takes. Its argument includes the response,
	// so the latency can depend on Records. It may be called concurrently. If nil, responses take
	// no time.
	Latency func(Call) time.Duration

	// Intercept is called before each supported request is executed. If it returns a Failure, that
	// Failure is injected. Of its argument only At, Operation, Resource and ResourceCount are set.
	// It may call the server, to act as another actor that comes between a read and a command. It
	// may be called concurrently. If nil, no request is intercepted.
	Intercept func(Call) *Failure

	// StaleFunc returns, for each read of a resource, the age of what the read shows. If the
	// server's Stale method sets an age as well, the greater one applies. StaleFunc must not call
	// the server. If nil, only Stale makes reads stale.
	StaleFunc func(arn string) time.Duration

	// HistoryLimit, if positive, limits what the server keeps for Calls, History and stale reads:
	// the number of calls, of changes of each resource, and of removed resources. Set it for a
	// server that runs for a long time. Zero means a million calls, 4096 changes of each resource
	// and every removed resource.
	HistoryLimit int
}

// Engine serves requests over HTTP or without a socket. The test packages implement it.
type Engine interface {
	aws.HTTPClient
	http.Handler

	Fail(op statemachine.Operation, f Failure) // see [Base.Fail]
	ClearFailures(op statemachine.Operation)   // see [Base.ClearFailures]
	Calls() []Call                             // see [Base.Calls]
	SkewClock(d time.Duration)                 // see [Base.SkewClock]
}

// Base has the methods that all servers share. It is safe for concurrent use.
type Base struct {
	engine Engine
	region string
}

var _ Engine = (*Base)(nil)

// NewBase returns a Base for a server of one Region. It is for test packages that embed Base.
func NewBase(engine Engine, region string) Base { return Base{engine: engine, region: region} }

// Config returns a configuration for the SDK's clients. It has the server's Region, made-up
// credentials, and the server in place of an HTTP client. Retries are the SDK's default.
func (b *Base) Config() aws.Config {
	return aws.Config{
		Region: b.region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "simulated", Source: "awstest"}, nil
		}),
		HTTPClient: b,
	}
}

// Do serves a request without a socket. It makes the server an [aws.HTTPClient]. A closed
// connection is an io.ErrUnexpectedEOF in a [net/url.Error].
func (b *Base) Do(r *http.Request) (*http.Response, error) { return b.engine.Do(r) }

// ServeHTTP serves a request from a socket, so that clients in other languages can use the server.
// If w does not allow closing the connection, ServeHTTP responds with an empty 502 instead.
func (b *Base) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.engine.ServeHTTP(w, r) }

// Fail injects a failure into the next requests for an operation. An empty op means any operation.
// Failures are used in the order of the calls to Fail. A throttled request uses none.
func (b *Base) Fail(op statemachine.Operation, f Failure) { b.engine.Fail(op, f) }

// ClearFailures removes the failures that [Base.Fail] got for an operation. An empty op removes all
// failures.
func (b *Base) ClearFailures(op statemachine.Operation) { b.engine.ClearFailures(op) }

// Calls returns the requests so far in the order of their arrival, including throttled and failed
// ones. It keeps at most the last million. The caller owns the slice.
func (b *Base) Calls() []Call { return b.engine.Calls() }

// SkewClock sets the service's clock d ahead of the caller's. From then on, responses have a Date
// header with the service's time. The service rejects a request that was signed more than 5 minutes
// before or after it. Zero ends it.
func (b *Base) SkewClock(d time.Duration) { b.engine.SkewClock(d) }
