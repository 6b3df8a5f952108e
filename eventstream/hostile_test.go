package eventstream_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The answers of GetEventStream about the stream, and of ListEventStreams about its domain, as
// they should be.
const (
	goodGet = `{"DomainName":"example-domain","EventStreamArn":"` + streamARN + `","CreatedAt":1.7E9,"State":"RUNNING",` +
		`"DestinationDetails":{"Uri":"` + uri + `","Status":"HEALTHY"}}`
	goodList = `{"Items":[{"DomainName":"example-domain","EventStreamName":"example-stream","EventStreamArn":"` + streamARN + `","State":"RUNNING",` +
		`"DestinationSummary":{"Uri":"` + uri + `","Status":"HEALTHY"}}]}`
)

// nonsense are answers that no operation has.
func nonsense() map[string]string {
	return map[string]string{
		"HTML":       "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>",
		"plain text": "OK",
		"a list":     "[]",
		"a string":   `"RUNNING"`,
		"bytes":      "\x00\xff\xfe{",
		"truncated":  goodGet[:len(goodGet)/2],
	}
}

func TestHostileAnswersToGet(t *testing.T) {
	answers := nonsense()
	maps.Copy(answers, map[string]string{
		"an empty object":        "{}",
		"null":                   "null",
		"the list's answer":      goodList,
		"another domain":         strings.Replace(goodGet, `"DomainName":"example-domain"`, `"DomainName":"other"`, 1),
		"another stream":         strings.Replace(goodGet, "event-streams/example-stream", "event-streams/example-stream-2", 1),
		"no domain":              strings.Replace(goodGet, `"DomainName":"example-domain",`, "", 1),
		"no state":               strings.Replace(goodGet, `"State":"RUNNING",`, "", 1),
		"no destination":         strings.Replace(goodGet, "DestinationDetails", "Details", 1),
		"a destination of null":  strings.Replace(goodGet, `"`+uri+`"`, "null", 1),
		"a state that is none":   strings.Replace(goodGet, `"RUNNING"`, "1", 1),
		"an instant that is one": strings.Replace(goodGet, "1.7E9", `"yesterday"`, 1),
	})
	for why, body := range answers {
		bubble(t, why, func(t *testing.T) {
			s := running()
			c := client(s)
			s.Fail(getEventStream, failure{Body: body, ContentType: "application/json", Times: -1})

			got, err := c.Get(t.Context(), ref())
			if err == nil {
				t.Fatalf("Get takes it for %+v", got)
			}
			fault := as[*statemachine.Fault](t, err)
			wantEqual(t, "fault", []any{statemachine.Unavailable, getEventStream, "example-domain/example-stream"}, []any{fault.Kind, fault.Operation, fault.Resource})
			mentions(t, err)

			_, err = c.Wait(t.Context(), ref(), runs, time.Minute)
			wantEqual(t, "Wait", "timed out: unavailable", verdict(err))
			_, err = c.WaitHealthy(t.Context(), ref(), time.Minute)
			wantEqual(t, "WaitHealthy", "timed out: unavailable", verdict(err))
			out, err := c.EnsureCreated(t.Context(), create(), time.Minute, allowRestart)
			wantEqual(t, "EnsureCreated", "timed out: unavailable", verdict(err))
			wantEqual(t, "operations", 0, len(out.Operations))
			_, err = c.EnsureDeleted(t.Context(), ref(), time.Minute)
			wantEqual(t, "EnsureDeleted", "timed out: unavailable", verdict(err))
			wantEqual(t, "commands", nil, commands(s, time.Now()))

			s.ClearFailures("")
			must(c.Wait(t.Context(), ref(), runs, time.Minute))(t)
		})
	}
	bubble(t, "a good one", func(t *testing.T) {
		s := empty()
		s.Fail(getEventStream, failure{Body: goodGet, ContentType: "application/json"})
		must(client(s).Get(t.Context(), ref()))(t)
	})
}

// An answer of the list that is none confirms nothing.
func TestHostileAnswersToList(t *testing.T) {
	answers := nonsense()
	answers["another domain"] = strings.Replace(goodList, `"DomainName":"example-domain"`, `"DomainName":"other"`, 1)
	answers["no name"] = strings.Replace(goodList, `"EventStreamName":"example-stream",`, "", 1)
	answers["an empty object"] = "{}"
	answers["null"] = "null"
	answers["a list of null"] = `{"Items":null}`
	answers["a list that never ends"] = `{"Items":[],"NextToken":"again"}`
	for why, body := range answers {
		bubble(t, why, func(t *testing.T) {
			s := empty()
			c := client(s)
			s.Fail(listEventStreams, failure{Body: body, ContentType: "application/json", Times: -1})

			err := first(c.List(t.Context(), "example-domain"))
			wantEqual(t, "List", statemachine.Unavailable, statemachine.KindOf(err))
			wantEqual(t, "operation", listEventStreams, as[*statemachine.Fault](t, err).Operation)
			_, err = c.Get(t.Context(), ref())
			wantEqual(t, "Get", statemachine.Unavailable, statemachine.KindOf(err))
			_, err = c.Wait(t.Context(), ref(), absent, time.Minute)
			wantEqual(t, "Wait", "timed out: unavailable", verdict(err))
			_, err = c.EnsureDeleted(t.Context(), ref(), time.Minute)
			wantEqual(t, "EnsureDeleted", "timed out: unavailable", verdict(err))
			_, err = c.EnsureCreated(t.Context(), create(), time.Minute)
			wantEqual(t, "EnsureCreated", "timed out: unavailable", verdict(err))
			wantEqual(t, "commands", nil, commands(s, time.Now()))
		})
	}
}

// An answer to a create that is none may have been one: Create says so, and EnsureCreated looks.
func TestHostileAnswersToCreate(t *testing.T) {
	answers := nonsense()
	answers["an empty object"] = "{}"
	answers["another stream"] = `{"EventStreamArn":"` + streamARN + `-2"}`
	for why, body := range answers {
		bubble(t, why, func(t *testing.T) {
			s := empty()
			s.Fail(opCreate, failure{Body: body, ContentType: "application/json", Lost: true})
			_, err := client(s).Create(t.Context(), create(), func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, once) })
			wantEqual(t, "Create", statemachine.Unavailable, statemachine.KindOf(err))
			s.Remove(streamARN)

			s.Fail(opCreate, failure{Body: body, ContentType: "application/json", Lost: true})
			began := time.Now()
			out := must(client(s).EnsureCreated(t.Context(), create(), time.Hour))(t)
			wantEqual(t, "operations", []string{opCreate}, names(out.Operations))
			wantEqual(t, "time", 2*time.Second, time.Since(began))

			s.Remove(streamARN)
			s.Fail(opCreate, failure{Body: body, ContentType: "application/json"}) // nothing was created
			began = time.Now()
			out = must(client(s).EnsureCreated(t.Context(), create(), time.Hour))(t)
			wantEqual(t, "operations", []string{opCreate}, names(out.Operations))
			wantEqual(t, "time", time.Minute+2*time.Second, time.Since(began))
		})
	}
}

// DeleteEventStream answers nothing that could be right or wrong: only the reads afterwards tell.
func TestHostileAnswersToDelete(t *testing.T) {
	for why, body := range nonsense() {
		bubble(t, why, func(t *testing.T) {
			s := running()
			s.Fail(opDelete, failure{Body: body, Times: -1})
			out, err := client(s).EnsureDeleted(t.Context(), ref(), time.Hour)
			wantEqual(t, "verdict", "unreachable", verdict(err))
			wantEqual(t, "state", runs, out.Stream.State)
		})
	}
}
