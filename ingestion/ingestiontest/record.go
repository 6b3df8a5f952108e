package ingestiontest

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// record is an event data store. Its slices are never modified.
type record struct {
	ingestion.EventDataStore

	tags       []tag
	wasStopped bool // a created store: it ends as stopped; a deleted store: it was stopped before
}

type resource = simulator.Resource[record]

// statusOf returns the status of a store.
func statusOf(d record) ingestion.Status { return d.Status }

// withStatus returns the store in another status.
func (d record) withStatus(s ingestion.Status) record {
	switch s {
	case d.Status, ingestion.StatusCreated:
	case ingestion.StatusPendingDeletion:
		d.wasStopped = d.Status == ingestion.StatusStoppedIngestion
	default:
		d.wasStopped = false
	}
	d.Status = s
	return d
}

// withDefaults returns the store with CloudTrail's defaults for what is not set.
func (d record) withDefaults() record {
	if len(d.AdvancedEventSelectors) == 0 {
		d.AdvancedEventSelectors = []types.AdvancedEventSelector{categorySelector("Default management events", "Management")}
	}
	d.BillingMode = cmp.Or(d.BillingMode, types.BillingModeExtendableRetentionPricing)
	usual, _ := retention(d.BillingMode)
	d.RetentionPeriod = cmp.Or(d.RetentionPeriod, usual)
	d.FederationStatus = cmp.Or(d.FederationStatus, types.FederationStatusDisabled)
	d.Categories = ingestion.Categories(d.AdvancedEventSelectors)
	return d
}

// retention returns the default and the maximum retention period of a billing mode, in days.
func retention(mode types.BillingMode) (defaultDays, maxDays int32) {
	if mode == types.BillingModeFixedRetentionPricing {
		return 2557, 2557
	}
	return 366, 3653
}

// categorySelector returns a selector of all events of a category.
func categorySelector(name, category string) types.AdvancedEventSelector {
	s := types.AdvancedEventSelector{FieldSelectors: []types.AdvancedFieldSelector{{Field: new("eventCategory"), Equals: []string{category}}}}
	if name != "" {
		s.Name = &name
	}
	return s
}

// keyARN returns the ARN that CloudTrail shows for a KMS key in any form. The simulator has no KMS,
// so an alias gets a made-up key, always the same.
func (s *Server) keyARN(key string) string {
	name := key[strings.LastIndex(key, ":")+1:]
	switch {
	case name == "":
		return ""
	case strings.HasPrefix(name, "alias/"):
		name = "key/" + simulator.UUID(name)
	case !strings.HasPrefix(name, "key/"):
		name = "key/" + name
	case name != key:
		return key
	}
	return s.arn("kms", name)
}

// document is a store as a response shows it.
type document struct {
	EventDataStoreArn            string
	Name                         string
	Status                       ingestion.Status
	AdvancedEventSelectors       []selector
	MultiRegionEnabled           bool
	OrganizationEnabled          bool
	RetentionPeriod              int32
	TerminationProtectionEnabled bool
	CreatedTimestamp             timestamp
	UpdatedTimestamp             timestamp
	KmsKeyId                     string `json:",omitempty"`
	BillingMode                  types.BillingMode
	FederationStatus             types.FederationStatus `json:",omitempty"`
	FederationRoleArn            string                 `json:",omitempty"`
	PartitionKeys                []types.PartitionKey   `json:",omitempty"`
	TagsList                     []tag                  `json:",omitempty"`
}

// selector is an advanced event selector, with its members in this order.
type selector struct {
	Name           *string
	FieldSelectors []types.AdvancedFieldSelector
}

// document returns what GetEventDataStore shows of a store.
func (d record) document() document {
	doc := document{
		EventDataStoreArn: d.EventDataStoreArn, Name: d.Name, Status: d.Status,
		MultiRegionEnabled: d.MultiRegionEnabled, OrganizationEnabled: d.OrganizationEnabled,
		RetentionPeriod: d.RetentionPeriod, TerminationProtectionEnabled: d.TerminationProtectionEnabled,
		CreatedTimestamp: timestamp(d.CreatedTimestamp), UpdatedTimestamp: timestamp(d.UpdatedTimestamp),
		KmsKeyId: d.KmsKeyId, BillingMode: d.BillingMode,
		FederationStatus: d.FederationStatus, FederationRoleArn: d.FederationRoleArn, PartitionKeys: d.PartitionKeys,
	}
	for _, s := range d.AdvancedEventSelectors {
		doc.AdvancedEventSelectors = append(doc.AdvancedEventSelectors, selector{s.Name, s.FieldSelectors})
	}
	return doc
}

// withoutFederation returns the document without what only GetEventDataStore and
// UpdateEventDataStore show.
func (d document) withoutFederation() document {
	d.FederationStatus, d.FederationRoleArn, d.PartitionKeys = "", "", nil
	return d
}

type tag struct {
	Key   string
	Value string `json:",omitempty"`
}

// timestamp is an instant in CloudTrail's format: a number of seconds with three decimals.
type timestamp time.Time

// MarshalJSON returns the number.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMilli())/1000, 'f', 3, 64), nil
}

var _ json.Marshaler = timestamp{}
