package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/show"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// list is a file while it is read.
type list struct {
	file    string
	regions []*wishes
	seen    map[string]int // the entry of each resource; entries are counted from 1
	wrong   []error
}

// parse reads a file as a whole. Its error has a line for each thing that is wrong, with the file and the entry.
func parse(file string, data []byte) ([]*wishes, error) {
	entries, err := show.Entries(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	l := &list{file: file, seen: map[string]int{}}
	for i, entry := range entries {
		l.add(i+1, entry)
	}
	return l.regions, errors.Join(l.wrong...)
}

func (l *list) refuse(n int, format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Errorf("%s: entry %d: %s", l.file, n, fmt.Sprintf(format, args...)))
}

// add reads one entry.
func (l *list) add(n int, entry json.RawMessage) {
	var is anyEntry
	if err := json.Unmarshal(entry, &is); err != nil {
		l.refuse(n, "must be an object with a kind: {\"kind\": …}")
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
		if w := l.of(n, strings.ToLower(in.ResourceArn), in.ResourceArn); w != nil { // RDS compares without regard to case
			w.streams = append(w.streams, in)
		}
	case "event_data_store":
		var e storeEntry
		if !l.decode(n, entry, &e, func() error { return (&ingestion.StartInput{EventDataStore: e.EventDataStore}).Validate() }) {
			return
		}
		if w := l.of(n, strings.ToLower(e.EventDataStore), e.EventDataStore); w != nil {
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
		if w := l.of(n, "domain "+in.DomainName, in.Uri); w != nil { // a domain can have one stream
			w.events = append(w.events, in)
		}
	default:
		l.refuse(n, "kind must be activity_stream, event_data_store or event_stream, is %q", is.Kind)
	}
}

// decode reads an entry into what its kind is, and checks it.
func (l *list) decode(n int, entry json.RawMessage, into any, check func() error) bool {
	if err := show.Decode(entry, into); err != nil {
		l.refuse(n, "%v", err)
		return false
	}
	err := check()
	if input, ok := errors.AsType[*statemachine.InputError](err); ok {
		for _, f := range input.Fields {
			l.refuse(n, "%s %s", inFile(f.Field), f.Reason)
		}
	}
	return err == nil
}

// of is where a resource belongs: to the Region of an ARN, which is its own or that of where it leads. It is nil if there is something wrong.
func (l *list) of(n int, key, text string) *wishes {
	if other, ok := l.seen[key]; ok {
		l.refuse(n, "is about the same resource as entry %d", other)
		return nil
	}
	l.seen[key] = n
	a, err := arn.Parse(text)
	if err != nil {
		l.refuse(n, "%q must be an ARN: it says the Region", text)
		return nil
	}
	for _, w := range l.regions {
		if w.region == a.Region {
			return w
		}
	}
	w := &wishes{region: a.Region}
	l.regions = append(l.regions, w)
	return w
}
