package statemachine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	wait := func(r statemachine.Reason, err error) error { return &statemachine.WaitError{Reason: r, Err: err} }
	for _, tt := range []struct {
		why  string
		err  error
		want statemachine.Kind
	}{
		{"no error", nil, ""},
		{"an error that says nothing", errTest, statemachine.Unknown},
		{"a Kind", statemachine.Throttled, statemachine.Throttled},
		{"a Kind that is wrapped", fmt.Errorf("reading: %w", statemachine.AccessDenied), statemachine.AccessDenied},
		{"a Fault", fault(statemachine.Conflict), statemachine.Conflict},
		{"a Fault that is wrapped", fmt.Errorf("reading: %w", fault(statemachine.Conflict)), statemachine.Conflict},
		{"the first of two", errors.Join(fault(statemachine.Conflict), statemachine.Throttled), statemachine.Conflict},
		{"the outer of two", &statemachine.Fault{Kind: statemachine.Unavailable, Err: fault(statemachine.Throttled)}, statemachine.Unavailable},
		{"an InputError", &statemachine.InputError{}, statemachine.InvalidInput},
		{"a DriftError", fmt.Errorf("ensure: %w", &statemachine.DriftError{}), statemachine.Drifted},
		{"a context's end", context.Canceled, statemachine.Interrupted},
		{"a context's deadline", fmt.Errorf("call: %w", context.DeadlineExceeded), statemachine.Interrupted},
		{"a Fault that wraps a context's end", &statemachine.Fault{Kind: statemachine.Unavailable, Err: context.Canceled}, statemachine.Unavailable},
		{"a wait that was canceled", wait(statemachine.Canceled, context.Canceled), statemachine.Interrupted},
		{"a wait that was canceled after a failure", wait(statemachine.Canceled, fault(statemachine.Throttled)), statemachine.Interrupted},
		{"a wait for what is gone", wait(statemachine.Gone, fault(statemachine.NotFound)), statemachine.NotFound},
		{"a wait that lapsed", wait(statemachine.Lapsed, nil), statemachine.Unknown},
		{"a wait that cannot end", wait(statemachine.Unreachable, nil), statemachine.Unknown},
		{"a wait that timed out, which is a DeadlineExceeded, but not the caller's", wait(statemachine.TimedOut, nil), statemachine.Unknown},
		{"a wait that timed out after a failure", wait(statemachine.TimedOut, fault(statemachine.Throttled)), statemachine.Throttled},
		{"a wait whose read failed", wait(statemachine.ReadFailed, fault(statemachine.AccessDenied)), statemachine.AccessDenied},
		{"a wait whose read failed with an unknown error", wait(statemachine.ReadFailed, errTest), statemachine.Unknown},
		{"a wait that is wrapped", fmt.Errorf("deploy: %w", wait(statemachine.Gone, nil)), statemachine.NotFound},
		{"a Reason", statemachine.Gone, statemachine.NotFound},
		{"a Reason that says nothing of a failure", statemachine.TimedOut, statemachine.Unknown},
		{"a Reason that is wrapped", fmt.Errorf("deploy: %w", statemachine.Canceled), statemachine.Interrupted},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "kind", tt.want, statemachine.KindOf(tt.err))
		})
	}
}

// uncomparable is an error that == panics on.
type uncomparable []string

func (uncomparable) Error() string { return "uncomparable" }

func TestErrorChains(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		err  error
		want []string
	}{
		{"a Fault is its Kind and what it wraps", &statemachine.Fault{Kind: statemachine.Unavailable, Err: io.ErrUnexpectedEOF}, []string{"unavailable"}},
		{"an InputError is InvalidInput", new(statemachine.InputError), []string{"invalid input"}},
		{"a DriftError is Drifted", new(statemachine.DriftError), []string{"drifted"}},
		{"TimedOut is a DeadlineExceeded too", statemachine.TimedOut, []string{"timed out", "context deadline exceeded"}},
		{"Canceled is Interrupted too, and no DeadlineExceeded", statemachine.Canceled, []string{"canceled", "interrupted"}},
		{"Gone is NotFound too", statemachine.Gone, []string{"gone", "not found"}},
		{"Lapsed is nothing else", statemachine.Lapsed, []string{"lapsed"}},
		{
			"a WaitError is its Reason and what it wraps", &statemachine.WaitError{Reason: statemachine.TimedOut, Err: fault(statemachine.Throttled)},
			[]string{"timed out", "throttled", "context deadline exceeded"},
		},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "chain", tt.want, chain(tt.err))
			assert.Equal(t, "is something uncomparable", false, errors.Is(tt.err, uncomparable{}))
		})
	}
	if !errors.Is(&statemachine.Fault{Err: io.ErrUnexpectedEOF}, io.ErrUnexpectedEOF) {
		t.Error("a Fault hides what it wraps")
	}
}

