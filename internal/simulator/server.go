package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Limits of a server.
const (
	MaxBody  = 1 << 20 // bytes of a request's body; larger ones are rejected
	MaxCalls = 1 << 20 // calls in the log, unless HistoryLimit is less; beyond this the older half is forgotten
	MaxName  = 1 << 10 // bytes that the log keeps of a name in a request
)

// Config describes a server. It must not be changed after it was passed to [New].
type Config struct {
	Protocol   Protocol
	Operations map[statemachine.Operation]Operation
	Throttled  Error  // the response to a throttled request
	Skewed     Error  // the response to a request that was signed at a wrong time; the message is added
	Unknown    string // error code for an operation that is not supported
	Options    awstest.Options
}

// DefaultOptions returns the options that the test servers start from.
func DefaultOptions() awstest.Options {
	return awstest.Options{Region: "us-east-1", Account: "123456789012"}
}

// Operation is one operation of a service.
type Operation struct {
	// Group names the quota that counts the operation: see [Server.Throttle].
	Group string

	// Resources returns the resources that a request names, in the form in which the log shows them
	// and a [Failure] names them. May be nil. The server holds its lock.
	Resources func(r *Request) []string

	// FailsByName means that a [Failure] of any operation does not apply to this one.
	FailsByName bool

	// Run executes the operation. The server holds its lock.
	Run func(r *Request) (Result, *Error)
}

// Result is the result of an operation.
type Result struct {
	Body    []byte // in the form that the protocol takes
	Records int    // number of resources in it, for the log and the latency
}

// Call is one request in the log.
type Call = awstest.Call

// Server is a service in this process. It is safe for concurrent use and starts no goroutine.
type Server struct {
	config Config
	count  atomic.Uint64 // requests

	mu       sync.Mutex
	failures []*failure // in the order of the calls that injected them
	buckets  map[string]*bucket
	calls    []Call
	skew     time.Duration // how far the service's clock is ahead
}

var _ awstest.Engine = (*Server)(nil)

// New returns a server.
func New(c Config) *Server { return &Server{config: c, buckets: make(map[string]*bucket)} }

// Update calls f with the current time while it holds the server's lock.
func (s *Server) Update(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(time.Now())
}

// Fail injects a failure into the next requests for op. An empty op means any operation. Failures
// are used in the order of the calls to Fail.
func (s *Server) Fail(op statemachine.Operation, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = cmp.Or(f.Times, 1)
	s.failures = append(s.failures, &failure{op: op, Failure: f})
}

// ClearFailures removes the failures injected with the same op. An empty op removes all failures.
func (s *Server) ClearFailures(op statemachine.Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = slices.DeleteFunc(s.failures, func(f *failure) bool { return op == "" || f.op == op })
}

// Throttle gives the operations of a group a token bucket, which is full at first. A burst below 1
// removes the bucket.
func (s *Server) Throttle(group string, burst int, perSecond float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if burst < 1 {
		delete(s.buckets, group)
		return
	}
	s.buckets[group] = &bucket{burst: float64(burst), perSecond: perSecond, tokens: float64(burst), at: time.Now()}
}

// Calls returns the log, in the order in which requests arrived. The caller owns the slice.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// SkewClock sets the service's clock d ahead of time.Now. The service then rejects requests that
// were signed at a wrong time, and its responses have a Date header.
func (s *Server) SkewClock(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// response is the outcome of a request.
type response struct {
	Response

	header     http.Header // overrides other headers
	disconnect bool        // the connection is closed instead
	unsent     error       // the request was not sent
}

// serve serves one request. Its error is the context's, or an error in the request's body.
func (s *Server) serve(r *http.Request) (response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return response{}, err
	}
	if r.URL == nil {
		return response{}, errors.New("the request has no URL")
	}
	id := requestID(s.count.Add(1))
	req, err := s.resolve(r)
	if err != nil {
		return response{}, err
	}
	if f := s.config.Options.Intercept; f != nil && req.err == nil {
		req.failure = f(req.call) // without the lock, because it may use the server
	}
	var resp response
	s.Update(func(now time.Time) {
		s.execute(req, now)
		resp = s.respond(req, id)
	})
	if req.plan.send == deliverNothing {
		<-ctx.Done()
		return response{}, ctx.Err()
	}
	if err := s.sleep(ctx, req); err != nil {
		return response{}, err
	}
	return resp, resp.unsent
}

// exchange is a request on its way through the server.
type exchange struct {
	*Request

	operation Operation
	resources []string // that the request names
	signedAt  string   // the X-Amz-Date header
	call      Call     // for the log
	failure   *Failure // nil if nothing goes wrong
	plan      plan
	result    Result
	err       *Error // the service rejects the request
}

