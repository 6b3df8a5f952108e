package ingestiontest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/internal/validate"
)

const (
	extendable = types.BillingModeExtendableRetentionPricing
	fixed      = types.BillingModeFixedRetentionPricing
	disabled   = types.FederationStatusDisabled
)

// settings has the members that CreateEventDataStore and UpdateEventDataStore share. Nil means
// absent.
type settings struct {
	Name                         *string
	AdvancedEventSelectors       []types.AdvancedEventSelector
	MultiRegionEnabled           *bool
	OrganizationEnabled          *bool
	RetentionPeriod              *int32
	TerminationProtectionEnabled *bool
	KmsKeyId                     *string
	BillingMode                  *types.BillingMode
}

// create executes CreateEventDataStore.
func (s *Server) create(r *simulator.Request) (simulator.Result, *simulator.Error) {
	var in struct {
		settings
		StartIngestion *bool
		TagsList       []tag
	}
	if e := r.Decode(&in); e != nil {
		return simulator.Result{}, e
	}
	if in.Name == nil {
		return simulator.Result{}, invalid("The request must contain the parameter Name.")
	}
	if r.Foreign {
		return simulator.Result{}, simulator.Errorf("UnsupportedOperationException", "The simulator creates event data stores in %s only.", s.opts.Region)
	}
	in.MultiRegionEnabled = cmp.Or(in.MultiRegionEnabled, new(true))
	in.TerminationProtectionEnabled = cmp.Or(in.TerminationProtectionEnabled, new(true))
	d := record{tags: in.TagsList, wasStopped: in.StartIngestion != nil && !*in.StartIngestion}
	d.Status = ingestion.StatusCreated
	d, e := s.applySettings(d.withDefaults(), in.settings)
	if e != nil {
		return simulator.Result{}, e
	}
	if e := checkTags(in.TagsList); e != nil {
		return simulator.Result{}, e
	}
	switch {
	case d.wasStopped && !d.Controllable():
		return simulator.Result{}, invalid("StartIngestion is not valid for an event data store of the category %s.", strings.Join(d.Categories, ", "))
	case s.nameTaken(r, d.Name, ""):
		return simulator.Result{}, alreadyExists(d.Name)
	case s.count(r) >= s.opts.Quota:
		return simulator.Result{}, s.quotaExceeded()
	}
	arn := s.put(r.At, d, "")
	d, _ = s.stores.Get(arn).Now(r.At)
	doc := d.document().withoutFederation()
	doc.TagsList = d.tags
	return storeResult(doc)
}

// updateSettings executes UpdateEventDataStore.
func (s *Server) updateSettings(r *simulator.Request, res *resource, d record) (simulator.Result, *simulator.Error) {
	var in settings
	if e := r.Decode(&in); e != nil {
		return simulator.Result{}, e
	}
	if d.Status == ingestion.StatusPendingDeletion {
		return simulator.Result{}, s.stateError(r.Operation, d)
	}
	if in.empty() {
		return simulator.Result{}, invalid("The request must contain a parameter other than EventDataStore.")
	}
	next, e := s.applySettings(d, in)
	if e != nil {
		return simulator.Result{}, e
	}
	if s.nameTaken(r, next.Name, d.EventDataStoreArn) {
		return simulator.Result{}, alreadyExists(next.Name)
	}
	next.UpdatedTimestamp = r.At
	res.Set(r.At, "settings", next)
	doc := next.document()
	doc.PartitionKeys = nil
	return storeResult(doc)
}

// empty reports whether no member is set.
func (in *settings) empty() bool {
	return reflect.ValueOf(*in).IsZero()
}

// applySettings checks the settings and returns the store with them.
func (s *Server) applySettings(d record, in settings) (record, *simulator.Error) {
	if e := checkSettings(d, in); e != nil {
		return d, e
	}
	if in.BillingMode != nil && in.RetentionPeriod == nil && d.EventDataStoreArn == "" {
		d.RetentionPeriod, _ = retention(*in.BillingMode)
	}
	setIfPresent(&d.Name, in.Name)
	setIfPresent(&d.MultiRegionEnabled, in.MultiRegionEnabled)
	setIfPresent(&d.OrganizationEnabled, in.OrganizationEnabled)
	setIfPresent(&d.RetentionPeriod, in.RetentionPeriod)
	setIfPresent(&d.TerminationProtectionEnabled, in.TerminationProtectionEnabled)
	setIfPresent(&d.BillingMode, in.BillingMode)
	if in.KmsKeyId != nil {
		d.KmsKeyId = s.keyARN(*in.KmsKeyId)
	}
	if len(in.AdvancedEventSelectors) > 0 {
		d.AdvancedEventSelectors = in.AdvancedEventSelectors
		d.Categories = ingestion.Categories(d.AdvancedEventSelectors)
	}
	if _, most := retention(d.BillingMode); d.RetentionPeriod < 7 || d.RetentionPeriod > most {
		return d, invalid("RetentionPeriod must be between 7 and %d with %s, got %d.", most, d.BillingMode, d.RetentionPeriod)
	}
	if slices.Contains(d.Categories, "ActivityAuditLog") && (d.MultiRegionEnabled || d.OrganizationEnabled) {
		return d, invalid("An event data store of the category ActivityAuditLog cannot have MultiRegionEnabled or OrganizationEnabled.")
	}
	return d, nil
}

