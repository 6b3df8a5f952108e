package ingestiontest

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// EventDataStore is an event data store to add. Every member has a default; what is true by default of a store
// that CreateEventDataStore makes is taken as it stands here.
type EventDataStore struct {
	Id     string           // what the ARN ends with: a UUID, the same in each run
	Name   string           // "event-data-store-1", "event-data-store-2", …
	Status ingestion.Status // ENABLED

	// AdvancedEventSelectors are which events are ingested: one selector for each of Categories, and those are
	// Management.
	AdvancedEventSelectors []types.AdvancedEventSelector
	Categories             []string

	// The rest, as GetEventDataStore shows it: false, empty and none where nothing else is said, and not federated.
	MultiRegionEnabled           bool
	OrganizationEnabled          bool
	TerminationProtectionEnabled bool
	RetentionPeriod              int32             // days; what CloudTrail has for the billing mode: 366, 2557
	BillingMode                  types.BillingMode // EXTENDABLE_RETENTION_PRICING
	KmsKeyId                     string            // shown as the ARN of a key, whatever is given; none
	FederationStatus             types.FederationStatus
	FederationRoleArn            string
	PartitionKeys                []types.PartitionKey
}

// AddEventDataStore adds an event data store and returns its ARN. One of the same ID is replaced, and its
// history goes on. A store that is added as created, starting, stopping or pending deletion moves on by itself.
// No quota and no constraint keeps it out.
func (s *Server) AddEventDataStore(e EventDataStore) (arn string) {
	s.engine.Update(func(now time.Time) {
		d := record{EventDataStore: ingestion.EventDataStore{
			Name: e.Name, Status: cmp.Or(e.Status, ingestion.StatusEnabled),
			AdvancedEventSelectors: e.AdvancedEventSelectors,
			MultiRegionEnabled:     e.MultiRegionEnabled, OrganizationEnabled: e.OrganizationEnabled,
			TerminationProtectionEnabled: e.TerminationProtectionEnabled,
			RetentionPeriod:              e.RetentionPeriod, BillingMode: e.BillingMode,
			KmsKeyId:         s.keyARN(e.KmsKeyId),
			FederationStatus: e.FederationStatus, FederationRoleArn: e.FederationRoleArn, PartitionKeys: e.PartitionKeys,
		}}
		if len(d.AdvancedEventSelectors) == 0 {
			for _, c := range e.Categories {
				d.AdvancedEventSelectors = append(d.AdvancedEventSelectors, selectorOf("", c))
			}
		}
		arn = s.put(now, d, e.Id)
	})
	return arn
}

// put adds a store, with defaults for what it lacks.
func (s *Server) put(now time.Time, d record, id string) (arn string) {
	if id == "" {
		s.named++
		id = simulator.UUID(fmt.Sprintf("event data store %d", s.named))
	}
	if d.Name == "" {
		d.Name = fmt.Sprintf("event-data-store-%d", s.named)
	}
	d.EventDataStoreArn = s.arn("cloudtrail", "eventdatastore/"+id)
	d.CreatedTimestamp, d.UpdatedTimestamp = now, now
	d = d.withDefaults()
	r := s.stores.Put(now, d, d.EventDataStoreArn, id)
	s.lifecycle.ScheduleSettling(r, now)
	s.purge(r, now, d)
	return d.EventDataStoreArn
}

// enter makes d the truth from now on, and plans what CloudTrail makes of it by itself.
func (s *Server) enter(r *resource, now time.Time, d record) {
	s.lifecycle.Enter(r, now, d)
	s.purge(r, now, d)
}

// purge plans the end of a store that was deleted just now.
func (s *Server) purge(r *resource, now time.Time, d record) {
	if d.Status != ingestion.StatusPendingDeletion {
		return
	}
	// Under the lifecycle's own key, so that whatever else becomes of the store takes its place.
	r.Plan(now, &s.lifecycle, simulator.Delay{After: s.opts.DeletionGrace}, func(at time.Time, d record) (record, bool) {
		r.Remove(at)
		return d, false
	})
}

func (s *Server) arn(service, resource string) string {
	return simulator.ARN(service, s.opts.Region, s.opts.Account, resource)
}