// TestErrorNamesResourceOnce checks that the text of a failure loses the name of the resource,
// which is in front of it already, unless the name is a part of a sentence or of another name.
func TestErrorNamesResourceOnce(t *testing.T) {
	t.Parallel()
	const named, unnamed = "arn:a-1: ", ""
	for _, tt := range []struct{ why, failure, front, want string }{
		{"the name comes first", "arn:a-1: out of cheese", named, "out of cheese"},
		{"the operation comes first", "Start arn:a-1: access denied", named, "Start: access denied"},
		{"an operation in lower case", "start arn:a-1: access denied", named, "start: access denied"},
		{"words that are no message", "could not read arn:a-1: access denied", named, "could not read: access denied"},
		{"an operation within", "the last command failed: Add arn:a-1: conflict", named, "the last command failed: Add: conflict"},
		{"another operation within", "the last command failed: Zap arn:a-1: conflict", named, "the last command failed: Zap: conflict"},
		{"a sentence", "Start: not authorized on arn:a-1: no policy", unnamed, "Start: not authorized on arn:a-1: no policy"},
		{"a sign below the letters", "Start: @ arn:a-1: no policy", unnamed, "Start: @ arn:a-1: no policy"},
		{"a sign above the letters", "Start: [ arn:a-1: no policy", unnamed, "Start: [ arn:a-1: no policy"},
		{"two spaces", "Start:  arn:a-1: no policy", unnamed, "Start:  arn:a-1: no policy"},
		{"the end of a text", "no policy for arn:a-1", unnamed, "no policy for arn:a-1"},
		{"a longer name, with a hyphen", "arn:a-1-b is busy", named, "arn:a-1-b is busy"},
		{"a longer name, with an underscore", "arn:a-1_b is busy", named, "arn:a-1_b is busy"},
		{"a longer name, with a slash", "arn:a-1/b is busy", named, "arn:a-1/b is busy"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			err := &statemachine.RestartError{Resource: "arn:a-1", Target: "started", From: epoch, To: epoch, Err: errors.New(tt.failure)}
			text := "a restart did not succeed, and the former settings are restored; it was out of started from 2026-03-01T12:00:00Z to 2026-03-01T12:00:00Z: "
			assert.Equal(t, "text", tt.front+text+tt.want, err.Error())
		})
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	hostile := "<html>\r\n<b>502\u2028Bad\tGateway</b>\x1b[31m\u0085\n\n</html>\n"
	for _, tt := range []struct {
		why  string
		err  error
		want string
	}{
		{"an empty Fault", &statemachine.Fault{}, ": "},
		{
			"a full Fault",
			&statemachine.Fault{Kind: statemachine.NotFound, Operation: "Get", Resource: "arn", Code: "Missing", Message: "no such thing", RequestID: "r-1", Err: errTest},
			"Get arn: not found: Missing: no such thing (request r-1)",
		},
		{
			"a message that names the resource",
			&statemachine.Fault{Kind: statemachine.AccessDenied, Operation: "Get", Resource: "arn:a-1", Message: "not authorized to Get on arn:a-1 because"},
			"Get: access denied: not authorized to Get on arn:a-1 because",
		},
		{
			"a message that names another resource, whose name is longer",
			&statemachine.Fault{Kind: statemachine.InvalidState, Operation: "Get", Resource: "arn:a-1", Message: "use arn:a-12, arn:a-1-b or arn:a-1é"},
			"Get arn:a-1: invalid state: use arn:a-12, arn:a-1-b or arn:a-1é",
		},
		{
			"a message that ends with the resource, after a longer name",
			&statemachine.Fault{Kind: statemachine.InvalidState, Operation: "Get", Resource: "arn:a-1", Message: "use arn:a-12, not arn:a-1"},
			"Get: invalid state: use arn:a-12, not arn:a-1",
		},
		{
			"a wait whose failure names the resource", &statemachine.WaitError{
				Machine: "stream", Resource: "arn:a-1", Target: "started", Reason: statemachine.ReadFailed, Reads: 1,
				Err: &statemachine.Fault{Kind: statemachine.AccessDenied, Operation: "Get", Resource: "arn:a-1", Message: "not authorized to Get on arn:a-1: no policy"},
			},
			"stream: waiting for started: read failed (1 read in 0s): Get: access denied: not authorized to Get on arn:a-1: no policy",
		},
		{
			"a restart whose failure names the resource", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch,
				Err: &statemachine.Fault{Kind: statemachine.AccessDenied, Operation: "Start", Resource: "arn:a-1", Message: "not authorized on arn:a-1 because"},
			},
			"a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back; call again, with settings that the service accepts, to bring it back: Start: access denied: not authorized on arn:a-1 because",
		},
		{
			"a drift that a restart did not correct", &statemachine.DriftError{
				Resource: "arn:a-1", Fields: []statemachine.Drift{{Field: "Mode", Want: "async", Got: "sync"}}, Cause: errTest,
			},
			"arn:a-1: drifted: Mode is sync, wanted async; out of cheese",
		},
		{
			"a restart that ran out of time", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch,
				Err: &statemachine.WaitError{Machine: "stream", Resource: "arn:a-1", Target: "started", Reason: statemachine.TimedOut, Last: "stopping", Reads: 2},
			},
			"arn:a-1: a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back; call again to bring it back: stream: waiting for started: timed out (2 reads in 0s), last seen stopping",
		},
		{
			"a restart of what is another resource now", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch,
				Err: &statemachine.WaitError{Machine: "stream", Resource: "arn:a-1", Target: "started", Reason: statemachine.Replaced, Reads: 2},
			},
			"arn:a-1: a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back: stream: waiting for started: replaced (2 reads in 0s)",
		},
		{
			"a restart that was canceled during a read", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch,
				Err: &statemachine.WaitError{
					Machine: "stream", Resource: "arn:a-1", Target: "started", Reason: statemachine.Canceled, Reads: 2,
					Err: &statemachine.Fault{Kind: statemachine.Interrupted, Operation: "Get", Resource: "arn:a-1"},
				},
			},
			"arn:a-1: a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back; call again to bring it back: stream: waiting for started: canceled (2 reads in 0s): Get: interrupted",
		},
		{
			"a restart whose credentials expired", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch, Err: &statemachine.Fault{Kind: statemachine.Unauthenticated, Operation: "Start", Resource: "arn:a-1"},
			},
			"arn:a-1: a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back; call again to bring it back: Start: unauthenticated",
		},
		{
			"a restart of what is gone", &statemachine.RestartError{
				Resource: "arn:a-1", Target: "started", From: epoch,
				Err: &statemachine.WaitError{Machine: "stream", Resource: "arn:a-1", Target: "started", Reason: statemachine.Gone, Reads: 2},
			},
			"arn:a-1: a restart took it out of started at " + epoch.UTC().Format(time.RFC3339) + ", and it is not back: stream: waiting for started: gone: there is no such resource (2 reads in 0s)",
		},
		{
			"a message that has the name as a word", &statemachine.WaitError{
				Machine: "event stream", Resource: "orders", Target: "started", Reason: statemachine.ReadFailed, Reads: 1,
				Err: &statemachine.Fault{Kind: statemachine.AccessDenied, Operation: "Get", Resource: "orders", Message: "not authorized to read orders"},
			},
			"event stream orders: waiting for started: read failed (1 read in 0s): Get: access denied: not authorized to read orders",
		},
		{"a Fault without a response", &statemachine.Fault{Kind: statemachine.Unavailable, Operation: "Get", Err: errTest}, "Get: unavailable: out of cheese"},
		{"a Fault with a code that says it all", &statemachine.Fault{Kind: statemachine.Throttled, Operation: "Get", Code: "Throttling", Err: errTest}, "Get: throttled: Throttling"},
		{
			"a hostile Fault", &statemachine.Fault{Kind: statemachine.Unavailable, Operation: "Get", Message: hostile},
			"Get: unavailable: <html>; <b>502; Bad Gateway</b> [31m; </html>",
		},
		{"a line separator alone", &statemachine.Fault{Kind: statemachine.Conflict, Message: "a\u2028b"}, ": conflict: a; b"},
		{"a paragraph separator alone", &statemachine.Fault{Kind: statemachine.Conflict, Message: "a\u2029b"}, ": conflict: a; b"},
		{"each sort of line's end", &statemachine.Fault{Kind: statemachine.Conflict, Message: "a\nb\rc\u2028d\u2029e"}, ": conflict: a; b; c; d; e"},
		{
			"the first and the last control characters, and their neighbors",
			&statemachine.Fault{Kind: statemachine.Conflict, Message: "a\x00b\x1fc\x7fd\u0080e\u009ff~g\u00a0h\u2027i\u202aj"},
			": conflict: a b c d e f~g\u00a0h\u2027i\u202aj",
		},
		{"a single control character", &statemachine.Fault{Kind: statemachine.Conflict, Message: "a\x7fb"}, ": conflict: a b"},
		{
			"an InputError", &statemachine.InputError{Operation: "Start", Fields: []statemachine.FieldError{{Field: "Mode", Reason: "is empty"}, {Field: "Key", Reason: "is\nno key"}}},
			"Start: invalid input: Mode is empty; Key is; no key",
		},
		{"an InputError of no operation", &statemachine.InputError{Fields: []statemachine.FieldError{{Field: "maxWait", Reason: "is zero"}}}, "invalid input: maxWait is zero"},
		{
			"a DriftError", &statemachine.DriftError{Resource: "arn", Fields: []statemachine.Drift{{Field: "Mode", Want: "sync", Got: "async"}, {Field: "Key", Want: "k", Got: ""}}},
			`arn: drifted: Mode is async, wanted sync; Key is "", wanted k`,
		},
		{"a DriftError of no resource", &statemachine.DriftError{Fields: []statemachine.Drift{{Field: "Mode", Want: "a\nb", Got: "c"}}}, "drifted: Mode is c, wanted a; b"},
		{
			"a wait that timed out", &statemachine.WaitError{Machine: "stream", Resource: "arn", Target: "started", Last: "starting", Reason: statemachine.TimedOut, Reads: 3, Elapsed: 61 * time.Second},
			"stream arn: waiting for started: timed out (3 reads in 1m1s), last seen starting",
		},
		{
			"a hostile wait", &statemachine.WaitError{Machine: "stream", Resource: "a\nrn", Target: "started", Reason: statemachine.ReadFailed, Reads: 1, Err: errors.New(hostile)},
			"stream a; rn: waiting for started: read failed (1 read in 0s): <html>; <b>502; Bad Gateway</b> [31m; </html>",
		},
		{
			"a lapse with a short history", &statemachine.WaitError{Machine: "stream", Resource: "arn", Target: "started", Last: "stopped", Reason: statemachine.Lapsed, History: []statemachine.Sighting[string]{{State: "stopped"}}},
			"stream arn: waiting for started: lapsed: stopped (0 reads in 0s)",
		},
		{"a lapse without one", &statemachine.WaitError{Machine: "stream", Resource: "arn", Reason: statemachine.Lapsed}, `stream arn: lapsed: "" (0 reads in 0s)`},
		{
			"a lapse into an empty state", &statemachine.WaitError{Machine: "stream", Resource: "arn", Reason: statemachine.Lapsed, History: []statemachine.Sighting[string]{{State: "starting", At: epoch}, {At: epoch.Add(90 * time.Second)}}},
			`stream arn: lapsed: starting → "" after 1m30s (0 reads in 0s)`,
		},
		{
			"what to do next", &statemachine.WaitError{Machine: "topic", Resource: "arn", Target: "ACTIVE", Last: "BROKEN", Reason: statemachine.Unreachable, Plan: ops{opDelete, opCreate}, Accepted: ops{opCreate}, Hint: "call again"},
			"topic arn: Create accepted, waiting for ACTIVE: unreachable from BROKEN (0 reads in 0s); Delete, then Create would lead to ACTIVE; call again",
		},
		{
			"a command without an effect yet, and the last event", &statemachine.WaitError{
				Machine: "topic", Resource: "arn", Target: "ACTIVE", Last: "BROKEN", Reason: statemachine.TimedOut, Pending: opCreate,
				Events: []statemachine.Event{{Time: epoch, Message: "first"}, {Time: epoch.Add(time.Second), Message: "second"}},
			},
			"topic arn: waiting for ACTIVE: timed out (0 reads in 0s), last seen BROKEN; no read has shown an effect of Create yet; last event at 2026-03-01T12:00:01Z: second",
		},
		{"a Kind", statemachine.KeyNotAccessible, "key not accessible"},
		{"a Reason", statemachine.ReadFailed, "read failed"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got := tt.err.Error()
			assert.Equal(t, "text", tt.want, got)
			if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == '\u2028' || r == '\u2029' || r >= 0x7f && r < 0xa0 }) {
				t.Errorf("control characters: %q", got)
			}
		})
	}
}

