package main

import (
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/awstest"
)

// historyLimit is how many calls, changes and removed resources a service keeps. This program does
// not read them.
const historyLimit = 16

// latencyOf returns a Latency option that logs each call.
func (b settings) latencyOf(log *slog.Logger, service string) func(awstest.Call) time.Duration {
	return func(c awstest.Call) time.Duration {
		logCall(log, service, string(c.Operation), c.Resource, c.Status, c.Code, time.Since(c.At)+b.latency)
		return b.latency
	}
}

// logCall logs a call. Its texts come from the client, but never from headers, so the log has no
// credentials and no signatures.
func logCall(log *slog.Logger, service, operation, resource string, status int, code string, duration time.Duration) {
	log.Info("call", "service", service, "operation", truncate(operation), "resource", truncate(resource),
		"status", status, "code", truncate(code), "duration", duration)
}

// maxLogText is how many bytes of a client's text a log line or a response repeats.
const maxLogText = 200

// truncate returns the beginning of a text from a client, which can have any length.
func truncate(s string) string {
	if len(s) <= maxLogText {
		return s
	}
	end := maxLogText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
