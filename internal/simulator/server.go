package simulator

import (
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

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Bounds of a server.
const (
	MaxBody  = 1 << 20 // bytes of a request's body; larger ones are refused
	MaxCalls = 1 << 20 // calls that the log keeps, unless Config.Remember says less; beyond this the older half is forgotten
	MaxName  = 1 << 10 // bytes of what a client named that the log keeps
)

// Config is what a server is made of. It must not be changed afterwards.
type Config struct {
	Protocol     Protocol
	Operations   map[statemachine.Operation]Operation
	Throttled    Error                    // what a throttled request is answered
	Unknown      string                   // the code for an operation that is not modelled
	Latency      func(Call) time.Duration // between a request and its answer; nil: none. Called without the lock
	Intercept    func(Call) *Failure      // asked at each modelled request, before injected failures; may be nil. Called without the lock
	HistoryLimit int                      // if positive and less than MaxCalls: how many calls the log keeps
}

// Operation is one operation of a service.
type Operation struct {
	// Group is which quota counts it: see [Server.Throttle].
	Group string

	// Resources lists the resources that a request is about, in the form that the log shows and a [Failure] names. May be nil.
	Resources func(r *Request) []string

	// Run carries the operation out. The server holds its lock meanwhile.
	Run func(r *Request) (Result, *Error)
}

// Result is what an operation answers.
type Result struct {
	Body    []byte // in the form that the protocol takes
	Records int    // resources in it, for the log and the latency
}

// Call is one request in the log.
type Call struct {
	At            time.Time              // when it arrived
	Operation     statemachine.Operation // empty where the request could not be read
	Resource      string                 // what it named; empty where it named nothing, or several
	ResourceCount int                    // how many resources it named
	Accepted      bool                   // the operation was carried out
	Records       int                    // resources in the answer
	Status        int                    // of the answer; zero: the connection broke, or there was none
	Code          string                 // the error answered; empty for a success
}

// Server is a service in this process. It is an http.Handler and has the Do method that AWS clients want of theirs.
// It is safe for concurrent use and runs no goroutine.
type Server struct {
	config Config
	count  atomic.Uint64 // requests

	mu       sync.Mutex
	failures failures
	buckets  map[string]*bucket
	calls    []Call
}

// New makes a server.
func New(c Config) *Server { return &Server{config: c, buckets: make(map[string]*bucket)} }

// Update runs f under the server's lock, with the instant that it is.
func (s *Server) Update(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(time.Now())
}

// Fail injects a failure into the next requests for op; for an empty op, into those for any. Several are used in the order given.
func (s *Server) Fail(op statemachine.Operation, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures.add(op, f)
}

// ClearFailures drops the failures injected with the same op; for an empty op, all.
func (s *Server) ClearFailures(op statemachine.Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures.clear(op)
}

// Throttle gives the operations of a group a token bucket, which is full at first. A burst below one ends it.
func (s *Server) Throttle(group string, burst int, perSecond float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if burst < 1 {
		delete(s.buckets, group)
		return
	}
	s.buckets[group] = &bucket{burst: float64(burst), perSecond: perSecond, tokens: float64(burst), at: time.Now()}
}

// Calls is the log, in the order in which requests were taken. The slice is the caller's.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// response is what came of a request.
type response struct {
	reply  Response
	id     string
	broken bool // the connection breaks in place of an answer
}

// serve takes one request to its answer. Its error is the context's, or that of reading the body.
func (s *Server) serve(r *http.Request) (response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return response{}, err
	}
	if r.URL == nil {
		return response{}, errors.New("the request has no URL")
	}
	id := requestID(s.count.Add(1))
	req, refused, err := s.read(r)
	if err != nil {
		return response{}, err
	}
	a, call, f := s.handle(req, refused, id)
	if f != nil && f.Hang {
		<-ctx.Done()
		return response{}, ctx.Err()
	}
	return a, s.wait(ctx, call, f)
}

