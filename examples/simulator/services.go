package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
)

// settings are the flags that apply to all services.
type settings struct {
	transition, window, latency time.Duration
	heartbeat                   time.Duration // of each instance whose activity stream is started; zero means 2 s
	throttle                    bool
	clusters, instances         int // in addition to those that it always starts with
}

// maxDatabases is the maximum of additional clusters, and of instances.
const maxDatabases = 10_000

// check returns an error if a flag is invalid.
func (b settings) check() error {
	switch {
	case b.transition < 0:
		return errors.New("-transition must not be negative")
	case b.window < 0:
		return errors.New("-maintenance-window must not be negative")
	case b.heartbeat < 0:
		return errors.New("-heartbeat must not be negative")
	case b.clusters < 0 || b.clusters > maxDatabases || b.instances < 0 || b.instances > maxDatabases:
		return fmt.Errorf("-clusters and -instances must be from 0 to %d", maxDatabases)
	case b.latency < 0 || b.latency > time.Minute:
		return errors.New("-latency must be from 0 to 1m")
	}
	return nil
}

// service is a simulated service.
type service struct {
	awstest.Engine

	scope      string // in the signatures of clients
	mark       string // in the operation of a request without a signature
	operations string // that it supports
}

// historyLimit is how many calls, changes and removed resources a service keeps. This program does
// not read them.
const historyLimit = 16

// newServices returns the services with their initial resources, and what controls them.
func newServices(b settings, log *slog.Logger) ([]service, *control) {
	common := func(o *awstest.Options, name string) {
		o.HistoryLimit = historyLimit
		o.Latency = func(c awstest.Call) time.Duration {
			logCall(log, name, c, b.latency)
			return b.latency
		}
	}
	rds := activitystreamtest.NewServer(func(o *activitystreamtest.Options) {
		common(&o.Options, "rds")
		o.Starting, o.Stopping, o.PolicyChange, o.MaintenanceWindow = b.transition, b.transition, b.transition, b.window
	})
	records := activityreadertest.NewServer(func(o *activityreadertest.Options) {
		common(&o.Options, "kinesis/kms")
		o.Heartbeat = b.heartbeat
	})
	trail := ingestiontest.NewServer(func(o *ingestiontest.Options) {
		common(&o.Options, "cloudtrail")
		o.Creating, o.Starting, o.Stopping, o.Restoring = b.transition, b.transition, b.transition, b.transition
	})
	profiles := eventstreamtest.NewServer(func(o *eventstreamtest.Options) {
		common(&o.Options, "customer-profiles")
		o.DestinationSetup = b.transition
	})
	addExamples(trail, profiles)
	if b.throttle {
		rds.Throttle(300, 12)
		trail.Throttle(10, 10)
		profiles.Throttle(5, 5)
	}
	services := []service{
		{rds, "rds", "", "StartActivityStream, StopActivityStream, ModifyActivityStream, DescribeDBClusters, DescribeDBInstances, " +
			"DescribeEvents and DescribeOrderableDBInstanceOptions of Amazon RDS"},
		{trail, "cloudtrail", "CloudTrail_20131101.", "StartEventDataStoreIngestion, StopEventDataStoreIngestion, CreateEventDataStore, UpdateEventDataStore, " +
			"DeleteEventDataStore, RestoreEventDataStore, GetEventDataStore, ListEventDataStores and ListTags of AWS CloudTrail"},
		{profiles, "profile", " /domains", "CreateEventStream, GetEventStream, DeleteEventStream, ListEventStreams, TagResource and UntagResource of Amazon Connect Customer Profiles"},
		{records, "kinesis", "Kinesis_20131202.", "ListShards, GetShardIterator, GetRecords and DescribeStreamSummary of Amazon Kinesis Data Streams"},
		{records, "kms", "TrentService.", "Decrypt of AWS KMS"},
	}
	c := &control{rds: rds, records: records, services: services}
	c.addDatabases(b.clusters, b.instances)
	return services, c
}

// addExamples adds the event data stores and the event stream that the simulator starts with.
func addExamples(trail *ingestiontest.Server, profiles *eventstreamtest.Server) {
	trail.AddEventDataStore(ingestiontest.EventDataStore{
		Id: "4d2a1f0e-1111-4222-8333-123456789abc", Name: "management-events",
		Categories: []string{"Management"}, Status: ingestion.StatusStoppedIngestion,
	})
	trail.AddEventDataStore(ingestiontest.EventDataStore{
		Id: "5e3b2a1f-2222-4333-8444-23456789abcd", Name: "activity-audit-log",
		Categories: []string{"ActivityAuditLog"}, Status: ingestion.StatusEnabled,
	})
	profiles.AddEventStream(eventstreamtest.EventStream{
		DomainName: "example-domain", EventStreamName: "example-stream",
		Uri: "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events",
	})
}

// addDatabases adds the databases that the simulator starts with, and further ones.
func (c *control) addDatabases(clusters, instances int) {
	c.addCluster(order{Identifier: "das-cluster", Engine: "aurora-postgresql"})
	c.addInstance(order{Identifier: "my-orcl-db", Engine: "oracle-ee"})
	for n := range clusters {
		c.addCluster(order{Identifier: fmt.Sprintf("cluster-%d", n+1)})
	}
	for n := range instances {
		c.addInstance(order{Identifier: fmt.Sprintf("instance-%d", n+1)})
	}
}

// logCall logs a call whose response waits for a latency. Its texts come from the client, but never
// from headers, so the log has no credentials and no signatures.
func logCall(log *slog.Logger, service string, c awstest.Call, latency time.Duration) {
	log.Info("call", "service", service, "operation", truncate(string(c.Operation)), "resource", truncate(c.Resource),
		"status", c.Status, "code", truncate(c.Code), "duration", time.Since(c.At)+latency)
}

// maxLogText is how many bytes of a client's text a log line or a response repeats.
const maxLogText = 200

// truncate returns the beginning of a text from a client, which can have any length.
func truncate(s string) string {
	if len(s) <= maxLogText {
		return s
	}
	return strings.ToValidUTF8(s[:maxLogText], "") + "…"
}
