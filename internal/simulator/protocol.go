package simulator

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Protocol parses the requests and renders the responses of one AWS protocol. Implementations have
// no state.
type Protocol interface {
	// Parse parses a request. The operation need not be one that the server supports.
	Parse(r *http.Request, body []byte) (*Request, *Error)

	// Result renders the response to an executed operation. The result is what [Operation.Run]
	// returned.
	Result(op statemachine.Operation, result []byte, requestID string) Response

	// ErrorResponse renders the response to a rejected request.
	ErrorResponse(e *Error, requestID string) Response
}

// Identify returns the protocol of a request that reaches no server, and the operation that it
// names. The form of the request decides.
func Identify(r *http.Request, body []byte) (Protocol, string) { //nolint:ireturn // one of three
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return JSON{}, target
	}
	action := r.URL.Query().Get("Action")
	if action == "" && !hasType(r, contentForm) {
		return REST{}, r.Method + " " + r.URL.Path
	}
	form, _ := url.ParseQuery(string(body)) // what can be parsed is enough
	return Query{}, action + form.Get("Action")
}

// hasType reports whether the body of a request is of a media type.
func hasType(r *http.Request, mediaType string) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == mediaType
}

// Request is a request of any protocol.
type Request struct {
	Operation statemachine.Operation
	Params    url.Values // query: the form; REST: the labels of the path and the query string
	Body      []byte     // JSON and REST: the document; empty if there is none
	At        time.Time  // when it arrived; set by the server
	Foreign   bool       // it is signed for another Region; set by the server

	token *string // replaces the pagination token of the response
}

// PageAfter returns the key that the previous page ended with, from a pagination token in the
// request. It reports false for a token that the server did not return.
func (r *Request) PageAfter(token string) (key string, ok bool) {
	if r.token != nil {
		return "", true
	}
	return parseToken(token)
}

// NextToken returns the pagination token of a response whose last key is given. An empty key means
// that there is no next page.
func (r *Request) NextToken(last string) string {
	switch {
	case r.token != nil:
		return *r.token
	case last == "":
		return ""
	}
	return newToken(last)
}

// Get returns the value of a parameter, or "" if it is absent.
func (r *Request) Get(name string) string { return r.Params.Get(name) }

// Error is an error response of the service. A zero Status means 400.
type Error = awstest.Refusal

// Errorf returns an error of the status 400 with a formatted message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Refused returns the error that a test server's option Refuse makes of a command that the state of
// a resource does not permit. It returns nil if the option leaves the server's default.
func Refused[S any](refuse func(statemachine.Operation, string, S) *Error, op statemachine.Operation, arn string, state S) *Error {
	if refuse == nil {
		return nil
	}
	return refuse(op, arn, state)
}

// statusOf returns the HTTP status of an error.
func statusOf(e *Error) int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Response is a response as it is sent. The server adds the request's ID.
type Response struct {
	Status      int
	ContentType string
	ErrorType   string // the X-Amzn-ErrorType header
	Body        []byte
}

// unsupportedOperation returns the error for an operation that the simulator does not support. The
// message lists the supported ones.
func unsupportedOperation(code, operation string, supported []string) *Error {
	slices.Sort(supported)
	return &Error{
		Code:    code,
		Message: "The simulator does not support " + operation + ". It supports " + strings.Join(supported, ", ") + ".",
	}
}
