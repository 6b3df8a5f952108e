package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Protocol puts the requests and answers of one AWS protocol on the wire. Implementations keep no state.
type Protocol interface {
	// Parse reads a request. The operation need not be one that anybody models.
	Parse(r *http.Request, body []byte) (*Request, *Error)

	// Result is the answer to an operation that was carried out. The result is what [Operation.Run] returned.
	Result(op statemachine.Operation, result []byte, requestID string) Response

	// ErrorResponse is the answer to a request that was refused.
	ErrorResponse(e *Error, requestID string) Response
}

// Request is a request of any protocol.
type Request struct {
	Operation statemachine.Operation
	Params    url.Values // query: the form; REST: the path's labels and the query string
	Body      []byte     // JSON and REST: the document; empty where there is none
	At        time.Time  // when it arrived; the server sets it
}

// Get is a parameter's value, empty where it is absent.
func (r *Request) Get(name string) string { return r.Params.Get(name) }

// Error is a refusal.
type Error struct {
	Code, Message string
	Status        int // zero: 400
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Response is an answer on the wire. The server adds the request's ID.
type Response struct {
	Status      int
	ContentType string
	ErrorType   string // the X-Amzn-ErrorType header
	Body        []byte
}

// unsupportedOperation is the refusal of what the simulator lacks: a person has to read it.
func unsupportedOperation(code, what string, modelled []string) *Error {
	slices.Sort(modelled)
	return &Error{
		Code:    code,
		Message: "The simulator does not model " + what + ". It models " + strings.Join(modelled, ", ") + ".",
	}
}
