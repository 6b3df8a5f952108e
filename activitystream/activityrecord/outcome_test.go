package activityrecord_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

func TestOutcome(t *testing.T) {
	const unknown, succeeded, failed = activityrecord.OutcomeUnknown, activityrecord.Succeeded, activityrecord.Failed
	type event = activityrecord.Event
	for _, c := range []struct {
		why   string
		event event
		want  activityrecord.Outcome
	}{
		{"a heartbeat describes nothing", event{Type: "heartbeat", ServerType: "PostgreSQL"}, unknown},
		{"PostgreSQL reports neither for what succeeds", event{ServerType: "PostgreSQL"}, succeeded},
		{"version 1.0 has no error message", event{ServerType: "PostgreSQL", Raw: json.RawMessage(`{"commandText":"\"errorMessage\""}`)}, unknown},
		{"null is no error", event{ServerType: "PostgreSQL", Raw: json.RawMessage(`{"errorMessage":null}`)}, succeeded},
		{"an error message is a failure", event{ServerType: "PostgreSQL", ErrorMessage: "relation does not exist"}, failed},
		{"SQLSTATE of an error", event{ServerType: "PostgreSQL", ExitCode: "42P01"}, failed},
		{"SQLSTATE of success", event{ServerType: "PostgreSQL", ExitCode: "00000"}, succeeded},
		{"SQLSTATE of a warning", event{ServerType: "PostgreSQL", ExitCode: "01000"}, succeeded},
		{"an exit code of a process", event{ServerType: "PostgreSQL", ExitCode: "1"}, failed},
		{"0 is success in MySQL", event{ServerType: "MySQL", ExitCode: "0"}, succeeded},
		{"1045 is access denied in MySQL", event{ServerType: "MySQL", ExitCode: "1045"}, failed},
		{"a failed login has its own command", event{ServerType: "MySQL", Command: "FAILED_CONNECT", ExitCode: "0"}, failed},
		{"an AUX event without exit code", event{ServerType: "MySQL", Class: "AUX"}, unknown},
		{"0 is success in Oracle", event{ServerType: "oracle", ExitCode: "0"}, succeeded},
		{"ORA-00942", event{ServerType: "ORACLE", ExitCode: "942"}, failed},
		{"null in Oracle", event{ServerType: "oracle"}, unknown},
		{"1 is success in SQL Server", event{ServerType: "SQLSERVER", ExitCode: "1"}, succeeded},
		{"0 is failure in SQL Server", event{ServerType: "SQLSERVER", ExitCode: "0"}, failed},
		{"null in SQL Server", event{ServerType: "SQLSERVER"}, unknown},
		{"another code in SQL Server", event{ServerType: "SQLSERVER", ExitCode: "2"}, unknown},
		{"an engine of the future", event{ServerType: "DB2", ExitCode: "0"}, unknown},
	} {
		if got := c.event.Outcome(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	at := func(ns int) time.Time { return time.Date(2026, 11, 27, 10, 11, 12, ns, time.UTC) }
	for _, c := range []struct {
		why, text string
		want      time.Time
	}{
		{"Aurora", "2026-11-27 10:11:12.123456+00", at(123456000)},
		{"no fraction", "2026-11-27 10:11:12+00", at(0)},
		{"SQL Server has seven digits", "2026-11-27 10:11:12.1234567+00", at(123456700)},
		{"Oracle has no zone", "2026-11-27 10:11:12.981404", at(981404000)},
		{"another zone", "2026-11-27 15:41:12+05:30", at(0)},
		{"ISO 8601", "2026-11-27T10:11:12Z", at(0)},
		{"absent", "", time.Time{}},
		{"no time", "yesterday", time.Time{}},
	} {
		e := activityrecord.Event{LogTime: c.text, StartTime: c.text, EndTime: c.text}
		if diff := cmp.Diff(activityrecord.Times{Log: c.want, Start: c.want, End: c.want}, e.Times()); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.why, diff)
		}
	}
}

func TestDuration(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 27, 10, 11, s, 0, time.UTC) }
	for _, c := range []struct {
		why   string
		times activityrecord.Times
		want  time.Duration
		ok    bool
	}{
		{"Aurora MySQL", activityrecord.Times{Start: at(1), End: at(3), Log: at(9)}, 2 * time.Second, true},
		{"Aurora PostgreSQL", activityrecord.Times{Start: at(1), Log: at(9)}, 8 * time.Second, true},
		{"Oracle", activityrecord.Times{Log: at(9)}, 0, false},
		{"an end before the start", activityrecord.Times{Start: at(3), End: at(1)}, 0, false},
	} {
		if got, ok := c.times.Duration(); got != c.want || ok != c.ok {
			t.Errorf("%s: got %v, %v, want %v, %v", c.why, got, ok, c.want, c.ok)
		}
	}
}

func TestFingerprint(t *testing.T) {
	a := activityrecord.Event{Raw: json.RawMessage(`{"statementId":1}`)}
	b := activityrecord.Event{Raw: json.RawMessage(`{"statementId":2}`)}
	again := activityrecord.Event{Raw: json.RawMessage(`{"statementId":1}`)}
	if len(a.Fingerprint()) != 32 || a.Fingerprint() != again.Fingerprint() || a.Fingerprint() == b.Fingerprint() {
		t.Errorf("got %q, %q, %q", a.Fingerprint(), again.Fingerprint(), b.Fingerprint())
	}
}
