package ingestion

import (
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// EventDataStore is an event data store as GetEventDataStore returns it, under the same names,
// with its event categories.
type EventDataStore struct {
	EventDataStoreArn string // never empty
	Name              string // 3 to 128 characters
	Status            Status // never empty

	AdvancedEventSelectors []types.AdvancedEventSelector // the events to ingest

	// Categories are the result of [Categories] for AdvancedEventSelectors: "Management", "Data",
	// "NetworkActivity", "ConfigurationItem", "ActivityAuditLog", "Evidence", "Insight" or others.
	Categories []string

	MultiRegionEnabled           bool                   // has events of all Regions
	OrganizationEnabled          bool                   // has events of all accounts of the organization
	RetentionPeriod              int32                  // in days
	TerminationProtectionEnabled bool                   // DeleteEventDataStore is rejected
	CreatedTimestamp             time.Time              // zero if the response lacks it
	UpdatedTimestamp             time.Time              // zero if the response lacks it
	KmsKeyId                     string                 // always a key ARN; empty if there is none
	BillingMode                  types.BillingMode      // how the store is charged for
	FederationStatus             types.FederationStatus // ENABLING, ENABLED, DISABLING or DISABLED
	FederationRoleArn            string                 // empty if there is none
	PartitionKeys                []types.PartitionKey   // at most 2
}

// Controllable reports whether CloudTrail can start and stop ingestion into the store: whether its
// categories are only Management, Data, NetworkActivity and ConfigurationItem. CloudTrail rejects
// others with InvalidEventDataStoreCategoryException, such as those of partners (ActivityAuditLog),
// Audit Manager (Evidence) and Insights (Insight). A store without categories is reported as
// controllable, and CloudTrail decides.
func (s *EventDataStore) Controllable() bool {
	return !slices.ContainsFunc(s.Categories, func(c string) bool {
		switch c {
		case "Management", "Data", "NetworkActivity", "ConfigurationItem":
			return false
		}
		return true
	})
}

// storeFromOutput converts the response of GetEventDataStore.
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

// Categories returns the distinct values that selectors require eventCategory to equal, in order.
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

// status returns the store's state in [Machine].
func (s *EventDataStore) status() Status { return s.Status }

// sameStore reports whether a and b differ in nothing but UpdatedTimestamp, so that Watch omits b.
func sameStore(a, b *EventDataStore) bool {
	x, y := *a, *b
	x.UpdatedTimestamp, y.UpdatedTimestamp = time.Time{}, time.Time{}
	return reflect.DeepEqual(x, y)
}
