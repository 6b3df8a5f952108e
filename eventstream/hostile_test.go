package eventstream_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Correct responses of GetEventStream and ListEventStreams.
const (
	goodGet = `{"DomainName":"example-domain","EventStreamArn":"` + streamARN + `","CreatedAt":1.7E9,"State":"RUNNING",` +
		`"DestinationDetails":{"Uri":"` + uri + `","Status":"HEALTHY"}}`
	goodList = `{"Items":[{"DomainName":"example-domain","EventStreamName":"example-stream","EventStreamArn":"` + streamARN + `","State":"RUNNING",` +
		`"DestinationSummary":{"Uri":"` + uri + `","Status":"HEALTHY"}}]}`
)

// invalidBodies returns bodies that no operation has.
func invalidBodies() map[string]string {
	return map[string]string{
		"HTML":       "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>",
		"plain text": "OK",
		"a list":     "[]",
		"a string":   `"RUNNING"`,
		"bytes":      "\x00\xff\xfe{",
		"truncated":  goodGet[:len(goodGet)/2],
	}
}

func TestUnexpectedGetResponsesAreUnavailable(t *testing.T) {
	bodies := invalidBodies()
	maps.Copy(bodies, map[string]string{
		"an empty object":              "{}",
		"null":                         "null",
		"the response of the list":     goodList,
		"another domain":               strings.Replace(goodGet, `"DomainName":"example-domain"`, `"DomainName":"other"`, 1),
		"another stream":               strings.Replace(goodGet, "event-streams/example-stream", "event-streams/example-stream-2", 1),
		"no domain":                    strings.Replace(goodGet, `"DomainName":"example-domain",`, "", 1),
		"no state":                     strings.Replace(goodGet, `"State":"RUNNING",`, "", 1),
		"no destination":               strings.Replace(goodGet, "DestinationDetails", "Details", 1),
		"a destination of null":        strings.Replace(goodGet, `"`+uri+`"`, "null", 1),
		"a state that is not a string": strings.Replace(goodGet, `"RUNNING"`, "1", 1),
		"a timestamp that is a string": strings.Replace(goodGet, "1.7E9", `"yesterday"`, 1),
	})
	for why, body := range bodies {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := running()
			c := client(s)
			s.Fail(getEventStream, failure{Body: body, ContentType: "application/json", Times: -1})

			got, err := c.Get(t.Context(), ref())
			if err == nil {
				t.Fatalf("Get returned %+v", got)
			}
			fault := assert.ErrorAs[*statemachine.Fault](t, err)
			assert.Equal(t, "fault", []any{statemachine.Unavailable, getEventStream, "example-domain/example-stream"}, []any{fault.Kind, fault.Operation, fault.Resource})
			assert.ErrorOneLine(t, err)

			_, err = c.Wait(t.Context(), ref(), runs, time.Minute)
			assert.Equal(t, "Wait", "timed out: unavailable", assert.ErrorDetail(err))
			_, err = c.WaitHealthy(t.Context(), ref(), time.Minute)
			assert.Equal(t, "WaitHealthy", "timed out: unavailable", assert.ErrorDetail(err))
			out, err := c.EnsureCreated(t.Context(), create(), time.Minute, allowRestart)
			assert.Equal(t, "EnsureCreated", "timed out: unavailable", assert.ErrorDetail(err))
			assert.Equal(t, "operations", 0, len(out.Operations))
			_, err = c.EnsureDeleted(t.Context(), ref(), time.Minute)
			assert.Equal(t, "EnsureDeleted", "timed out: unavailable", assert.ErrorDetail(err))
			assert.Equal(t, "commands", nil, commands(s, time.Now()))

			s.ClearFailures("")
			assert.Must(c.Wait(t.Context(), ref(), runs, time.Minute))(t)
		})
	}
	assert.RunSynctest(t, "a correct one", func(t *testing.T) {
		s := empty()
		s.Fail(getEventStream, failure{Body: goodGet, ContentType: "application/json"})
		assert.Must(client(s).Get(t.Context(), ref()))(t)
	})
}