func TestInputErrorAdd(t *testing.T) {
	t.Parallel()
	var e statemachine.InputError
	assert.Equal(t, "error of nothing wrong", nil, e.Err())
	e.Add("Mode", "is empty")
	assert.Equal(t, "fields", []string{"Mode"}, fields(&e))
	assert.Equal(t, "error", true, errors.Is(e.Err(), statemachine.InvalidInput))
}

func TestDriftErrorAdd(t *testing.T) {
	t.Parallel()
	var e statemachine.DriftError
	e.Add("Mode", "sync", "sync")
	assert.Equal(t, "error of no drift", nil, e.Err())
	e.Add("Mode", "sync", "async")
	e.Add("Key", "k", "")
	assert.Equal(t, "fields", []statemachine.Drift{{Field: "Mode", Want: "sync", Got: "async"}, {Field: "Key", Want: "k"}}, e.Fields)
	assert.Equal(t, "error", true, errors.Is(e.Err(), statemachine.Drifted))
}

// TestLogLevels checks that each change and each command is logged at Info, each tolerated
// failure at Warn, and each read and command that begins at Debug.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		r := newResource(stream(), stopped, 25*time.Second)
		r.readErrs = []error{nil, nil, nil, fault(statemachine.Throttled)}
		r.outcomes = []outcome{{err: fault(statemachine.Conflict)}}
		o := tens()
		o.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "machine", "resource":
				return slog.Attr{}
			}
			return a
		}}))
		if _, err := r.ensurer(o).Ensure(t.Context(), started, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "log", strings.Join([]string{
			`level=DEBUG msg=read state=stopped`,
			`level=INFO msg="state changed" from="" to=stopped`,
			`level=DEBUG msg=command operation=Start`,
			`level=WARN msg="command failed" operation=Start error.message="Describe res-1: conflict: Code.conflict: the service says conflict" error.kind=conflict error.operation=Describe error.code=Code.conflict`,
			`level=DEBUG msg=read state=stopped`,
			`level=DEBUG msg=command operation=Start`,
			`level=INFO msg="command accepted" operation=Start`,
			`level=DEBUG msg=read state=starting`,
			`level=INFO msg="state changed" from=stopped to=starting`,
			`level=WARN msg="read failed" error.message="Describe res-1: throttled: Code.throttled: the service says throttled" error.kind=throttled error.operation=Describe error.code=Code.throttled`,
			`level=DEBUG msg=read state=started`,
			`level=INFO msg="state changed" from=starting to=started`,
			``,
		}, "\n"), b.String())

		b.Reset()
		o.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		_, err := shows("").waiter(o).Wait(t.Context(), started, time.Second)
		assert.Equal(t, "reason", true, errors.Is(err, statemachine.TimedOut))
		assert.Equal(t, "log", `level=INFO msg="state changed" machine=stream resource=res-1 from="" to=""`+"\n", b.String())
	})
}

