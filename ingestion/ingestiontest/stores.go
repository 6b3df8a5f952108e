package ingestiontest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// EventDataStore is an event data store to add. Each field's zero value means its default. Booleans
// are taken as they are, unlike in CreateEventDataStore.
type EventDataStore struct {
	Id     string           // the end of the ARN; defaults to a UUID that is the same in each run
	Name   string           // defaults to "event-data-store-1", "event-data-store-2", …
	Status ingestion.Status // defaults to ENABLED

	// AdvancedEventSelectors select the ingested events. They default to one selector for each of
	// the Categories, which default to Management.
	AdvancedEventSelectors []types.AdvancedEventSelector
	Categories             []string

	// The other fields are what GetEventDataStore shows. By default the store is not federated and
	// has no key.
	MultiRegionEnabled           bool
	OrganizationEnabled          bool
	TerminationProtectionEnabled bool
	RetentionPeriod              int32             // days; defaults to that of the billing mode, 366 or 2557
	BillingMode                  types.BillingMode // defaults to EXTENDABLE_RETENTION_PRICING
	KmsKeyId                     string            // shown as the ARN of a key
	FederationStatus             types.FederationStatus
	FederationRoleArn            string
	PartitionKeys                []types.PartitionKey

	Tags map[string]string // what ListTags shows
}

// AddEventDataStore adds an event data store and returns its ARN. It replaces a store of the same
// ID, whose history continues. CloudTrail leaves created, starting, stopping and pending deletion
// on its own. Quotas and constraints do not apply.
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
		for _, key := range slices.Sorted(maps.Keys(e.Tags)) {
			d.tags = append(d.tags, tag{key, e.Tags[key]})
		}
		if len(d.AdvancedEventSelectors) == 0 {
			for _, c := range e.Categories {
				d.AdvancedEventSelectors = append(d.AdvancedEventSelectors, categorySelector("", c))
			}
		}
		arn = s.put(now, d, e.Id)
	})
	return arn
}

// put adds a store, with defaults for what it lacks.
func (s *Server) put(now time.Time, d record, id string) (arn string) {
	if id == "" {
		s.unnamedCount++
		id = simulator.UUID(fmt.Sprintf("event data store %d", s.unnamedCount))
	}
	if d.Name == "" {
		d.Name = fmt.Sprintf("event-data-store-%d", s.unnamedCount)
	}
	d.EventDataStoreArn = s.arn("cloudtrail", "eventdatastore/"+id)
	d.CreatedTimestamp, d.UpdatedTimestamp = now, now
	d = d.withDefaults()
	r := s.stores.Put(now, d, d.EventDataStoreArn, id)
	s.lifecycle.Follow(r, now, d)
	s.schedulePurge(r, now, d)
	return d.EventDataStoreArn
}

// enter makes d the current record and plans what CloudTrail does on its own.
func (s *Server) enter(r *resource, now time.Time, d record) {
	s.lifecycle.Enter(r, now, d)
	s.schedulePurge(r, now, d)
}

// schedulePurge plans the removal of a store that was just deleted.
func (s *Server) schedulePurge(r *resource, now time.Time, d record) {
	if d.Status != ingestion.StatusPendingDeletion {
		return
	}
	// The key is that of the lifecycle, so that every other change of the status cancels the purge.
	r.Plan(now, &s.lifecycle, simulator.Delay{After: s.opts.DeletionGrace}, func(at time.Time, d record) (record, bool) {
		r.Remove(at)
		return d, false
	})
}

func (s *Server) arn(service, resource string) string {
	return simulator.ARN(service, s.opts.Region, s.opts.Account, resource)
}
