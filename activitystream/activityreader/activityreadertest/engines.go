package activityreadertest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// engines are the two services behind one HTTP client. It is an awstest.Engine.
type engines struct{ kinesis, kms *simulator.Server }

// of returns the service that a request is for.
func (e *engines) of(r *http.Request) *simulator.Server {
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "TrentService.") {
		return e.kms
	}
	return e.kinesis
}

func (e *engines) Do(r *http.Request) (*http.Response, error) { return e.of(r).Do(r) }

func (e *engines) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.of(r).ServeHTTP(w, r) }

// Fail injects a failure of any operation into those of Kinesis only: that of KMS has to be named.
func (e *engines) Fail(op statemachine.Operation, f Failure) {
	if op == "Decrypt" {
		e.kms.Fail(op, f)
		return
	}
	e.kinesis.Fail(op, f)
}

func (e *engines) ClearFailures(op statemachine.Operation) {
	e.kinesis.ClearFailures(op)
	e.kms.ClearFailures(op)
}

// Calls returns the calls of both services in the order of their arrival.
func (e *engines) Calls() []Call {
	all := slices.Concat(e.kinesis.Calls(), e.kms.Calls())
	slices.SortStableFunc(all, func(a, b Call) int { return a.At.Compare(b.At) })
	return all
}

func (e *engines) SkewClock(d time.Duration) {
	e.kinesis.SkewClock(d)
	e.kms.SkewClock(d)
}
