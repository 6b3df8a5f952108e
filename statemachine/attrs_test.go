package statemachine_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// TestErrorsInLogsAndJSON pins the keys of each error, which are stable.
func TestErrorsInLogsAndJSON(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fault := &statemachine.Fault{
		Kind: statemachine.Throttled, Operation: "Describe", Resource: "res-1", Code: "Throttling", Message: "Rate exceeded",
		RequestID: "id", NotSent: true, RetryAfter: time.Second,
	}
	for _, test := range []struct {
		why  string
		err  error
		log  string // without the message
		json string // likewise
	}{
		{
			why: "a wait with every field", err: &statemachine.WaitError{
				Machine: "stream", Resource: "res-1", Target: "started", Last: "stopped", Reason: statemachine.TimedOut, Reads: 3,
				Elapsed: time.Minute, History: []statemachine.Sighting[string]{{State: "stopped", At: at}},
				Plan: []statemachine.Operation{"Start"}, Accepted: []statemachine.Operation{"Stop"}, Pending: "Stop", Hint: "hint",
				Events: []statemachine.Event{{Time: at, Message: "text"}}, Err: fault,
			},
			log: `kind=throttled reason="timed out" ` +
				`machine=stream resource=res-1 target=started last=stopped reads=3 elapsed=1m0s accepted=[Stop] pending=Stop plan=[Start] hint=hint`,
			json: `{"accepted":["Stop"],` +
				`"elapsed":60000000000,"error":"Describe res-1: throttled: Throttling: Rate exceeded (request id)",` +
				`"events":[{"message":"text","time":"2026-01-02T03:04:05Z"}],"hint":"hint","history":[{"at":"2026-01-02T03:04:05Z","state":"stopped"}],` +
				`"kind":"throttled","last":"stopped","machine":"stream","pending":"Stop","plan":["Start"],"reads":3,"reason":"timed out","resource":"res-1","target":"started"}`,
		},
		{
			why: "a wait without a read", err: &statemachine.WaitError{Machine: "stream", Resource: "res-1", Reason: statemachine.Gone},
			log:  `kind="not found" reason=gone machine=stream resource=res-1`,
			json: `{"kind":"not found","machine":"stream","reason":"gone","resource":"res-1"}`,
		},
		{
			why: "a fault", err: fault,
			log: `kind=throttled operation=Describe ` +
				`resource=res-1 code=Throttling request_id=id not_sent=true retry_after=1s`,
			json: `{"code":"Throttling","kind":"throttled",` +
				`"not_sent":true,"operation":"Describe","request_id":"id","resource":"res-1","retry_after":1000000000}`,
		},
		{
			why: "invalid input", err: &statemachine.InputError{Operation: "Start", Fields: []statemachine.FieldError{{Field: "Mode", Reason: "is empty"}}},
			log:  `kind="invalid input" operation=Start fields="[{Field:Mode Reason:is empty}]"`,
			json: `{"fields":[{"field":"Mode","reason":"is empty"}],"kind":"invalid input","operation":"Start"}`,
		},
		{
			why: "drift", err: &statemachine.DriftError{Resource: "res-1", Fields: []statemachine.Drift{{Field: "Mode", Want: "sync", Got: "async"}}},
			log:  `kind=drifted resource=res-1 fields="[{Field:Mode Want:sync Got:async}]"`,
			json: `{"fields":[{"field":"Mode","got":"async","want":"sync"}],"kind":"drifted","resource":"res-1"}`,
		},
		{
			why: "another identity", err: &statemachine.IdentityError{Was: "a", Is: "b"},
			log: `was=a is=b`, json: `{"is":"b","was":"a"}`,
		},
		{
			why: "a restart", err: &statemachine.RestartError{Resource: "res-1", Target: "started", Outage: "nothing is recorded", From: at, Err: fault},
			log: `kind=throttled resource=res-1 target=started ` +
				`outage="nothing is recorded" from=2026-01-02T03:04:05.000Z`,
			json: `{"from":"2026-01-02T03:04:05Z",` +
				`"kind":"throttled","outage":"nothing is recorded","resource":"res-1","target":"started"}`,
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			assert.Equal(t, "log", test.log, logged(t, test.err))
			var object map[string]any
			if err := json.Unmarshal(assert.Must(json.Marshal(test.err))(t), &object); err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "message", any(test.err.Error()), object["message"])
			delete(object, "message")
			assert.Equal(t, "JSON", test.json, string(assert.Must(json.Marshal(object))(t)))
		})
	}
}

// TestEnsuredInLogs pins the keys of what an Ensure method did.
func TestEnsuredInLogs(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Equal(t, "nothing", "", logged(t, statemachine.Ensured[string]{Value: "v"}))
	assert.Equal(t, "everything",
		`operations="[Stop Start]" planned=[Start] pending=Start pending_since=2026-01-02T03:04:05.000Z gap_from=2026-01-02T03:04:05.000Z gap_to=2026-01-02T03:04:06.000Z`,
		logged(t, statemachine.Ensured[string]{
			Operations: []statemachine.Operation{"Stop", "Start"}, Planned: []statemachine.Operation{"Start"}, Pending: "Start",
			PendingSince: at, GapFrom: at, GapTo: at.Add(time.Second),
		}))
}

// logged returns what a text log shows of a value with the key "v", without the key and the
// message.
func logged(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 || a.Key == "message" {
			return slog.Attr{}
		}
		return a
	}})).Info("", "v", v)
	return string(bytes.TrimSpace(bytes.ReplaceAll(append([]byte(" "), b.Bytes()...), []byte(" v."), []byte(" "))))
}
