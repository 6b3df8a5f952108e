package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Failure is what goes wrong with a request.
type Failure = awstest.Failure

// delivery is what the caller of a request receives.
type delivery int

const (
	deliverResult     delivery = iota // the operation's own response
	deliverError                      // the failure's error
	deliverBody                       // the failure's body
	deliverNothing                    // no response until the context ends
	deliverDisconnect                 // the connection is closed
	deliverUnsent                     // the request is not sent
)

// plan is a Failure in normal form. The plan of a nil Failure is a request that succeeds.
type plan struct {
	run   bool // the operation is executed
	send  delivery
	delay time.Duration
	edit  awstest.Edit
}

// planOf returns the plan of a failure.
func planOf(f *Failure) plan {
	if f == nil {
		return plan{run: true}
	}
	p := plan{run: f.Lost, delay: f.Delay}
	if f.Edit != nil {
		p.edit = *f.Edit
	}
	switch {
	case f.Unsent != "":
		p.run, p.send = false, deliverUnsent
	case f.Drop:
		p.send = deliverDisconnect
	case f.Hang:
		p.send = deliverNothing
	case f.Raw || f.Body != "" || f.Code == "" && f.Status != 0 && status(f) < http.StatusBadRequest:
		p.send = deliverBody
	case f.Code != "" || f.Status != 0:
		p.send = deliverError
	case f.Lost:
		p.send = deliverDisconnect
	default:
		p.run = true
	}
	return p
}

// status returns the HTTP status of a failure, or zero if it sets none.
func status(f *Failure) int {
	if f.Status != 0 && (f.Status < http.StatusOK || f.Status > 599) {
		return http.StatusInternalServerError
	}
	return f.Status
}

// failure is an injected failure.
type failure struct {
	Failure

	op   statemachine.Operation
	used int
}

// nextFailure uses the first failure for a request. It returns nil if there is none. Of its Tokens,
// the first is the one to use. The server holds its lock.
func (s *Server) nextFailure(e *exchange) *Failure {
	i := slices.IndexFunc(s.failures, func(f *failure) bool {
		return (f.op == e.Operation || f.op == "" && !e.operation.FailsByName) && (f.Resource == "" ||
			slices.ContainsFunc(e.resources, func(n string) bool { return strings.EqualFold(n, f.Resource) }))
	})
	if i < 0 {
		return nil
	}
	f := s.failures[i]
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			s.failures = slices.Delete(s.failures, i, i+1)
		}
	}
	next := f.Failure
	if next.Edit != nil && len(next.Edit.Tokens) > 0 {
		edit := *next.Edit
		edit.Tokens = edit.Tokens[f.used%len(edit.Tokens):]
		next.Edit = &edit
	}
	f.used++
	return &next
}

// bucket is a token bucket. It is refilled when a token is requested.
type bucket struct {
	burst, perSecond, tokens float64
	at                       time.Time
}

// epsilon absorbs rounding errors: without it, ten refills of a tenth do not make a token.
const epsilon = 1e-9

// take removes a token. It reports whether there was one.
func (b *bucket) take(now time.Time) bool {
	if d := now.Sub(b.at); d > 0 {
		b.tokens = min(b.burst, b.tokens+d.Seconds()*b.perSecond)
		b.at = now
	}
	if b.tokens < 1-epsilon {
		return false
	}
	b.tokens--
	return true
}
