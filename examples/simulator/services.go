package main

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// settings are the flags that apply to all services.
type settings struct {
	transition, window, latency time.Duration
	heartbeat                   time.Duration // of each instance whose activity stream is started; zero means 2 s
	throttle                    bool
}

// The databases that it starts with.
const (
	clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instanceARN = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
)

// check returns an error if a flag is invalid.
func (b settings) check() error {
	switch {
	case b.transition < 0:
		return errors.New("-transition must not be negative")
	case b.window < 0:
		return errors.New("-maintenance-window must not be negative")
	case b.heartbeat < 0:
		return errors.New("-heartbeat must not be negative")
	case b.latency < 0 || b.latency > time.Minute:
		return errors.New("-latency must be from 0 to 1m")
	}
	return nil
}

// service is a simulated service.
type service struct {
	name       string // in the log
	scope      string // in the signatures of clients
	operations string // that it supports
	http.Handler
}

// newServices returns the services with their initial resources.
func newServices(b settings, log *slog.Logger) []service {
	databases, rds := newRDS(b, log)
	kinesis, kms := newRecords(b, log, databases)
	return []service{rds, newCloudTrail(b, log), newCustomerProfiles(b, log), kinesis, kms}
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
func newRecords(b settings, log *slog.Logger, databases *activitystreamtest.Server) (kinesis, kms service) {
	s := activityreadertest.NewServer(func(o *activityreadertest.Options) {
		o.Heartbeat = b.heartbeat
		o.HistoryLimit = historyLimit
		o.Latency = b.latencyOf(log, "kinesis/kms")
	})
	s.Attach(databases, clusterARN, 2)
	s.Attach(databases, instanceARN, 1)
	return service{
			name: "kinesis", scope: "kinesis", Handler: s,
			operations: "ListShards, GetShardIterator, GetRecords and DescribeStreamSummary of Amazon Kinesis Data Streams",
		}, service{
			name: "kms", scope: "kms", Handler: s,
			operations: "Decrypt of AWS KMS",
		}
}

func newCloudTrail(b settings, log *slog.Logger) service {
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
	return service{
		name: "cloudtrail", scope: "cloudtrail", Handler: s,
		operations: "StartEventDataStoreIngestion, StopEventDataStoreIngestion, CreateEventDataStore, UpdateEventDataStore, " +
			"DeleteEventDataStore, RestoreEventDataStore, GetEventDataStore, ListEventDataStores and ListTags of AWS CloudTrail",
	}
}

func newCustomerProfiles(b settings, log *slog.Logger) service {
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
	return service{
		name: "customer-profiles", scope: "profile", Handler: s,
		operations: "CreateEventStream, GetEventStream, DeleteEventStream, ListEventStreams, TagResource and UntagResource of Amazon Connect Customer Profiles",
	}
}
