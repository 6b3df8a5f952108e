package main

import (
	"errors"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

type streamEntry struct {
	Kind                            string              `json:"kind"`
	ResourceArn                     string              `json:"resource_arn"`
	Mode                            activitystream.Mode `json:"mode"`
	KmsKeyID                        string              `json:"kms_key_id"`
	EngineNativeAuditFieldsIncluded bool                `json:"engine_native_audit_fields_included"`
	Recording                       bool                `json:"recording"`
	RestartAfterSilence             string              `json:"restart_after_silence"`
}

// minRestartAfter is the shortest silence after which a stream can be restarted. A restart of the
// database is a silence itself.
const minRestartAfter = 10 * time.Minute

// restartAfter returns the duration in RestartAfterSilence.
func (e *streamEntry) restartAfter() (d time.Duration) {
	d, _ = time.ParseDuration(e.RestartAfterSilence)
	return d
}

func (e *streamEntry) input() *activitystream.StartInput {
	return &activitystream.StartInput{
		ResourceArn: e.ResourceArn, Mode: e.Mode, KmsKeyId: e.KmsKeyID, ApplyImmediately: true,
		EngineNativeAuditFieldsIncluded: e.EngineNativeAuditFieldsIncluded,
	}
}
func (e *streamEntry) validate() error {
	input := &statemachine.InputError{}
	if err := e.input().Validate(); !errors.As(err, &input) && err != nil {
		return err
	}
	reject := func(reason string) {
		input.Fields = append(input.Fields, statemachine.FieldError{Field: "RestartAfterSilence", Reason: reason})
	}
	switch {
	case e.RestartAfterSilence == "":
	case !e.Recording:
		reject("needs \"recording\": true")
	case e.restartAfter() < minRestartAfter:
		reject("must be a duration of at least " + minRestartAfter.String() + ", such as \"1h\"")
	}
	if len(input.Fields) == 0 {
		return nil
	}
	return input
}
func (e *streamEntry) resource() (id, arn string) {
	return strings.ToLower(e.ResourceArn), e.ResourceArn
}
func (e *streamEntry) addTo(r *regionConfig) {
	r.streams = append(r.streams, e.input())
	if e.Recording {
		r.records = append(r.records, e)
	}
}

type storeEntry struct {
	Kind           string `json:"kind"`
	EventDataStore string `json:"event_data_store"`
}

func (e *storeEntry) validate() error {
	return (&ingestion.StartInput{EventDataStore: e.EventDataStore}).Validate()
}
func (e *storeEntry) resource() (id, arn string) {
	return strings.ToLower(e.EventDataStore), e.EventDataStore
}
func (e *storeEntry) addTo(r *regionConfig) { r.stores = append(r.stores, e.EventDataStore) }

type eventEntry struct {
	Kind            string            `json:"kind"`
	DomainName      string            `json:"domain_name"`
	EventStreamName string            `json:"event_stream_name"`
	URI             string            `json:"uri"`
	Tags            map[string]string `json:"tags"`
}

func (e *eventEntry) input() *eventstream.CreateInput {
	ref := eventstream.Ref{DomainName: e.DomainName, EventStreamName: e.EventStreamName}
	return &eventstream.CreateInput{Ref: ref, Uri: e.URI, Tags: e.Tags}
}
func (e *eventEntry) validate() error            { return e.input().Validate() }
func (e *eventEntry) resource() (id, arn string) { return "domain " + e.DomainName, e.URI } // a domain has one stream
func (e *eventEntry) addTo(r *regionConfig)      { r.events = append(r.events, e.input()) }
