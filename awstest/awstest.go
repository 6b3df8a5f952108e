package awstest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Failure describes what goes wrong with a request. The zero value changes nothing.
//
// The service rejects the request, without executing the operation, if Code, Status or Body is set.
// Lost changes that: the operation is executed, and the caller gets the failure in place of the
// service's response.
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
	// a JSON document, … ContentType is its Content-Type.
	Body, ContentType string
}

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
