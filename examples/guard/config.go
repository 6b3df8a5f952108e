package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// configParser is a file while it is read.
type configParser struct {
	file    string
	regions []*regionConfig
	entryOf map[string]int // the entry of each resource; entries are counted from 1
	errs    []error
}

// parse reads a file as a whole. Its error has a line for each thing that is wrong, with the file and the entry.
func parse(file string, data []byte) ([]*regionConfig, error) {
	entries, err := cli.ParseList(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	l := &configParser{file: file, entryOf: map[string]int{}}
	for i, entry := range entries {
		l.add(i+1, entry)
	}
	return l.regions, errors.Join(l.errs...)
}

func (l *configParser) errorf(n int, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: entry %d: %s", l.file, n, fmt.Sprintf(format, args...)))
}

// add reads one entry.
func (l *configParser) add(n int, entry json.RawMessage) {
	var is entryHeader
	if err := json.Unmarshal(entry, &is); err != nil {
		l.errorf(n, "must be an object with a kind: {\"kind\": …}")
		return
	}
	switch is.Kind {
	case "activity_stream":
		var e streamEntry
		in := &activitystream.StartInput{ApplyImmediately: true}
		if !l.decode(n, entry, &e, func() error {
			in.ResourceArn, in.Mode, in.KmsKeyId, in.EngineNativeAuditFieldsIncluded = e.ResourceArn, e.Mode, e.KmsKeyID, e.EngineNativeAuditFieldsIncluded
			return in.Validate()
		}) {
			return
		}
		if w := l.regionFor(n, strings.ToLower(in.ResourceArn), in.ResourceArn); w != nil { // RDS compares without regard to case
			w.streams = append(w.streams, in)
		}
	case "event_data_store":
		var e storeEntry
		if !l.decode(n, entry, &e, func() error { return (&ingestion.StartInput{EventDataStore: e.EventDataStore}).Validate() }) {
			return
		}
		if w := l.regionFor(n, strings.ToLower(e.EventDataStore), e.EventDataStore); w != nil {
			w.stores = append(w.stores, e.EventDataStore)
		}
	case "event_stream":
		var e eventEntry
		in := &eventstream.CreateInput{}
		if !l.decode(n, entry, &e, func() error {
			in.Ref, in.Uri, in.Tags = eventstream.Ref{DomainName: e.DomainName, EventStreamName: e.EventStreamName}, e.URI, e.Tags
			return in.Validate()
		}) {
			return
		}
		if w := l.regionFor(n, "domain "+in.DomainName, in.Uri); w != nil { // a domain can have one stream
			w.events = append(w.events, in)
		}
	default:
		l.errorf(n, "kind must be activity_stream, event_data_store or event_stream, is %q", is.Kind)
	}
}

// decode reads an entry into what its kind is, and checks it.
func (l *configParser) decode(n int, entry json.RawMessage, into any, check func() error) bool {
	if err := cli.Decode(entry, into); err != nil {
		l.errorf(n, "%v", err)
		return false
	}
	err := check()
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		for _, f := range input.Fields {
			l.errorf(n, "%s %s", jsonName(f.Field), f.Reason)
		}
	}
	return err == nil
}

// regionFor is where a resource belongs: to the Region of an ARN, which is its own or that of where it leads. It is nil if there is something wrong.
func (l *configParser) regionFor(n int, key, text string) *regionConfig {
	if other, ok := l.entryOf[key]; ok {
		l.errorf(n, "is about the same resource as entry %d", other)
		return nil
	}
	l.entryOf[key] = n
	a, err := arn.Parse(text)
	if err != nil {
		l.errorf(n, "%q must be an ARN: it says the Region", text)
		return nil
	}
	for _, w := range l.regions {
		if w.region == a.Region {
			return w
		}
	}
	w := &regionConfig{region: a.Region}
	l.regions = append(l.regions, w)
	return w
}
