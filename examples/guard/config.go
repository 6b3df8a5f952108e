package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// parse parses a configuration file, and returns its entries by Region. Its error has one line per
// problem, with the file and the entry.
func parse(file string, data []byte) (map[string][]entry, error) {
	regions := map[string][]entry{}
	seen := map[string]int{} // the entry that configures a resource, by ID; the first entry is 1
	err := cli.ParseList(file, data, func(n int, raw json.RawMessage) error {
		var header struct {
			Kind string `json:"kind"`
		}
		if json.Unmarshal(raw, &header) != nil {
			return errors.New("must be an object with a kind: {\"kind\": …}")
		}
		e, ok := map[string]entry{"activity_stream": &streamEntry{}, "event_data_store": &storeEntry{}, "event_stream": &eventEntry{}}[header.Kind]
		if !ok {
			return fmt.Errorf("kind must be activity_stream, event_data_store or event_stream, got %q", header.Kind)
		}
		if err := cli.Decode(raw, e); err != nil {
			return err
		}
		_, id, text := e.resource()
		if other, ok := seen[id]; ok {
			return fmt.Errorf("duplicates the resource of entry %d", other)
		}
		seen[id] = n
		a, err := arn.Parse(text)
		if err != nil {
			return fmt.Errorf("%q must be an ARN, which has the Region", text)
		}
		regions[a.Region] = append(regions[a.Region], e)
		return nil
	})
	return regions, err
}

// entry is an entry of the configuration file.
type entry interface {
	Validate() error
	resource() (kind, id, arn string) // what it is, what identifies it, and an ARN in its Region
	addTo(g *guard, c *clients)
}

type streamEntry struct {
	activitystream.StartInput

	Kind                string
	ApplyImmediately    struct{} `json:"-"` // not in the file: a repair always does
	Recording           bool
	RestartAfterSilence string
}

// minRestartAfter is the shortest silence after which a stream can be restarted. A restart of the
// database is a silence itself.
const minRestartAfter = 10 * time.Minute

// restartAfter returns the duration in RestartAfterSilence.
func (e *streamEntry) restartAfter() (d time.Duration) {
	d, _ = time.ParseDuration(e.RestartAfterSilence)
	return d
}

// Validate reports all invalid fields.
func (e *streamEntry) Validate() error {
	err := e.StartInput.Validate()
	var reason string
	switch {
	case e.RestartAfterSilence == "":
		return err
	case !e.Recording:
		reason = `needs "recording": true`
	case e.restartAfter() < minRestartAfter:
		reason = "must be a duration of at least " + minRestartAfter.String() + `, such as "1h"`
	default:
		return err
	}
	input := &statemachine.InputError{}
	_ = errors.As(err, &input) // the fields that are invalid already
	input.Fields = append(input.Fields, statemachine.FieldError{Field: "RestartAfterSilence", Reason: reason})
	return input
}

func (e *streamEntry) resource() (kind, id, arn string) {
	return "activity stream", strings.ToLower(e.ResourceArn), e.ResourceArn
}

func (e *streamEntry) addTo(g *guard, c *clients) {
	e.StartInput.ApplyImmediately = true
	g.resources = append(g.resources, activityStream(c.streams, g.settings, &e.StartInput))
	if e.Recording {
		g.records = append(g.records, &recording{
			client: c.streams, cfg: c.cfg, resourceArn: e.ResourceArn, restartAfter: e.restartAfter(), settings: g.settings, log: g.log,
		})
	}
}

type storeEntry struct {
	ingestion.StartInput

	Kind string
}

func (e *storeEntry) resource() (kind, id, arn string) {
	return "event data store", strings.ToLower(e.EventDataStore), e.EventDataStore
}

func (e *storeEntry) addTo(g *guard, c *clients) {
	g.resources = append(g.resources, eventDataStore(c.stores, g.settings, &e.StartInput))
}

type eventEntry struct {
	eventstream.CreateInput

	Kind string
}

func (e *eventEntry) resource() (kind, id, arn string) {
	return "event stream", "domain " + e.DomainName, e.Uri // a domain has one stream
}

func (e *eventEntry) addTo(g *guard, c *clients) {
	g.resources = append(g.resources, eventStream(c.events, g.settings, &e.CreateInput))
}
