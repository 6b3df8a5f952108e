package activityrecord

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Outcome is whether the statement or action of an event succeeded.
type Outcome string

const (
	// OutcomeUnknown means that the event does not say whether it succeeded, or that the engine
	// is unknown.
	OutcomeUnknown Outcome = ""
	// Succeeded means that the database completed the statement or action.
	Succeeded Outcome = "succeeded"
	// Failed means that the database refused the statement or action, or did not complete it.
	Failed Outcome = "failed"
)

// Outcome returns whether the statement or action succeeded. The engine, [Event.ServerType],
// decides what counts:
//
//   - Aurora PostgreSQL: an error message, or an exit code that is the SQLSTATE of an error, is
//     a failure. An event without both succeeded, except that the events of version 1.0 have no
//     error message and say nothing.
//   - Aurora MySQL: exit code 0 is a success. Any other is a failure, and so are an error
//     message and the command FAILED_CONNECT. An event without an exit code says nothing.
//   - Oracle: exit code 0 is a success. Any other is a failure: it is the number of the ORA- error.
//   - SQL Server: exit code 1 is a success, and 0 is a failure.
func (e *Event) Outcome() Outcome {
	if e.Heartbeat() {
		return OutcomeUnknown
	}
	code, isNumber := integer(e.ExitCode)
	switch engine := strings.ToLower(e.ServerType); {
	case engine == "postgresql":
		return e.outcomeOfPostgreSQL()
	case engine == "mysql" && (e.ErrorMessage != "" || e.Command == "FAILED_CONNECT"):
		return Failed
	case (engine == "mysql" || engine == "oracle") && e.ExitCode != "":
		return succeeded(isNumber && code == 0)
	case engine == "sqlserver" && isNumber && (code == 0 || code == 1):
		return succeeded(code == 1)
	}
	return OutcomeUnknown
}

// outcomeOfPostgreSQL returns the Outcome of an event of Aurora PostgreSQL.
func (e *Event) outcomeOfPostgreSQL() Outcome {
	switch {
	case e.ErrorMessage != "":
		return Failed
	case e.ExitCode != "":
		// Classes 00, 01 and 02 are success, warning and no data. Some samples have 0 in place
		// of 00000.
		return succeeded(e.ExitCode == "0" || len(e.ExitCode) == 5 && e.ExitCode < "03")
	case e.Raw != nil && !bytes.Contains(e.Raw, []byte(`"errorMessage"`)): // inside a string, the quotation marks are escaped
		return OutcomeUnknown
	}
	return Succeeded
}

func succeeded(ok bool) Outcome {
	if ok {
		return Succeeded
	}
	return Failed
}

// Times are the times of an event in UTC. A time is zero if the event does not have it, or if
// it cannot be parsed.
type Times struct {
	Log   time.Time // when the database recorded the event
	Start time.Time // when the statement began; Aurora PostgreSQL and Aurora MySQL report it
	End   time.Time // when the statement ended; Aurora MySQL reports it
}

// Duration returns how long the statement took. That is the time from Start to End or, without
// End, to Log, as the Amazon Aurora User Guide defines it for Aurora MySQL and Aurora
// PostgreSQL. Duration reports false if the times do not give it.
func (t Times) Duration() (time.Duration, bool) {
	end := cmp.Or(t.End, t.Log)
	if t.Start.IsZero() || end.Before(t.Start) {
		return 0, false
	}
	return end.Sub(t.Start), true
}

// Times returns the times of the event. Oracle writes no zone, and means UTC.
func (e *Event) Times() Times {
	return Times{Log: parseTime(e.LogTime), Start: parseTime(e.StartTime), End: parseTime(e.EndTime)}
}

func parseTime(text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05Z07", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Fingerprint returns 32 hexadecimal digits that are equal for equal [Event.Raw]. Kinesis delivers
// records at least once, so a program that stores events can use it to recognize those that it
// already has. All heartbeats have the same fingerprint.
func (e *Event) Fingerprint() string {
	sum := sha256.Sum256(e.Raw)
	return hex.EncodeToString(sum[:16])
}