// TestLogIncludesChangesOmittedFromHistory checks that every change is logged, including those
// that the bounded history omits.
func TestLogIncludesChangesOmittedFromHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		var want strings.Builder
		var states []state
		last := state(`""`)
		for i := range 100 {
			states = append(states, []state{stopped, starting}[i%2])
		}
		states = append(states, started)
		for _, s := range states {
			fmt.Fprintf(&want, "level=INFO msg=\"state changed\" machine=stream resource=res-1 from=%s to=%s\n", last, s)
			last = s
		}
		o := tens()
		o.Grace, o.Logger = time.Hour, infos(&b)
		if _, err := shows(states...).waiter(o).Wait(t.Context(), started, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "log", want.String(), b.String())
	})
}

// infos logs into b what is at level Info or above, without the time.
func infos(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// TestLogOmitsErrorThatEndsWait checks that the failure that ends a wait is not logged, and that
// no change is logged that was not read.
func TestLogOmitsErrorThatEndsWait(t *testing.T) {
	t.Parallel()
	const change = `level=INFO msg="state changed" machine=stream resource=res-1 from="" to=starting` + "\n"
	for _, tt := range []struct {
		why       string
		responses []response
		log       string
	}{
		{"the context's end interrupts a read", []response{{state: starting}, {hang: true}}, change},
		{"a read fails for good", []response{{state: starting}, {err: fault(statemachine.AccessDenied)}}, change},
		{"the first read does", []response{{err: fault(statemachine.AccessDenied)}}, ""},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				o := tens()
				o.Logger = infos(&b)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				if _, err := responses(tt.responses...).waiter(o).Wait(ctx, started, time.Minute); err == nil {
					t.Error("no error")
				}
				assert.Equal(t, "log", tt.log, b.String())
			})
		})
	}
}
