package main

import (
	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
)

// regionConfig are what a file says of the resources of one Region.
type regionConfig struct {
	region  string
	streams []*activitystream.StartInput
	stores  []string
	events  []*eventstream.CreateInput
}

// The entries of a file, by their kind.
type (
	entryHeader struct {
		Kind string `json:"kind"`
	}
	streamEntry struct {
		entryHeader

		ResourceArn                     string              `json:"resource_arn"`
		Mode                            activitystream.Mode `json:"mode"`
		KmsKeyID                        string              `json:"kms_key_id"`
		EngineNativeAuditFieldsIncluded bool                `json:"engine_native_audit_fields_included"`
	}
	storeEntry struct {
		entryHeader

		EventDataStore string `json:"event_data_store"`
	}
	eventEntry struct {
		entryHeader

		DomainName      string            `json:"domain_name"`
		EventStreamName string            `json:"event_stream_name"`
		URI             string            `json:"uri"`
		Tags            map[string]string `json:"tags"`
	}
)

// jsonName is the name that a field of the library's inputs has in the file.
func jsonName(field string) string {
	names := map[string]string{
		"ResourceArn": "resource_arn", "Mode": "mode", "KmsKeyId": "kms_key_id",
		"EngineNativeAuditFieldsIncluded": "engine_native_audit_fields_included",
		"EventDataStore":                  "event_data_store",
		"DomainName":                      "domain_name", "EventStreamName": "event_stream_name", "Uri": "uri", "Tags": "tags",
	}
	if name, ok := names[field]; ok {
		return name
	}
	return field
}
