package main

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// line is a line of the output.
type line struct {
	ArrivedAt      time.Time       `json:"arrivedAt"`
	InstanceId     string          `json:"instanceId,omitempty"`
	ShardId        string          `json:"shardId"`
	SequenceNumber string          `json:"sequenceNumber"`
	Event          json.RawMessage `json:"event,omitempty"`
	Error          string          `json:"error,omitempty"`
	Data           []byte          `json:"data,omitempty"`

	decoded *activityrecord.Event // nil if there is none
}

// describe returns a line for people about an event: the user, the statement and, if it failed, the
// error.
func describe(s *cli.Screen, e *activityrecord.Event) string {
	text := s.Paint(cli.Bold, printable(e.DBUserName)) + "  " + printable(e.CommandText)
	if e.Outcome() == activityrecord.Failed {
		text += "  " + s.Paint(cli.Red, "failed") + ": " + printable(cmp.Or(e.ErrorMessage, "exit code "+e.ExitCode))
	}
	return text
}

// printable replaces characters that could move the cursor. A statement may have any.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
