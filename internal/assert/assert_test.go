package assert_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// recorder is a testing.TB that records failures instead of failing. Fatalf and Fatal panic with
// errFatal, which run recovers.
type recorder struct {
	testing.TB

	failures []string
}

var errFatal = errors.New("fatal")

func (r *recorder) Helper()        {}
func (r *recorder) Error(a ...any) { r.failures = append(r.failures, fmt.Sprint(a...)) }
func (r *recorder) Errorf(format string, a ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, a...))
}

func (r *recorder) Fatal(a ...any) {
	r.Error(a...)
	panic(errFatal)
}

func (r *recorder) Fatalf(format string, a ...any) {
	r.Errorf(format, a...)
	panic(errFatal)
}

// run returns the failures that f reports, in one text, and whether f ended the test.
func run(f func(tb testing.TB)) (failures string, ended bool) {
	r := new(recorder)
	func() {
		defer func() { ended = recover() != nil }()
		f(r)
	}()
	return strings.Join(r.failures, "\n"), ended
}

func TestAssertions(t *testing.T) {
	fault := &statemachine.Fault{Kind: statemachine.NotFound, Operation: "Get", Err: context.Canceled}
	tests := []struct {
		name  string
		f     func(tb testing.TB)
		want  string // a part of the failure; "" means that f reports none
		ended bool
	}{
		{name: "equal", f: func(tb testing.TB) { assert.Equal(tb, "list", []int{1}, []int{1}) }},
		{
			name: "not equal",
			f:    func(tb testing.TB) { assert.Equal(tb, "list", []int{1}, []int{2}) },
			want: "list (-want +got):\n",
		},
		{name: "is both", f: func(tb testing.TB) { assert.ErrorIs(tb, fault, statemachine.NotFound, context.Canceled) }},
		{
			name: "is not the second",
			f:    func(tb testing.TB) { assert.ErrorIs(tb, fault, statemachine.NotFound, statemachine.Conflict) },
			want: `errors.Is(err, "conflict") is false`,
		},
		{name: "contains", f: func(tb testing.TB) { assert.ErrorContains(tb, errors.New("a b"), "a", "b") }},
		{
			name: "does not contain",
			f:    func(tb testing.TB) { assert.ErrorContains(tb, errors.New("a b"), "a", "c") },
			want: `does not contain "c": a b`,
		},
		{
			name: "nil contains nothing",
			f:    func(tb testing.TB) { assert.ErrorContains(tb, nil) },
			want: "error is nil",
		},
		{name: "one line", f: func(tb testing.TB) { assert.ErrorOneLine(tb, errors.New("a b")) }},
		{
			name: "two lines",
			f:    func(tb testing.TB) { assert.ErrorOneLine(tb, errors.New("a\nb")) },
			want: "not one line",
		},
		{name: "blank", f: func(tb testing.TB) { assert.ErrorOneLine(tb, errors.New(" ")) }, want: "not one line"},
		{name: "nil is no line", f: func(tb testing.TB) { assert.ErrorOneLine(tb, nil) }, want: "error is nil"},
		{name: "as", f: func(tb testing.TB) { assert.ErrorAs[*statemachine.Fault](tb, fmt.Errorf("x: %w", fault)) }},
		{
			name:  "not as",
			f:     func(tb testing.TB) { assert.ErrorAs[*statemachine.WaitError](tb, fault) },
			want:  "no *statemachine.WaitError in error *statemachine.Fault",
			ended: true,
		},
		{name: "must", f: func(tb testing.TB) { assert.Equal(tb, "value", 7, assert.Must(7, nil)(tb)) }},
		{name: "must not", f: func(tb testing.TB) { assert.Must(7, fault)(tb) }, want: "not found", ended: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ended := run(tt.f)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || ended != tt.ended {
				t.Errorf("failures %q, ended %t; want one with %q, ended %t", got, ended, tt.want, tt.ended)
			}
		})
	}
}

func TestSummaries(t *testing.T) {
	waitError := func(r statemachine.Reason, err error) error {
		return fmt.Errorf("x: %w", &statemachine.WaitError{Reason: r, Err: err})
	}
	unavailable := &statemachine.Fault{Kind: statemachine.Unavailable}
	tests := []struct {
		err             error
		summary, detail string
	}{
		{nil, "", ""},
		{errors.New("x"), "unknown", "unknown"},
		{unavailable, "unavailable", "unavailable"},
		{waitError(statemachine.TimedOut, nil), "timed out", "timed out"},
		{waitError(statemachine.TimedOut, unavailable), "timed out", "timed out: unavailable"},
		{waitError(statemachine.Gone, &statemachine.Fault{Kind: statemachine.NotFound}), "gone", "gone"},
		{waitError(statemachine.Canceled, context.Canceled), "canceled", "canceled"},
	}
	for _, tt := range tests {
		assert.Equal(t, fmt.Sprintf("summary and detail of %v", tt.err),
			[]string{tt.summary, tt.detail}, []string{assert.ErrorSummary(tt.err), assert.ErrorDetail(tt.err)})
	}
}

func TestInputFields(t *testing.T) {
	err := &statemachine.InputError{Fields: []statemachine.FieldError{{Field: "B"}, {Field: "A"}}}
	assert.Equal(t, "fields", []string{"B", "A"}, assert.InputFields(fmt.Errorf("x: %w", err)))
	assert.Equal(t, "fields without an InputError", nil, assert.InputFields(errors.New("x")))
}

func TestRunSynctest(t *testing.T) {
	var name string
	assert.RunSynctest(t, "sub", func(t *testing.T) {
		name = t.Name()
		before := time.Now()
		time.Sleep(time.Hour)
		assert.Equal(t, "virtual time", time.Hour, time.Since(before))
	})
	assert.Equal(t, "name", "TestRunSynctest/sub", name)
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		for _, tt := range []struct {
			why  string
			d    time.Duration
			want error
			end  time.Duration // since the start
		}{
			{"it sleeps", time.Second, nil, time.Second},
			{"it makes no timer", 0, nil, time.Second},
			{"the context ends first", time.Hour, context.DeadlineExceeded, time.Minute},
			{"the context has ended", time.Second, context.DeadlineExceeded, time.Minute},
			{"it makes no timer, and the context has ended", 0, nil, time.Minute},
		} {
			err := assert.Sleep(ctx, tt.d)
			if !errors.Is(err, tt.want) || time.Since(start) != tt.end {
				t.Errorf("%s: Sleep returned %v after %v, want %v after %v", tt.why, err, time.Since(start), tt.want, tt.end)
			}
		}
	})
}
