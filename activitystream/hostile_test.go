package activitystream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// wrap returns the response of a Describe operation with these databases.
func wrap(op statemachine.Operation, databases ...string) string {
	list, item := "DBClusters", "DBCluster"
	if op == describeInstances {
		list, item = "DBInstances", "DBInstance"
	}
	body := ""
	for _, d := range databases {
		body += "<" + item + ">" + d + "</" + item + ">"
	}
	return fmt.Sprintf("<%sResponse><%sResult><%s>%s</%s></%sResult></%sResponse>", op, op, list, body, list, op, op)
}

// started returns a database whose stream is started.
func started(op statemachine.Operation, arn string) string {
	name := "DBClusterArn"
	if op == describeInstances {
		name = "DBInstanceArn"
	}
	return "<" + name + ">" + arn + "</" + name + "><ActivityStreamStatus>started</ActivityStreamStatus>"
}

// hostile returns bodies with status 200 that are not valid responses.
func hostile(op statemachine.Operation, arn string) map[string]failure {
	good := wrap(op, started(op, arn))
	bodies := map[string]string{
		"truncated in the middle":          good[:len(good)/2],
		"truncated before the end":         good[:strings.LastIndex(good, "Result>")],
		"truncated after the root":         good[:20],
		"HTML":                             "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the hotel's network</body></html>",
		"broken HTML":                      "<html><body><br>Sign in</p></body>",
		"JSON":                             `{"DBClusters":[]}`,
		"an empty object":                  "{}",
		"plain text":                       "OK",
		"bytes":                            "\x00\xff\xfe<\x01",
		"another operation's response":     "<ListTablesResponse><ListTablesResult/></ListTablesResponse>",
		"an error with a success's status": "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
		"no list":                          fmt.Sprintf("<%sResponse><%sResult></%sResult></%sResponse>", op, op, op, op),
		"an empty list":                    wrap(op),
		"two for one ARN":                  wrap(op, started(op, arn), started(op, arn)),
		"one too many":                     wrap(op, started(op, arn), started(op, arn+"-2")),
		"another":                          wrap(op, started(op, arn+"-2")),
		"one without an ARN":               wrap(op, "<ActivityStreamStatus>started</ActivityStreamStatus>"),
		"one without anything":             wrap(op, ""),
		"a text in place of a number":      wrap(op, started(op, arn)+"<AllocatedStorage>much</AllocatedStorage>"),
		"a text in place of a Boolean":     wrap(op, started(op, arn)+"<MultiAZ>perhaps</MultiAZ>"),
	}
	failures := map[string]failure{"empty": {Status: 200}}
	for why, body := range bodies {
		failures[why] = failure{Body: body}
	}
	return failures
}

func TestGetRejectsHostileResponse(t *testing.T) {
	for name, db := range databases() {
		for why, f := range hostile(db.describe, db.arn) {
			assert.RunSynctest(t, name+"/"+why, func(t *testing.T) {
				s := activitystreamtest.NewServer()
				db.add(s, activitystream.StatusStarting)
				c := client(s)
				f.Times = -1
				s.Fail(db.describe, f)

				got, err := c.Get(t.Context(), db.arn)
				if err == nil {
					t.Fatalf("Get takes it for %+v", got)
				}
				fault := assert.ErrorAs[*statemachine.Fault](t, err)
				assert.Equal(t, "kind", statemachine.Unavailable, fault.Kind)
				assert.Equal(t, "resource", db.arn, fault.Resource)
				assert.Equal(t, "operation", db.describe, fault.Operation)
				assert.ErrorOneLine(t, err)

				if _, err := c.Wait(t.Context(), db.arn, activitystream.StatusStarted, 3*time.Minute); assert.ErrorSummary(err) != "timed out" {
					t.Errorf("Wait: %v", err)
				}
				out, err := c.EnsureStarted(t.Context(), start(db.arn), time.Minute)
				assert.Equal(t, "EnsureStarted", "timed out", assert.ErrorSummary(err))
				assert.Equal(t, "operations", 0, len(out.Operations))
				for _, r := range c.WaitEach(t.Context(), []string{db.arn}, activitystream.StatusStarted, time.Minute) {
					if why == "one too many" { // a batch may contain resources that were not requested
						break
					}
					assert.Equal(t, "WaitEach", "timed out", assert.ErrorSummary(r.Err))
				}
				for _, r := range c.GetEach(t.Context(), []string{db.arn}) {
					if r.Err == nil && why != "one too many" {
						t.Errorf("GetEach takes it for %+v", r.Value)
					}
				}
				for _, call := range s.Calls() {
					if call.Operation == activitystream.StartActivityStream {
						t.Fatal("a command was sent without a good read")
					}
				}

				s.ClearFailures("")
				if _, err := c.Wait(t.Context(), db.arn, activitystream.StatusStarted, time.Minute); err != nil {
					t.Errorf("after that: %v", err)
				}
			})
		}
	}
}