// resolve parses a request and determines its operation and its resources.
func (s *Server) resolve(r *http.Request) (*exchange, error) {
	e := &exchange{Request: &Request{}, call: Call{At: time.Now()}}
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
	}
	if len(body) > MaxBody {
		e.err = tooLarge(MaxBody)
		return e, nil
	}
	req, invalid := s.config.Protocol.Parse(r, body)
	if invalid != nil {
		e.err = invalid
		return e, nil
	}
	e.Request, e.call.Operation = req, statemachine.Operation(truncate(string(req.Operation)))
	region, _ := SignedScope(r)
	req.Foreign = region != "" && region != s.config.Options.Region
	e.signedAt = r.Header.Get("X-Amz-Date")
	op, ok := s.config.Operations[req.Operation]
	if !ok {
		e.err = s.unsupported(req.Operation)
		return e, nil
	}
	e.operation = op
	if op.Resources != nil {
		s.Update(func(time.Time) { e.resources = op.Resources(req) })
	}
	e.call.ResourceCount = len(e.resources)
	if len(e.resources) == 1 {
		e.call.Resource = truncate(e.resources[0])
	}
	return e, nil
}

// unsupported returns the error for an operation that the server does not support.
func (s *Server) unsupported(op statemachine.Operation) *Error {
	supported := make([]string, 0, len(s.config.Operations))
	for op := range s.config.Operations {
		supported = append(supported, string(op))
	}
	return unsupportedOperation(s.config.Unknown, fmt.Sprintf("the operation %q", string(op)), supported)
}

// execute executes the operation, unless the request is rejected or fails.
func (s *Server) execute(e *exchange, now time.Time) {
	e.At, e.call.At = now, now
	if e.err == nil {
		e.err = s.checkClock(e.signedAt, now.Add(s.skew))
	}
	switch b := s.buckets[e.operation.Group]; {
	case e.err != nil:
	case b != nil && !b.take(now):
		e.err, e.failure = &s.config.Throttled, nil
	case e.failure == nil:
		e.failure = s.nextFailure(e)
	}
	e.plan = planOf(e.failure)
	if tokens := e.plan.edit.Tokens; len(tokens) > 0 {
		e.token = &tokens[0]
	}
	if e.err == nil && e.plan.run {
		e.result, e.err = e.operation.Run(e.Request)
		e.call.Accepted = e.err == nil
	}
}

// respond renders the response to a request and logs the call.
func (s *Server) respond(e *exchange, id string) response {
	resp := response{header: http.Header{"X-Amzn-Requestid": {id}}}
	if s.skew != 0 {
		resp.header.Set("Date", e.At.Add(s.skew).UTC().Format(http.TimeFormat))
	}
	switch e.plan.send {
	case deliverNothing:
	case deliverUnsent:
		resp.unsent = unsentError(e.failure.Unsent, s.config.Options.Region)
	case deliverDisconnect:
		resp.disconnect = true
	case deliverBody:
		e.call.Code = e.failure.Code
		resp.Response = Response{Status: status(e.failure), ContentType: e.failure.ContentType, Body: []byte(e.failure.Body)}
		if resp.Status == 0 {
			resp.Status = http.StatusOK
		}
	case deliverError:
		e.err = failureError(e.failure)
		fallthrough
	case deliverResult:
		if e.err != nil {
			resp.Response, e.call.Code = s.config.Protocol.ErrorResponse(e.err, id), e.err.Code
			break
		}
		e.call.Records = e.result.Records
		resp.Response = s.config.Protocol.Result(e.Operation, e.result.Body, id)
	}
	for name, values := range e.plan.edit.Header {
		resp.header[http.CanonicalHeaderKey(name)] = values
	}
	resp.Body = editBody(resp.Response, e.plan.edit)
	e.call.Status = resp.Status
	if resp.unsent == nil {
		s.log(e.call)
	}
	return resp
}

// failureError returns the error response of a failure.
func failureError(f *Failure) *Error {
	e := &Error{Code: f.Code, Message: f.Message, Status: status(f)}
	if e.Code == "" {
		e.Code = "InternalFailure"
	}
	if e.Message == "" {
		e.Message = "The simulator injected this failure."
	}
	return e
}

// log adds a call to the log.
func (s *Server) log(c Call) {
	s.calls = appendLimited(s.calls, c, MaxCalls, s.config.Options.HistoryLimit)
}

// appendLimited appends to a list that keeps at most limit elements, or fewer if fewer is positive
// and less. It drops the older half of a list that is full.
func appendLimited[T any](list []T, v T, limit, fewer int) []T {
	if fewer > 0 {
		limit = min(fewer, limit)
	}
	if len(list) >= limit {
		list = slices.Delete(list, 0, max(limit/2, 1))
	}
	return append(list, v)
}

// truncate returns what the log keeps of a name in a request.
func truncate(s string) string {
	if len(s) > MaxName {
		return strings.ToValidUTF8(s[:MaxName], "") + "…"
	}
	return s
}

// sleep waits for the latency of a response.
func (s *Server) sleep(ctx context.Context, e *exchange) error {
	d := e.plan.delay
	if f := s.config.Options.Latency; f != nil {
		d += f(e.call)
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// requestID returns the ID of a server's nth request, in the form of a UUID.
func requestID(n uint64) string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(n>>32), uint16(n>>48), n&0xffffffffffff)
}
