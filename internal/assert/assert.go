// Package assert is a minimal assertion package for this module's own tests.
//
// Each function marks itself as a helper, so that a failure is reported at the caller's line.
// Equal and the functions that end in Contains, Is and OneLine report a failure and let the test
// continue. As and Must end the test, because the caller needs the value that they return.
package assert

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Equal reports a failure if cmp.Diff finds a difference between want and got. The argument what
// names the compared value, for example "commands". The options are those of cmp.Diff.
func Equal[T any](tb testing.TB, what string, want, got T, opts ...cmp.Option) {
	tb.Helper()
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ErrorIs reports a failure for each target that errors.Is does not find in err.
func ErrorIs(tb testing.TB, err error, targets ...error) {
	tb.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			tb.Errorf("errors.Is(err, %q) is false, want true; err: %v", target, err)
		}
	}
}

// ErrorContains reports a failure unless err is non-nil and its text contains each of the parts.
func ErrorContains(tb testing.TB, err error, parts ...string) {
	tb.Helper()
	if err == nil {
		tb.Errorf("error is nil, want one that contains %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			tb.Errorf("error does not contain %q: %v", part, err)
		}
	}
}

// ErrorOneLine reports a failure unless err is non-nil and its text is one line that is not blank.
func ErrorOneLine(tb testing.TB, err error) {
	tb.Helper()
	if err == nil {
		tb.Error("error is nil, want one with a text of one line")
		return
	}
	if text := err.Error(); strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\r\n") {
		tb.Errorf("error text is not one line: %q", text)
	}
}

// ErrorAs returns the error of type E that errors.AsType finds in err, and ends the test if there
// is none.
func ErrorAs[E error](tb testing.TB, err error) E {
	tb.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		tb.Fatalf("no %T in error %T: %v", e, err, err)
	}
	return e
}

// ErrorSummary returns the Reason of the WaitError in err. Without a WaitError it returns the Kind
// of err, and for nil "".
func ErrorSummary(err error) string {
	if e, ok := errors.AsType[*statemachine.WaitError](err); ok {
		return string(e.Reason)
	}
	return string(statemachine.KindOf(err))
}

// ErrorDetail returns what ErrorSummary returns. For a WaitError whose Kind is known it appends the
// Kind: "timed out: unavailable". Canceled and Gone imply their Kind, so it is not appended.
func ErrorDetail(err error) string {
	summary, kind := ErrorSummary(err), statemachine.KindOf(err)
	_, isWait := errors.AsType[*statemachine.WaitError](err)
	implied := []string{string(statemachine.Canceled), string(statemachine.Gone)}
	if !isWait || kind == statemachine.Unknown || slices.Contains(implied, summary) {
		return summary
	}
	return summary + ": " + string(kind)
}

// InputFields returns the names of the invalid fields that the InputError in err lists, in their
// order. Without an InputError it returns nil.
func InputFields(err error) []string {
	e, ok := errors.AsType[*statemachine.InputError](err)
	if !ok {
		return nil
	}
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Field)
	}
	return names
}

// Must returns a function that returns v, and that ends the test if err is not nil. It wraps a call
// with two results: assert.Must(client.Get(ctx, arn))(t).
func Must[T any](v T, err error) func(tb testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// RunSynctest runs test as a subtest of t, in virtual time: in a bubble of package synctest.
func RunSynctest(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Helper()
		synctest.Test(t, test)
	})
}

// Sleep sleeps for d, and returns nil. If ctx ends earlier, it returns the error of ctx at once.
//
// For a d that is not positive it returns nil and makes no timer: two goroutines of a bubble that
// receive from timers that are due crash the race detector (https://go.dev/issue/78156).
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