// TestUnexpectedListResponsesAreUnavailable checks that a body that is not a list confirms
// nothing.
func TestUnexpectedListResponsesAreUnavailable(t *testing.T) {
	bodies := invalidBodies()
	bodies["another domain"] = strings.Replace(goodList, `"DomainName":"example-domain"`, `"DomainName":"other"`, 1)
	bodies["no name"] = strings.Replace(goodList, `"EventStreamName":"example-stream",`, "", 1)
	bodies["an empty object"] = "{}"
	bodies["null"] = "null"
	bodies["a list of null"] = `{"Items":null}`
	bodies["a list that never ends"] = `{"Items":[],"NextToken":"again"}`
	for why, body := range bodies {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := empty()
			c := client(s)
			s.Fail(listEventStreams, failure{Body: body, ContentType: "application/json", Times: -1})

			err := first(c.List(t.Context(), "example-domain"))
			assert.Equal(t, "List", statemachine.Unavailable, statemachine.KindOf(err))
			assert.Equal(t, "operation", listEventStreams, assert.ErrorAs[*statemachine.Fault](t, err).Operation)
			_, err = c.Get(t.Context(), ref())
			assert.Equal(t, "Get", statemachine.Unavailable, statemachine.KindOf(err))
			_, err = c.Wait(t.Context(), ref(), absent, time.Minute)
			assert.Equal(t, "Wait", "timed out: unavailable", assert.ErrorDetail(err))
			_, err = c.EnsureDeleted(t.Context(), ref(), time.Minute)
			assert.Equal(t, "EnsureDeleted", "timed out: unavailable", assert.ErrorDetail(err))
			_, err = c.EnsureCreated(t.Context(), create(), time.Minute)
			assert.Equal(t, "EnsureCreated", "timed out: unavailable", assert.ErrorDetail(err))
			assert.Equal(t, "commands", nil, commands(s, time.Now()))
		})
	}
}

// TestUnexpectedCreateResponsesAreUnavailable checks that Create reports an unexpected response,
// and that EnsureCreated reads again.
func TestUnexpectedCreateResponsesAreUnavailable(t *testing.T) {
	bodies := invalidBodies()
	bodies["an empty object"] = "{}"
	bodies["another stream"] = `{"EventStreamArn":"` + streamARN + `-2"}`
	for why, body := range bodies {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := empty()
			s.Fail(opCreate, failure{Body: body, ContentType: "application/json", Lost: true})
			_, err := client(s).Create(t.Context(), create(), func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, once) })
			assert.Equal(t, "Create", statemachine.Unavailable, statemachine.KindOf(err))
			s.Remove(streamARN)

			s.Fail(opCreate, failure{Body: body, ContentType: "application/json", Lost: true})
			began := time.Now()
			out := assert.Must(client(s).EnsureCreated(t.Context(), create(), time.Hour))(t)
			assert.Equal(t, "operations", []string{opCreate}, names(out.Operations))
			assert.Equal(t, "time", 2*time.Second, time.Since(began))

			s.Remove(streamARN)
			s.Fail(opCreate, failure{Body: body, ContentType: "application/json"}) // nothing was created
			began = time.Now()
			out = assert.Must(client(s).EnsureCreated(t.Context(), create(), time.Hour))(t)
			assert.Equal(t, "operations", []string{opCreate}, names(out.Operations))
			assert.Equal(t, "time", time.Minute+2*time.Second, time.Since(began))
		})
	}
}

// TestDeleteIgnoresResponseBody checks that any body of DeleteEventStream is accepted: only later
// reads show the effect.
func TestDeleteIgnoresResponseBody(t *testing.T) {
	for why, body := range invalidBodies() {
		assert.RunSynctest(t, why, func(t *testing.T) {
			s := running()
			s.Fail(opDelete, failure{Body: body, Times: -1})
			out, err := client(s).EnsureDeleted(t.Context(), ref(), time.Hour)
			assert.Equal(t, "verdict", "unreachable", assert.ErrorDetail(err))
			assert.Equal(t, "state", runs, out.Stream.State)
		})
	}
}