// read reads a request, and looks up its operation.
func (s *Server) read(r *http.Request) (*Request, *Error, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, nil, err
		}
	}
	if len(body) > MaxBody {
		return &Request{}, &Error{
			Code: "RequestEntityTooLarge", Message: fmt.Sprintf("The body is larger than %d bytes.", MaxBody),
			Status: http.StatusRequestEntityTooLarge,
		}, nil
	}
	req, refused := s.config.Protocol.Parse(r, body)
	if refused != nil {
		return &Request{}, refused, nil
	}
	if _, ok := s.config.Operations[req.Operation]; !ok {
		modelled := make([]string, 0, len(s.config.Operations))
		for op := range s.config.Operations {
			modelled = append(modelled, string(op))
		}
		return req, unsupportedOperation(s.config.Unknown, fmt.Sprintf("the operation %q", string(req.Operation)), modelled), nil
	}
	return req, nil, nil
}

// handle carries a request out, unless it is refused or something goes wrong with it, and logs it.
func (s *Server) handle(req *Request, refused *Error, id string) (response, Call, *Failure) {
	op := s.config.Operations[req.Operation]
	call := Call{At: time.Now(), Operation: statemachine.Operation(truncate(string(req.Operation)))}
	var named []string
	if op.Resources != nil && refused == nil {
		s.mu.Lock()
		named = op.Resources(req)
		s.mu.Unlock()
	}
	call.ResourceCount = len(named)
	if len(named) == 1 {
		call.Resource = truncate(named[0])
	}
	var f *Failure
	if s.config.Intercept != nil && refused == nil {
		f = s.config.Intercept(call)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	req.At = time.Now() // again: what intercepted it may have taken its time
	call.At = req.At
	var result Result
	switch {
	case refused != nil:
		f = nil
	case !s.admit(op.Group, req.At):
		refused, f = &s.config.Throttled, nil
	default:
		if f == nil {
			f = s.failures.next(req.Operation, named)
		}
		if f.runsOperation() {
			result, refused = op.Run(req)
			call.Accepted = refused == nil
			call.Records = result.Records
		}
	}
	a := response{id: id, broken: f.breaksConnection()}
	switch {
	case a.broken || f != nil && f.Hang:
		call.Records = 0
	case f != nil && f.hasResponse():
		a.reply, call.Code = s.failureResponse(f, id)
		call.Records = 0
	case refused != nil:
		a.reply, call.Code = s.config.Protocol.ErrorResponse(refused, id), refused.Code
	default:
		a.reply = s.config.Protocol.Result(req.Operation, result.Body, id)
	}
	call.Status = a.reply.Status
	s.log(call)
	return a, call, f
}

// failureResponse is the answer that a failure has of its own. A status that HTTP cannot carry becomes 500.
func (s *Server) failureResponse(f *Failure, id string) (Response, string) {
	status := f.Status
	if status != 0 && (status < http.StatusOK || status > 599) {
		status = http.StatusInternalServerError
	}
	if f.Body != "" || f.Code == "" && status < http.StatusBadRequest {
		reply := Response{Status: status, ContentType: f.ContentType, Body: []byte(f.Body)}
		if reply.Status == 0 {
			reply.Status = http.StatusOK
		}
		return reply, f.Code
	}
	e := &Error{Code: f.Code, Message: f.Message, Status: status}
	if e.Code == "" {
		e.Code = "InternalFailure"
	}
	if e.Message == "" {
		e.Message = "The simulator was told to fail this request."
	}
	return s.config.Protocol.ErrorResponse(e, id), e.Code
}

// admit asks a group's bucket.
func (s *Server) admit(group string, now time.Time) bool {
	b := s.buckets[group]
	return b == nil || b.take(now)
}

func (s *Server) log(c Call) {
	limit := MaxCalls
	if n := s.config.HistoryLimit; n > 0 {
		limit = min(n, limit)
	}
	if len(s.calls) >= limit {
		s.calls = slices.Delete(s.calls, 0, max(limit/2, 1))
	}
	s.calls = append(s.calls, c)
}

// truncate is what the log keeps of a text that a client is free to make as long as a request.
func truncate(s string) string {
	if len(s) > MaxName {
		return strings.ToValidUTF8(s[:MaxName], "") + "…"
	}
	return s
}

// wait lets the latency pass.
func (s *Server) wait(ctx context.Context, c Call, f *Failure) error {
	var d time.Duration
	if s.config.Latency != nil {
		d = s.config.Latency(c)
	}
	if f != nil {
		d += f.Delay
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

// requestID is the ID of a server's nth request, in the form of a UUID.
func requestID(n uint64) string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(n>>32), uint16(n>>48), n&0xffffffffffff)
}
