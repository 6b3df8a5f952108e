package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// The databases that it starts with.
const (
	clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instanceARN = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
)

// service is a simulated service.
type service struct {
	name       string // in the log
	scope      string // in the signatures of clients
	operations string // that it supports
	http.Handler
}

// newServices returns the services with their initial resources, and what controls them.
func newServices(b settings, log *slog.Logger) ([]service, *control) {
	databases, rds := newRDS(b, log)
	records, kinesis, kms := newRecords(b, log, databases)
	trail, cloudTrail := newCloudTrail(b, log)
	streams, profiles := newCustomerProfiles(b, log)
	c := &control{rds: databases, records: records, all: map[string]awstest.Engine{
		"": databases, "EventDataStore": trail, "EventStream": streams,
	}}
	for n := range b.clusters {
		c.addCluster(order{Identifier: fmt.Sprintf("cluster-%d", n+1)})
	}
	for n := range b.instances {
		c.addInstance(order{Identifier: fmt.Sprintf("instance-%d", n+1)})
	}
	return []service{rds, cloudTrail, profiles, kinesis, kms}, c
}

func newRDS(b settings, log *slog.Logger) (*activitystreamtest.Server, service) {
	s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		o.Starting, o.Stopping, o.PolicyChange, o.MaintenanceWindow = b.transition, b.transition, b.transition, b.window
		o.HistoryLimit = historyLimit
		o.Latency = b.latencyOf(log, "rds")
	})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Engine: "aurora-postgresql"})
	s.AddInstance(activitystreamtest.Instance{Identifier: "my-orcl-db", Engine: "oracle-ee"})
	if b.throttle {
		s.Throttle(300, 12)
	}
	return s, service{
		name: "rds", scope: "rds", Handler: s,
		operations: "StartActivityStream, StopActivityStream, ModifyActivityStream, DescribeDBClusters, DescribeDBInstances, " +
			"DescribeEvents and DescribeOrderableDBInstanceOptions of Amazon RDS",
	}
}

// newRecords returns the Kinesis streams that the activity streams of the databases write to, and
// the KMS that decrypts their data keys.
func newRecords(b settings, log *slog.Logger, databases *activitystreamtest.Server) (s *activityreadertest.Server, kinesis, kms service) {
	s = activityreadertest.NewServer(func(o *activityreadertest.Options) {
		o.Heartbeat = b.heartbeat
		o.HistoryLimit = historyLimit
		o.Latency = b.latencyOf(log, "kinesis/kms")
	})
	s.Attach(databases, clusterARN, 2)
	s.Attach(databases, instanceARN, 1)
	return s, service{
			name: "kinesis", scope: "kinesis", Handler: s,
			operations: "ListShards, GetShardIterator, GetRecords and DescribeStreamSummary of Amazon Kinesis Data Streams",
		}, service{
			name: "kms", scope: "kms", Handler: s,
			operations: "Decrypt of AWS KMS",
		}
}

func newCloudTrail(b settings, log *slog.Logger) (*ingestiontest.Server, service) {
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
		o.Creating, o.Starting, o.Stopping, o.Restoring = b.transition, b.transition, b.transition, b.transition
		o.HistoryLimit = historyLimit
		o.Latency = b.latencyOf(log, "cloudtrail")
	})
	s.AddEventDataStore(ingestiontest.EventDataStore{
		Id: "4d2a1f0e-1111-4222-8333-123456789abc", Name: "management-events",
		Categories: []string{"Management"}, Status: ingestion.StatusStoppedIngestion,
	})
	s.AddEventDataStore(ingestiontest.EventDataStore{
		Id: "5e3b2a1f-2222-4333-8444-23456789abcd", Name: "activity-audit-log",
		Categories: []string{"ActivityAuditLog"}, Status: ingestion.StatusEnabled,
	})
	if b.throttle {
		s.Throttle(10, 10)
	}
	return s, service{
		name: "cloudtrail", scope: "cloudtrail", Handler: s,
		operations: "StartEventDataStoreIngestion, StopEventDataStoreIngestion, CreateEventDataStore, UpdateEventDataStore, " +
			"DeleteEventDataStore, RestoreEventDataStore, GetEventDataStore, ListEventDataStores and ListTags of AWS CloudTrail",
	}
}

func newCustomerProfiles(b settings, log *slog.Logger) (*eventstreamtest.Server, service) {
	s := eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		o.DestinationSetup = b.transition
		o.HistoryLimit = historyLimit
		o.Latency = b.latencyOf(log, "customer-profiles")
	})
	s.AddEventStream(eventstreamtest.EventStream{
		DomainName: "example-domain", EventStreamName: "example-stream",
		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	})
	if b.throttle {
		s.Throttle(5, 5)
	}
	return s, service{
		name: "customer-profiles", scope: "profile", Handler: s,
		operations: "CreateEventStream, GetEventStream, DeleteEventStream, ListEventStreams, TagResource and UntagResource of Amazon Connect Customer Profiles",
	}
}