// TestWaitSurvivesHostileResponse checks that a wait continues when responses are valid again.
func TestWaitSurvivesHostileResponse(t *testing.T) {
	for why, f := range hostile(describeClusters, clusterARN) {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarting})
			time.AfterFunc(62*time.Second, func() { f.Times = 3; s.Fail("", f) })
			began := time.Now()
			assert.Must(client(s).Wait(t.Context(), clusterARN, activitystream.StatusStarted, time.Hour))(t)
			assert.Equal(t, "time", 2*time.Minute, time.Since(began)) // reads at 60, (65, 75, 85), 95, 100, …
		})
	}
}

// TestListRejectsHostileResponse distinguishes a response without a list from one with an empty
// list.
func TestListRejectsHostileResponse(t *testing.T) {
	assert.RunSynctest(t, "none, and empty", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		for _, body := range []string{"", "{}", "Service temporarily unavailable"} {
			s.Fail(describeClusters, failure{Status: 200, Body: body})
			var got []statemachine.Kind
			for _, err := range client(s).List(t.Context()) {
				got = append(got, statemachine.KindOf(err))
			}
			assert.Equal(t, "kinds", []statemachine.Kind{statemachine.Unavailable}, got)
		}
		for stream, err := range client(s).List(t.Context()) {
			t.Errorf("an empty Region has %v, %v", stream, err)
		}
	})
}

// TestCommandRejectsHostileResponse checks that a command with an invalid response counts as
// possibly executed.
func TestCommandRejectsHostileResponse(t *testing.T) {
	for why, f := range map[string]failure{
		"truncated": {Body: "<StartActivityStreamResponse><StartActivityStreamResult><Status>start"},
		"HTML":      {Body: "<html><body>Sign in</body></html>"},
		"a gateway": {Status: 504, Body: "<html><body>504</body></html>"},
	} {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
			f.Lost = true
			s.Fail(activitystream.StartActivityStream, f)
			out, err := client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "operations", []string{"StartActivityStream"}, ops(out.Operations))
			assert.Equal(t, "status", activitystream.StatusStarted, out.Stream.Status)
		})
	}
	assert.RunSynctest(t, "empty, which the SDK takes for a success", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(activitystream.StartActivityStream, failure{Status: 200, Lost: true})
		out := assert.Must(client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour))(t)
		assert.Equal(t, "operations", []string{"StartActivityStream"}, ops(out.Operations))
	})
	assert.RunSynctest(t, "a success that never was", func(t *testing.T) {
		s := activitystreamtest.NewServer()
		s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster"})
		s.Fail(activitystream.StartActivityStream, failure{Status: 200})
		if out, err := client(s).Start(t.Context(), start(clusterARN)); out != nil || !errors.Is(err, statemachine.Unavailable) {
			t.Errorf("a start that was not carried out is no success: %v, %v", out, err)
		}
		s.Fail(activitystream.StartActivityStream, failure{Status: 200})
		began := time.Now()
		out := assert.Must(client(s).EnsureStarted(t.Context(), start(clusterARN), time.Hour))(t)
		assert.Equal(t, "operations", []string{"StartActivityStream"}, ops(out.Operations))
		assert.Equal(t, "time", 3*time.Minute, time.Since(began)) // a grace, in which it may have been carried out, and the second start
		s.Fail(activitystream.StopActivityStream, failure{Status: 200})
		_, err := client(s).Stop(t.Context(), stop(clusterARN))
		assert.Equal(t, "stop", statemachine.Unavailable, statemachine.KindOf(err))
	})
}

// TestEachRereadsAfterHostileResponse checks that a batch read ignores resources that were not
// requested and re-reads duplicates individually.
func TestEachRereadsAfterHostileResponse(t *testing.T) {
	const other = "arn:aws:rds:us-east-1:123456789012:cluster:other"
	for _, test := range []struct {
		why   string
		body  string
		alone int // reads of a single cluster
	}{
		{why: "a stranger among them", body: wrap(describeClusters, started(describeClusters, clusterARN), started(describeClusters, other), started(describeClusters, other+"-2"))},
		{why: "one twice", body: wrap(describeClusters, started(describeClusters, clusterARN), started(describeClusters, other), started(describeClusters, clusterARN)), alone: 1},
		{why: "one left out", body: wrap(describeClusters, started(describeClusters, clusterARN)), alone: 1},
		{why: "none", body: wrap(describeClusters), alone: 2},
		{why: "empty object", body: "{}"}, // unreadable: both are read together again
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := activitystreamtest.NewServer()
			for _, id := range []string{"das-cluster", "other"} {
				s.AddCluster(activitystreamtest.Cluster{Identifier: id, Status: activitystream.StatusStarted})
			}
			s.Fail(describeClusters, failure{Body: test.body})
			w := &wire{server: s}
			for arn, r := range activitystream.NewFromConfig(w.config(), exact).WaitEach(t.Context(), []string{clusterARN, other}, activitystream.StatusStarted, time.Hour) {
				if r.Err != nil {
					t.Errorf("%s: %v", arn, r.Err)
				}
			}
			alone := 0
			for _, form := range w.forms {
				if form.Get("DBClusterIdentifier") != "" {
					alone++
				}
			}
			assert.Equal(t, "reads alone", test.alone, alone)
		})
	}
}
