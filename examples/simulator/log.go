package main

import (
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// historyLimit is how many calls, changes and removed resources a service keeps: nobody asks this program for them.
const historyLimit = 16

// call is a call to any of the services.
type call activitystreamtest.Call

// answer logs a call, whose answer is ready, and tells how long the client waits for it.
func (b settings) answer(log *slog.Logger, service string, c call) time.Duration {
	logCall(log, service, string(c.Operation), c.Resource, c.Status, c.Code, time.Since(c.At)+b.latency)
	return b.latency
}

// logCall writes one line about a call. What is in it is from the client, but never its headers, and thus no credentials and no signature.
func logCall(log *slog.Logger, service, operation, resource string, status int, code string, took time.Duration) {
	log.Info("call", "service", service, "operation", truncate(operation), "resource", truncate(resource),
		"status", status, "code", truncate(code), "took", took)
}

// maxLogText is how much of a client's text a line or an answer repeats.
const maxLogText = 200

// truncate is the beginning of a text that may be as long as a client likes.
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
