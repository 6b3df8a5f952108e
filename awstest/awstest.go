package awstest

import (
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Failure describes what goes wrong with a request. The zero value changes nothing.
//
// If Code, Status, Body or Raw is set, the service rejects the request without executing the
// operation. Lost changes that: the operation is executed, and the caller gets the failure in place
// of the service's response.
type Failure struct {
	// Code and Message are the service's error: "Throttling", "AccessDenied", … Without a Message
	// the simulator supplies one.
	Code, Message string

	// Status is the HTTP status of the response. Zero means 400, or 200 with a Body. With a Status
	// of 400 or more and neither Code nor Body, the error code is InternalFailure. With a Status
	// below 400 and no Code, the response is the Body, even if that is empty. A status that HTTP
	// does not have means 500.
	Status int

	// Resource restricts the failure to requests that name this resource: an ARN or, for
	// ListEventStreams, the name of a domain. Case is ignored. Empty means every request.
	Resource string

	// Times is the number of requests that fail. Zero means 1. A negative number means every
	// request until ClearFailures is called.
	Times int

	// Delay is added to the latency of the response. With only a Delay, the request succeeds late.
	Delay time.Duration

	// Drop closes the connection before the service reads the request. The operation is not
	// executed, and the call fails with a connection error.
	Drop bool

	// Lost executes the operation and then closes the connection. With a Code, Status, Body or
	// Hang, the caller gets that instead.
	Lost bool

	// Hang sends no response until the context of the request ends. Without Lost, the operation is
	// not executed.
	Hang bool

	// Body is the whole body of the response, in place of an error document: an HTML page, half of
	// a JSON document, … ContentType is its Content-Type. With Raw, the response is the Body even if
	// that is empty, whatever the Status is.
	Body, ContentType string
	Raw               bool

	// Edit, if not nil, changes the response: the service's or, if there is one, the failure's.
	Edit *Edit

	// Unsent makes the call fail before the request is sent. No other field but Resource, Times and
	// Delay has an effect. A client that uses a socket sees a closed connection.
	Unsent Unsent
}

// Edit is a change of a response. The zero value changes nothing.
type Edit struct {
	// Header has headers, such as Retry-After, X-Amz-Retry-After and Date. A name without values
	// removes a header: {"X-Amzn-Requestid": nil} leaves the request ID in the body of an XML
	// response only.
	Header http.Header

	// Omit lists members that the response lacks, at any depth: "ActivityStreamStatus", "NextToken".
	Omit []string

	// Tokens replaces the pagination token by the next of these tokens, in a cycle. Requests get the
	// first page, whatever their token is. Use it with a Failure whose Times is -1.
	Tokens []string

	// Truncate, if positive, cuts the body after this many bytes.
	Truncate int
}

// Unsent is a reason why a request is not sent. The errors are those of package net/http.
type Unsent string

// The reasons why a request is not sent.
const (
	DialRefused          Unsent = "dial refused"          // connection refused
	DialTimeout          Unsent = "dial timeout"          // no connection in time
	HostNotFound         Unsent = "host not found"        // the host name cannot be resolved
	ProxyUnreachable     Unsent = "proxy unreachable"     // no connection to the proxy
	ProxyDenied          Unsent = "proxy denied"          // the proxy responds to CONNECT with 403 Forbidden
	TLSTimeout           Unsent = "TLS timeout"           // no TLS handshake in time
	UntrustedCertificate Unsent = "untrusted certificate" // the server's certificate cannot be verified
)

// Call is one request in the log of a server.
//
// Resource is what the request named: an ARN, or the text in the request if no resource has that
// name. It is empty if the request named none, or several. ResourceCount is how many resources the
// request named, including those in filters.
type Call struct {
	At            time.Time              // when the request arrived
	Operation     statemachine.Operation // empty if the request could not be parsed
	Resource      string                 // what it named
	ResourceCount int                    // how many resources it named
	Accepted      bool                   // the operation was executed, even if the response was lost
	Records       int                    // resources in the response
	Status        int                    // HTTP status of the response; zero if there was none
	Code          string                 // error code of the response; empty if it succeeded
}

// Refusal is an error response of a service.
type Refusal struct {
	Code, Message string // as sent
	Status        int    // HTTP status; zero means 400
}