func setIfPresent[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// checkSettings returns an error if the settings are not valid for the store.
func checkSettings(d record, in settings) *simulator.Error {
	if n := in.Name; n != nil {
		if reason := cmp.Or(validate.Length(*n, 3, 128), characters(*n, "._-")); reason != "" {
			return invalid("Name %s.", reason)
		}
	}
	if m := in.BillingMode; m != nil {
		if reason := validate.OneOf(*m, m.Values()); reason != "" {
			return invalid("BillingMode %s.", reason)
		}
		if d.EventDataStoreArn != "" && d.BillingMode == extendable && *m == fixed {
			return invalid("BillingMode cannot be changed from %s to %s.", extendable, fixed)
		}
	}
	if k := in.KmsKeyId; k != nil {
		if reason := cmp.Or(validate.Length(*k, 1, 350), characters(*k, "._/-:")); reason != "" {
			return &simulator.Error{Code: "InvalidKmsKeyIdException", Message: "KmsKeyId " + reason + "."}
		}
		if d.KmsKeyId != "" {
			return &simulator.Error{Code: "InvalidKmsKeyIdException", Message: "The KMS key of an event data store cannot be changed."}
		}
	}
	return checkSelectors(in.AdvancedEventSelectors)
}

// characters returns why a text is invalid if it has a character that is not a letter, a digit or
// one of others.
func characters(s, others string) string {
	return validate.Charset(s, fmt.Sprintf("letters, digits and %q", others), func(r rune) bool {
		return validate.Alphanumeric(r) || strings.ContainsRune(others, r)
	})
}

// checkSelectors returns an error if the advanced event selectors are not valid.
func checkSelectors(selectors []types.AdvancedEventSelector) *simulator.Error {
	invalid := func(format string, args ...any) *simulator.Error {
		return simulator.Errorf("InvalidEventSelectorsException", format, args...)
	}
	if n := len(selectors); n > 5 {
		return invalid("There can be at most 5 advanced event selectors, got %d.", n)
	}
	all := 0
	for _, s := range selectors {
		if reason := validate.Length(aws.ToString(s.Name), 0, 1000); reason != "" {
			return invalid("Name %s.", reason)
		}
		if len(s.FieldSelectors) == 0 {
			return invalid("An advanced event selector must have at least one field selector.")
		}
		for _, f := range s.FieldSelectors {
			field := aws.ToString(f.Field)
			if reason := cmp.Or(validate.Length(field, 1, 1000), characters(field, "._|")); reason != "" {
				return invalid("Field %s.", reason)
			}
			others := slices.Concat(f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith)
			if len(others) > 0 && slices.Contains([]string{"readOnly", "eventCategory", "resources.type"}, field) {
				return invalid("The field %s can only have Equals.", field)
			}
			values := slices.Concat(f.Equals, others)
			if len(values) == 0 {
				return invalid("The field %s has no value.", field)
			}
			for _, v := range values {
				if reason := validate.Length(v, 1, 2048); reason != "" {
					return invalid("A value of the field %s %s.", field, reason)
				}
			}
			all += len(values)
		}
	}
	if all > 500 {
		return invalid("The advanced event selectors can have at most 500 values, got %d.", all)
	}
	return nil
}

// checkTags returns an error if the tags are not valid.
func checkTags(tags []tag) *simulator.Error {
	reason := ""
	if n := len(tags); n > 200 {
		reason = fmt.Sprintf("TagsList can have at most 200 tags, got %d.", n)
	}
	for _, t := range tags {
		if wrong := cmp.Or(validate.Length(t.Key, 1, 128), validate.Length(t.Value, 0, 256)); wrong != "" {
			reason = fmt.Sprintf("The tag %q or its value %s.", t.Key, wrong)
		}
	}
	if reason == "" {
		return nil
	}
	return &simulator.Error{Code: "InvalidTagParameterException", Message: reason}
}

// nameTaken reports whether another store has the name, even one that is pending deletion.
func (s *Server) nameTaken(r *simulator.Request, name, arn string) bool {
	return slices.ContainsFunc(s.stores.All(), func(res *resource) bool {
		d, ok := res.Now(r.At)
		return ok && d.Name == name && d.EventDataStoreArn != arn
	})
}

func alreadyExists(name string) *simulator.Error {
	return simulator.Errorf("EventDataStoreAlreadyExistsException", "An event data store with the name %s already exists.", name)
}
