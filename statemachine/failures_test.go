package statemachine_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// resultsOf yields a result for each error, with the keys "key-0", "key-1" and so on.
func resultsOf(errs ...error) iter.Seq2[string, statemachine.Result[int]] {
	return func(yield func(string, statemachine.Result[int]) bool) {
		for i, err := range errs {
			if !yield(fmt.Sprintf("key-%d", i), statemachine.Result[int]{Index: i, Err: err}) {
				return
			}
		}
	}
}

func TestFailures(t *testing.T) {
	fault := &statemachine.Fault{Kind: statemachine.NotFound, Operation: "Read", Resource: "key-1", Message: "no such thing"}
	invalid := &statemachine.InputError{Fields: []statemachine.FieldError{{Field: "Name", Reason: "is required"}}}
	twelve := make([]error, 12)
	for i := range twelve {
		twelve[i] = errors.New("e")
	}
	for _, tt := range []struct {
		why  string
		errs []error
		want string
	}{
		{"no results", nil, ""},
		{"no failures", []error{nil, nil}, ""},
		{"an error that names its resource", []error{nil, fault, nil}, "1 of 3 failed: " + fault.Error()},
		{"an error that does not", []error{invalid, fault}, "2 of 2 failed: key-0: invalid input: Name is required; " + fault.Error()},
		{"one line", []error{errors.New("a\nb")}, "1 of 1 failed: key-0: a; b"},
		{"the first ten", twelve, "12 of 12 failed: key-0: e; key-1: e; key-2: e; key-3: e; key-4: e; key-5: e; key-6: e; key-7: e; key-8: e; key-9: e; and 2 more"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			err := statemachine.Failures(resultsOf(tt.errs...))
			if tt.want == "" {
				if err != nil {
					t.Fatalf("got %v, want nil", err)
				}
				return
			}
			assert.Equal(t, "text", tt.want, err.Error())
			assert.ErrorOneLine(t, err)
			for _, e := range tt.errs {
				if e != nil {
					assert.ErrorIs(t, err, e)
				}
			}
		})
	}
	err := statemachine.Failures(resultsOf(nil, invalid, fault))
	assert.ErrorIs(t, err, statemachine.NotFound, statemachine.InvalidInput)
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || len(all.Unwrap()) != 2 {
		t.Errorf("Unwrap() []error: got %v, want two errors", err)
	}
}
