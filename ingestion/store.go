package ingestion

import (
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// EventDataStore is what GetEventDataStore tells of an event data store, under the names that it has there, and the
// Categories.
type EventDataStore struct {
	EventDataStoreArn string // never empty
	Name              string // 3 to 128 characters
	Status            Status // never empty

	AdvancedEventSelectors []types.AdvancedEventSelector // which events are ingested

	// Categories are the event categories of AdvancedEventSelectors, as [Categories] finds them: "Management",
	// "Data", "NetworkActivity", "ConfigurationItem", "ActivityAuditLog", "Evidence", "Insight", …
	Categories []string

	MultiRegionEnabled           bool                   // it has events of all Regions
	OrganizationEnabled          bool                   // it has events of all accounts of an organization
	RetentionPeriod              int32                  // days
	TerminationProtectionEnabled bool                   // it cannot be deleted until that is off
	CreatedTimestamp             time.Time              // zero where CloudTrail does not tell
	UpdatedTimestamp             time.Time              // zero where CloudTrail does not tell
	KmsKeyId                     string                 // a key ARN, whatever was given; empty: the store has no key of its own
	BillingMode                  types.BillingMode      // EXTENDABLE_RETENTION_PRICING or FIXED_RETENTION_PRICING
	FederationStatus             types.FederationStatus // ENABLING, ENABLED, DISABLING or DISABLED
	FederationRoleArn            string                 // empty: none
	PartitionKeys                []types.PartitionKey   // at most two
}

// Controllable reports whether CloudTrail starts and stops ingestion into a store of these categories:
// management, data and network activity events and configuration items. It refuses the other categories with
// InvalidEventDataStoreCategoryException, as those of partners (ActivityAuditLog), Audit Manager (Evidence) and
// Insights. A store whose categories are not known counts as controllable: CloudTrail decides.
func (s *EventDataStore) Controllable() bool {
	return !slices.ContainsFunc(s.Categories, func(c string) bool {
		switch c {
		case "Management", "Data", "NetworkActivity", "ConfigurationItem":
			return false
		}
		return true
	})
}

func storeFromOutput(o *cloudtrail.GetEventDataStoreOutput) *EventDataStore {
	return &EventDataStore{
		EventDataStoreArn:            aws.ToString(o.EventDataStoreArn),
		Name:                         aws.ToString(o.Name),
		Status:                       o.Status,
		AdvancedEventSelectors:       o.AdvancedEventSelectors,
		Categories:                   Categories(o.AdvancedEventSelectors),
		MultiRegionEnabled:           aws.ToBool(o.MultiRegionEnabled),
		OrganizationEnabled:          aws.ToBool(o.OrganizationEnabled),
		RetentionPeriod:              aws.ToInt32(o.RetentionPeriod),
		TerminationProtectionEnabled: aws.ToBool(o.TerminationProtectionEnabled),
		CreatedTimestamp:             aws.ToTime(o.CreatedTimestamp),
		UpdatedTimestamp:             aws.ToTime(o.UpdatedTimestamp),
		KmsKeyId:                     aws.ToString(o.KmsKeyId),
		BillingMode:                  o.BillingMode,
		FederationStatus:             o.FederationStatus,
		FederationRoleArn:            aws.ToString(o.FederationRoleArn),
		PartitionKeys:                o.PartitionKeys,
	}
}

// Categories are the event categories of a store with these selectors, each once, in their order: the values
// that they want eventCategory to equal.
func Categories(selectors []types.AdvancedEventSelector) []string {
	var found []string
	for _, s := range selectors {
		for _, f := range s.FieldSelectors {
			if aws.ToString(f.Field) != "eventCategory" {
				continue
			}
			for _, c := range f.Equals {
				if !slices.Contains(found, c) {
					found = append(found, c)
				}
			}
		}
	}
	return found
}

// status is the store's state as its machine has it.
func (s *EventDataStore) status() Status { return s.Status }

// sameStore reports whether nothing differs that a Watch tells: anything but the time of the last update.
func sameStore(a, b *EventDataStore) bool {
	x, y := *a, *b
	x.UpdatedTimestamp, y.UpdatedTimestamp = time.Time{}, time.Time{}
	return reflect.DeepEqual(x, y)
}
