package benchmarks

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/internal/recordcompat"
)

var measureOfRecords = flag.Bool("measure-records", false, "measure the decoding of records only, and update results.json and README.md")

// officialDecoder is the AWS Encryption SDK for Go with encoding/json: what a program uses without
// this library.
const officialDecoder = "official Encryption SDK"

// decoding returns the ways to decode a record with n events, or with a heartbeat if n is 0.
func decoding(t *testing.T, n int) []contender {
	t.Helper()
	s := activityrecordtest.NewSealer()
	data := s.Seal(activityrecord.Record{
		ClusterId: "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ", InstanceId: "db-ZYXWVUTSRQPONMLKJIHGFEDCBA", Events: recordedEvents(t, n),
	})
	decoder := activityrecord.NewDecoder(s)
	official, err := recordcompat.NewOfficial(s.PlaintextKey())
	if err != nil {
		t.Fatal(err)
	}
	return []contender{
		{name: own, run: func(times int) {
			for range times {
				if _, err := decoder.Decode(t.Context(), data); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{name: officialDecoder, run: func(times int) {
			for range times {
				if events, err := decodeOfficially(official, data); err != nil || events != max(n, 1) {
					t.Fatal(events, err)
				}
			}
		}},
	}
}

// recordedEvents returns the first n events of the vectors of activityrecord, or a heartbeat if
// n is 0.
func recordedEvents(t *testing.T, n int) []activityrecord.Event {
	t.Helper()
	if n == 0 {
		return []activityrecord.Event{activityrecordtest.Heartbeat()}
	}
	file, err := os.Open("../../activitystream/activityrecord/testdata/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Plain []byte }
	if err := json.NewDecoder(text).Decode(&vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		var document struct{ DatabaseActivityEventList []json.RawMessage }
		if json.Unmarshal(v.Plain, &document) != nil || len(document.DatabaseActivityEventList) < n {
			continue
		}
		events := make([]activityrecord.Event, n)
		for i := range events {
			events[i].Raw = document.DatabaseActivityEventList[i]
		}
		return events
	}
	t.Fatalf("no vector has %d events", n)
	return nil
}

// decodeOfficially decodes a record and returns how many events it has.
func decodeOfficially(official *recordcompat.Official, data []byte) (int, error) {
	var envelope struct{ DatabaseActivityEvents, Key []byte }
	if err := json.Unmarshal(data, &envelope); err != nil {
		return 0, err
	}
	compressed, err := official.Open(envelope.DatabaseActivityEvents)
	if err != nil {
		return 0, err
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return 0, err
	}
	var record struct {
		ClusterId, InstanceId     string
		DatabaseActivityEventList []jsonEvent
	}
	err = json.NewDecoder(r).Decode(&record)
	return len(record.DatabaseActivityEventList), err
}

// jsonEvent is an event for encoding/json, with the same result: Raw, too.
type jsonEvent struct{ activityrecord.Event }

func (e *jsonEvent) UnmarshalJSON(data []byte) error {
	fields := struct {
		*activityrecord.Event
		StatementId json.Number // which encoding/json does not read into a string
	}{Event: &e.Event}
	err := json.Unmarshal(data, &fields)
	e.StatementId = string(fields.StatementId)
	e.Raw = bytes.Clone(data)
	return err
}

// records measures the decoding of records, in place of what r has of it.
func (r *Results) records(t *testing.T, e effort) {
	const prefix = "Decode "
	r.Timings = slices.DeleteFunc(r.Timings, func(t Timing) bool { return strings.HasPrefix(t.Work, prefix) })
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return strings.HasPrefix(row.Measure, prefix) })
	for _, c := range []struct {
		measure      string
		events       int
		times, alloc float64
	}{
		{prefix + "a heartbeat of an activity stream", 0, 25, 32},
		{prefix + "a batch of 100 events of an activity stream", 100, 8, 230},
	} {
		timings := interleave(e.rounds, e.slice, decoding(t, c.events))
		r.time(c.measure, timings)
		r.Rows = append(r.Rows,
			Row{Measure: c.measure, Unit: "times as fast as the official Encryption SDK for Go with encoding/json", Goal: c.times, AtLeast: true,
				Got: ratio(timings[officialDecoder], timings[own])},
			Row{Measure: c.measure, Unit: "allocations", Goal: c.alloc, Got: exactly(timings[own].Allocs)})
	}
}

// TestMeasureRecords measures the decoding of records only. With -measure-records it updates the
// results.
func TestMeasureRecords(t *testing.T) {
	if !*measureOfRecords {
		new(Results).records(t, quick)
		return
	}
	r, err := Load(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	r.records(t, full)
	for _, row := range r.Rows[len(r.Rows)-4:] {
		t.Logf("%-5t %s: %.3g (%.3g to %.3g) %s, goal %g", row.Met(), row.Measure, row.Got.Median, row.Got.Low, row.Got.High, row.Unit, row.Goal)
	}
	if err := r.Save(resultsFile); err != nil {
		t.Fatal(err)
	}
	if err := Publish(r); err != nil {
		t.Fatal(err)
	}
}
