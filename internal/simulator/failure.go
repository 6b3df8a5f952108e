package simulator

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Failure is what goes wrong with a request. Its zero value changes nothing; with Delay alone the answer is late.
type Failure struct {
	Code, Message string        // the error answered; the operation is not carried out
	Status        int           // of the answer; zero: 400, for a Body 200. Below 400 the answer is the Body, even an empty one
	Resource      string        // only requests that name it; empty: all
	Times         int           // for how many requests; zero: one; negative: until cleared
	Delay         time.Duration // beside the latency
	Drop          bool          // the connection breaks before the service took the request
	Lost          bool          // the operation is carried out, then the connection breaks, or what else the failure says is answered
	Hang          bool          // no answer until the request's context ends
	Body          string        // answered as it stands, in place of an error
	ContentType   string        // of the Body
}

// hasResponse tells whether the failure has an answer of its own.
func (f *Failure) hasResponse() bool { return f.Code != "" || f.Status != 0 || f.Body != "" }

// runsOperation tells whether the operation is carried out.
func (f *Failure) runsOperation() bool {
	return f == nil || f.Lost || !f.hasResponse() && !f.Drop && !f.Hang
}

// breaksConnection tells whether the caller's connection breaks.
func (f *Failure) breaksConnection() bool {
	return f != nil && (f.Drop || f.Lost && !f.Hang && !f.hasResponse())
}

// failures are the injected ones, in the order in which they were given.
type failures struct {
	list []*failure
}

type failure struct {
	op statemachine.Operation
	Failure
}

func (fs *failures) add(op statemachine.Operation, f Failure) {
	if f.Times == 0 {
		f.Times = 1
	}
	fs.list = append(fs.list, &failure{op: op, Failure: f})
}

func (fs *failures) clear(op statemachine.Operation) {
	fs.list = slices.DeleteFunc(fs.list, func(f *failure) bool { return op == "" || f.op == op })
}

// next is the first failure for a request, nil where there is none.
func (fs *failures) next(op statemachine.Operation, named []string) *Failure {
	for i, f := range fs.list {
		if f.op != "" && f.op != op || !f.matches(named) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				fs.list = slices.Delete(fs.list, i, i+1)
			}
		}
		return &f.Failure
	}
	return nil
}

func (f *failure) matches(named []string) bool {
	return f.Resource == "" || slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, f.Resource) })
}

// bucket is a token bucket. Tokens are refilled when somebody asks for one.
type bucket struct {
	burst, perSecond, tokens float64
	at                       time.Time
}

// epsilon forgives the rounding of a sum of refills: without it, ten refills of a tenth would not make a token.
const epsilon = 1e-9

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
