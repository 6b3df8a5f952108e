package ingestiontest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// client returns the SDK's client without its retries, so that a test sees each response.
func client(s *ingestiontest.Server) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(s.Config(), func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
}

func start(t *testing.T, s *ingestiontest.Server, arn string) error {
	t.Helper()
	_, err := client(s).StartEventDataStoreIngestion(t.Context(), &cloudtrail.StartEventDataStoreIngestionInput{EventDataStore: &arn})
	return err
}

func stop(t *testing.T, s *ingestiontest.Server, arn string) error {
	t.Helper()
	_, err := client(s).StopEventDataStoreIngestion(t.Context(), &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &arn})
	return err
}

func remove(t *testing.T, s *ingestiontest.Server, arn string) error {
	t.Helper()
	_, err := client(s).DeleteEventDataStore(t.Context(), &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &arn})
	return err
}

func restore(t *testing.T, s *ingestiontest.Server, arn string) (*cloudtrail.RestoreEventDataStoreOutput, error) {
	t.Helper()
	return client(s).RestoreEventDataStore(t.Context(), &cloudtrail.RestoreEventDataStoreInput{EventDataStore: &arn})
}

func create(t *testing.T, s *ingestiontest.Server, name string, change ...func(*cloudtrail.CreateEventDataStoreInput)) (*cloudtrail.CreateEventDataStoreOutput, error) {
	t.Helper()
	in := &cloudtrail.CreateEventDataStoreInput{Name: &name}
	for _, f := range change {
		f(in)
	}
	return client(s).CreateEventDataStore(t.Context(), in)
}

func update(t *testing.T, s *ingestiontest.Server, arn string, change func(*cloudtrail.UpdateEventDataStoreInput)) (*cloudtrail.UpdateEventDataStoreOutput, error) {
	t.Helper()
	in := &cloudtrail.UpdateEventDataStoreInput{EventDataStore: &arn}
	change(in)
	return client(s).UpdateEventDataStore(t.Context(), in)
}

func get(t *testing.T, s *ingestiontest.Server, arn string) *cloudtrail.GetEventDataStoreOutput {
	t.Helper()
	out, err := client(s).GetEventDataStore(t.Context(), &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func status(t *testing.T, s *ingestiontest.Server, arn string) string {
	t.Helper()
	out, err := client(s).GetEventDataStore(t.Context(), &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
	if err != nil {
		return code(t, err)
	}
	return string(out.Status)
}

// code returns the error code of a response, "" for a success.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("no response: %v", err)
	}
	return e.ErrorCode()
}

// ignoreUnexported ignores the unexported parts of the SDK's types.
var ignoreUnexported = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool {
		return strings.HasPrefix(p.Last().String(), ".noSmithy") || p.Last().String() == ".ResultMetadata"
	}, cmp.Ignore()),
}

func categories(list ...string) []types.AdvancedEventSelector {
	return []types.AdvancedEventSelector{{FieldSelectors: []types.AdvancedFieldSelector{{Field: new("eventCategory"), Equals: list}}}}
}

func TestFromCreationToPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		began := time.Now()
		created, err := create(t, s, "audit", func(in *cloudtrail.CreateEventDataStoreInput) {
			in.TagsList = []types.Tag{{Key: new("team"), Value: new("security")}}
			in.KmsKeyId = new("alias/audit")
		})
		if err != nil {
			t.Fatal(err)
		}
		arn := aws.ToString(created.EventDataStoreArn)
		want := &cloudtrail.CreateEventDataStoreOutput{
			EventDataStoreArn: created.EventDataStoreArn, Name: new("audit"), Status: ingestion.StatusCreated,
			AdvancedEventSelectors: []types.AdvancedEventSelector{{
				Name: new("Default management events"), FieldSelectors: categories("Management")[0].FieldSelectors,
			}},
			MultiRegionEnabled: new(true), OrganizationEnabled: new(false), TerminationProtectionEnabled: new(true),
			RetentionPeriod: new(int32(366)), BillingMode: types.BillingModeExtendableRetentionPricing,
			CreatedTimestamp: new(began.UTC()), UpdatedTimestamp: new(began.UTC()), KmsKeyId: created.KmsKeyId,
			TagsList: []types.Tag{{Key: new("team"), Value: new("security")}},
		}
		assert.Equal(t, "created", want, created, ignoreUnexported)
		if !strings.HasPrefix(arn, "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/") ||
			!strings.HasPrefix(aws.ToString(created.KmsKeyId), "arn:aws:kms:us-east-1:123456789012:key/") {
			t.Errorf("%s, %s", arn, aws.ToString(created.KmsKeyId))
		}
		time.Sleep(time.Hour)
		if err := stop(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := start(t, s, arn[strings.Index(arn, "/")+1:]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := code(t, remove(t, s, arn)); got != "EventDataStoreTerminationProtectedException" {
			t.Errorf("deleting what is protected: %q", got)
		}
		updated, err := update(t, s, arn, func(in *cloudtrail.UpdateEventDataStoreInput) { in.TerminationProtectionEnabled = new(false) })
		if err != nil || *updated.TerminationProtectionEnabled || !updated.UpdatedTimestamp.Equal(began.Add(3*time.Hour)) || updated.FederationStatus != "DISABLED" {
			t.Fatalf("%+v, %v", updated, err)
		}
		if err := remove(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7*24*time.Hour - time.Nanosecond)
		if got := status(t, s, arn); got != "PENDING_DELETION" {
			t.Errorf("the instant before the purge: %s", got)
		}
		time.Sleep(time.Nanosecond)
		if got := status(t, s, arn); got != "EventDataStoreNotFoundException" {
			t.Errorf("after the purge: %s", got)
		}
		wantHistory := []ingestiontest.Sighting{
			{State: ingestion.StatusCreated, At: began},
			{State: ingestion.StatusEnabled, At: began.Add(30 * time.Second)},
			{State: ingestion.StatusStoppingIngestion, At: began.Add(time.Hour)},
			{State: ingestion.StatusStoppedIngestion, At: began.Add(time.Hour + time.Minute)},
			{State: ingestion.StatusStartingIngestion, At: began.Add(2 * time.Hour)},
			{State: ingestion.StatusEnabled, At: began.Add(2*time.Hour + time.Minute)},
			{State: ingestion.StatusPendingDeletion, At: began.Add(3 * time.Hour)},
			{State: "", At: began.Add(171 * time.Hour)},
		}
		assert.Equal(t, "history", wantHistory, s.History(arn))
	})
}

func TestCreatedStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		out, err := create(t, s, "idle", func(in *cloudtrail.CreateEventDataStoreInput) { in.StartIngestion = new(false) })
		if err != nil || out.Status != ingestion.StatusCreated {
			t.Fatalf("%+v, %v", out, err)
		}
		time.Sleep(30 * time.Second)
		if got := status(t, s, *out.EventDataStoreArn); got != "STOPPED_INGESTION" {
			t.Errorf("it ends as %s", got)
		}
	})
}

func TestRestore(t *testing.T) {
	for _, test := range []struct {
		why     string
		from    ingestion.Status
		stopped bool
		want    ingestion.Status
	}{
		{why: "it comes back enabled", from: ingestion.StatusEnabled, want: ingestion.StatusEnabled},
		{why: "if it was stopped, too", from: ingestion.StatusStoppedIngestion, want: ingestion.StatusEnabled},
		{why: "unless that is set otherwise", from: ingestion.StatusStoppedIngestion, stopped: true, want: ingestion.StatusStoppedIngestion},
		{why: "which is for stores that were stopped", from: ingestion.StatusEnabled, stopped: true, want: ingestion.StatusEnabled},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.RestoreToStopped = test.stopped })
			arn := s.AddEventDataStore(ingestiontest.EventDataStore{Status: test.from})
			if err := remove(t, s, arn); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7*24*time.Hour - time.Minute)
			out, err := restore(t, s, arn)
			if err != nil || out.Status != ingestion.StatusPendingDeletion || aws.ToString(out.EventDataStoreArn) != arn {
				t.Fatalf("%s: %+v, %v", test.why, out, err)
			}
			time.Sleep(2*time.Minute - time.Nanosecond) // beyond the purge that would have been
			got := []string{status(t, s, arn)}
			time.Sleep(time.Nanosecond)
			got = append(got, status(t, s, arn))
			time.Sleep(30 * 24 * time.Hour)
			got = append(got, status(t, s, arn))
			first := ingestion.StatusStartingIngestion
			if test.want == ingestion.StatusStoppedIngestion {
				first = test.want
			}
			assert.Equal(t, test.why, []string{"PENDING_DELETION", string(first), string(test.want)}, got)
		})
	}
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Restoring = 0 })
	out, err := restore(t, s, s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusPendingDeletion}))
	if err != nil || out.Status != ingestion.StatusStartingIngestion {
		t.Errorf("at once: %+v, %v", out, err)
	}
}

func TestRefusals(t *testing.T) {
	const elsewhere = "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/x"
	type scene struct {
		*ingestiontest.Server

		arn string
	}
	add := func(e ingestiontest.EventDataStore, optFns ...func(*ingestiontest.Options)) func() scene {
		return func() scene {
			s := ingestiontest.NewServer(optFns...)
			e.Id = "abc"
			return scene{s, s.AddEventDataStore(e)}
		}
	}
	in := func(status ingestion.Status) func() scene { return add(ingestiontest.EventDataStore{Status: status}) }
	partner := ingestiontest.EventDataStore{Categories: []string{"ActivityAuditLog"}}
	statusFirst := func(o *ingestiontest.Options) { o.CheckStatusBeforeCategory = true }
	type call = func(*testing.T, *ingestiontest.Server, string) error
	restoring := func(t *testing.T, s *ingestiontest.Server, arn string) error {
		t.Helper()
		_, err := restore(t, s, arn)
		return err
	}
	reading := func(t *testing.T, s *ingestiontest.Server, arn string) error {
		t.Helper()
		_, err := client(s).GetEventDataStore(t.Context(), &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
		return err
	}
	updating := func(change func(*cloudtrail.UpdateEventDataStoreInput)) call {
		return func(t *testing.T, s *ingestiontest.Server, arn string) error {
			t.Helper()
			_, err := update(t, s, arn, change)
			return err
		}
	}
	named := func(in *cloudtrail.UpdateEventDataStoreInput) { in.Name = new("other") }
	creating := func(change func(*cloudtrail.CreateEventDataStoreInput)) call {
		return func(t *testing.T, s *ingestiontest.Server, _ string) error {
			t.Helper()
			_, err := create(t, s, "other", change)
			return err
		}
	}
	type creation = cloudtrail.CreateEventDataStoreInput
	selecting := func(selectors []types.AdvancedEventSelector) call {
		return creating(func(in *creation) { in.AdvancedEventSelectors, in.MultiRegionEnabled = selectors, new(false) })
	}
	listing := func(change func(*cloudtrail.ListEventDataStoresInput)) call {
		return func(t *testing.T, s *ingestiontest.Server, _ string) error {
			t.Helper()
			in := &cloudtrail.ListEventDataStoresInput{}
			change(in)
			_, err := client(s).ListEventDataStores(t.Context(), in)
			return err
		}
	}
	enabled := in(ingestion.StatusEnabled)
	const badStatus = "InvalidEventDataStoreStatusException"
	for _, test := range []struct {
		why   string
		scene func() scene
		on    string // in place of the store's ARN
		do    call
		code  string // empty: it is accepted
	}{
		{why: "start what is started", scene: enabled, do: start, code: badStatus},
		{why: "start what is starting", scene: in(ingestion.StatusStartingIngestion), do: start, code: badStatus},
		{why: "start what is stopping", scene: in(ingestion.StatusStoppingIngestion), do: start, code: badStatus},
		{why: "start what is not there yet", scene: in(ingestion.StatusCreated), do: start, code: badStatus},
		{why: "start what is deleted", scene: in(ingestion.StatusPendingDeletion), do: start, code: badStatus},
		{why: "start in an unknown status", scene: in("REBALANCING"), do: start, code: badStatus},
		{why: "start", scene: in(ingestion.StatusStoppedIngestion), do: start},
		{why: "stop what is stopped", scene: in(ingestion.StatusStoppedIngestion), do: stop, code: badStatus},
		{why: "stop what is starting", scene: in(ingestion.StatusStartingIngestion), do: stop, code: badStatus},
		{why: "stop", scene: enabled, do: stop},
		{why: "as the options say", scene: add(ingestiontest.EventDataStore{}, func(o *ingestiontest.Options) {
			o.Refuse = func(op statemachine.Operation, arn string, status ingestion.Status) *ingestiontest.Refusal {
				if op == ingestion.StartEventDataStoreIngestion && strings.HasSuffix(arn, "/abc") && status == ingestion.StatusEnabled {
					return &ingestiontest.Refusal{Code: "ConflictException", Message: "busy"}
				}
				return nil
			}
		}), do: start, code: "ConflictException"},
		{why: "of what they say nothing", scene: add(ingestiontest.EventDataStore{Status: "CREATED"}, func(o *ingestiontest.Options) {
			o.Refuse = func(statemachine.Operation, string, ingestion.Status) *ingestiontest.Refusal { return nil }
		}), do: start, code: badStatus},
		{why: "stop a partner's", scene: add(partner), do: stop, code: "InvalidEventDataStoreCategoryException"},
		{why: "the category comes first", scene: add(partner), do: start, code: "InvalidEventDataStoreCategoryException"},
		{why: "the status comes first", scene: add(partner, statusFirst), do: start, code: badStatus},
		{why: "the status is right", scene: add(partner, statusFirst), do: stop, code: "InvalidEventDataStoreCategoryException"},

		{why: "delete", scene: enabled, do: remove},
		{why: "delete what was removed", scene: func() scene {
			s := enabled()
			s.Remove(s.arn)
			return s
		}, do: remove, code: "EventDataStoreNotFoundException"},
		{why: "delete what is stopped", scene: in(ingestion.StatusStoppedIngestion), do: remove},
		{
			why:   "delete what is protected",
			scene: add(ingestiontest.EventDataStore{TerminationProtectionEnabled: true}),
			do:    remove,
			code:  "EventDataStoreTerminationProtectedException",
		},
		{
			why:   "delete what is federated",
			scene: add(ingestiontest.EventDataStore{FederationStatus: "ENABLED"}),
			do:    remove,
			code:  "EventDataStoreFederationEnabledException",
		},
		{why: "delete what is deleted", scene: in(ingestion.StatusPendingDeletion), do: remove, code: "InactiveEventDataStoreException"},
		{why: "delete what is starting", scene: in(ingestion.StatusStartingIngestion), do: remove, code: "ConflictException"},
		{why: "restore what is not deleted", scene: enabled, do: restoring, code: badStatus},

		{why: "no such store", scene: enabled, on: "unknown", do: reading, code: "EventDataStoreNotFoundException"},
		{
			why:   "no such store",
			scene: enabled,
			on:    "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/x",
			do:    stop,
			code:  "EventDataStoreNotFoundException",
		},
		{why: "another Region", scene: enabled, on: elsewhere, do: stop, code: "EventDataStoreARNInvalidException"},
		{
			why:   "another resource",
			scene: enabled,
			on:    "arn:aws:cloudtrail:us-east-1:123456789012:trail/x",
			do:    reading,
			code:  "EventDataStoreARNInvalidException",
		},
		{why: "too short", scene: enabled, on: "ab", do: reading, code: "InvalidParameterException"},
		{why: "a bad character", scene: enabled, on: "a b", do: stop, code: "InvalidParameterException"},
		{why: "nothing", scene: enabled, on: " ", do: restoring, code: "InvalidParameterException"},

		{why: "update nothing", scene: enabled, do: updating(func(*cloudtrail.UpdateEventDataStoreInput) {}), code: "InvalidParameterException"},
		{why: "update", scene: enabled, do: updating(named)},
		{why: "update what is stopped", scene: in(ingestion.StatusStoppedIngestion), do: updating(named)},
		{why: "update what is deleted", scene: in(ingestion.StatusPendingDeletion), do: updating(named), code: "InactiveEventDataStoreException"},
		{why: "update an unknown store", scene: enabled, on: "unknown", do: updating(named), code: "EventDataStoreNotFoundException"},
		{
			why:   "a bad name",
			scene: enabled,
			do:    updating(func(in *cloudtrail.UpdateEventDataStoreInput) { in.Name = new("a/b/c") }),
			code:  "InvalidParameterException",
		},
		{why: "a first key", scene: enabled, do: updating(func(in *cloudtrail.UpdateEventDataStoreInput) { in.KmsKeyId = new("alias/a") })},
		{
			why: "another key", scene: add(ingestiontest.EventDataStore{KmsKeyId: "alias/a"}),
			do: updating(func(in *cloudtrail.UpdateEventDataStoreInput) { in.KmsKeyId = new("alias/b") }), code: "InvalidKmsKeyIdException",
		},
		{
			why: "no way back from extendable", scene: enabled,
			do: updating(func(in *cloudtrail.UpdateEventDataStoreInput) {
				in.BillingMode = types.BillingModeFixedRetentionPricing
			}), code: "InvalidParameterException",
		},
		{
			why: "but to it", scene: add(ingestiontest.EventDataStore{BillingMode: types.BillingModeFixedRetentionPricing}),
			do: updating(func(in *cloudtrail.UpdateEventDataStoreInput) {
				in.BillingMode = types.BillingModeExtendableRetentionPricing
			}),
		},

		{why: "create", scene: enabled, do: creating(func(*creation) {})},
		{why: "no name", scene: enabled, do: creating(func(in *creation) { in.Name = new("") }), code: "InvalidParameterException"},
		{why: "a short name", scene: enabled, do: creating(func(in *creation) { in.Name = new("ab") }), code: "InvalidParameterException"},
		{
			why:   "a long name",
			scene: enabled,
			do:    creating(func(in *creation) { in.Name = new(strings.Repeat("x", 129)) }),
			code:  "InvalidParameterException",
		},
		{
			why:   "a duplicate name",
			scene: enabled,
			do:    creating(func(in *creation) { in.Name = new("event-data-store-0") }),
			code:  "EventDataStoreAlreadyExistsException",
		},
		{why: "days", scene: enabled, do: creating(func(in *creation) { in.RetentionPeriod = new(int32(6)) }), code: "InvalidParameterException"},
		{why: "years", scene: enabled, do: creating(func(in *creation) { in.RetentionPeriod = new(int32(3653)) })},
		{
			why:   "more years",
			scene: enabled,
			do:    creating(func(in *creation) { in.RetentionPeriod = new(int32(3654)) }),
			code:  "InvalidParameterException",
		},
		{
			why:   "all the years of the mode",
			scene: enabled,
			do:    creating(func(in *creation) { in.BillingMode = types.BillingModeFixedRetentionPricing }),
		},
		{why: "fewer years", scene: enabled, do: creating(func(in *creation) {
			in.RetentionPeriod, in.BillingMode = new(int32(2558)), types.BillingModeFixedRetentionPricing
		}), code: "InvalidParameterException"},
		{why: "a bad mode", scene: enabled, do: creating(func(in *creation) { in.BillingMode = "FREE" }), code: "InvalidParameterException"},
		{why: "a bad key", scene: enabled, do: creating(func(in *creation) { in.KmsKeyId = new("a key") }), code: "InvalidKmsKeyIdException"},
		{
			why:   "a partner's in all Regions",
			scene: enabled,
			do:    creating(func(in *creation) { in.AdvancedEventSelectors = categories("ActivityAuditLog") }),
			code:  "InvalidParameterException",
		},
		{why: "a partner's in one", scene: enabled, do: selecting(categories("ActivityAuditLog"))},
		{why: "a partner's that is not started", scene: enabled, do: creating(func(in *creation) {
			in.AdvancedEventSelectors, in.MultiRegionEnabled, in.StartIngestion = categories("ActivityAuditLog"), new(false), new(false)
		}), code: "InvalidParameterException"},
		{why: "6 selectors", scene: enabled, do: selecting(slices.Repeat(categories("Management"), 6)), code: "InvalidEventSelectorsException"},
		{why: "500 values", scene: enabled, do: selecting(categories(slices.Repeat([]string{"Data"}, 500)...))},
		{
			why:   "501 values",
			scene: enabled,
			do:    selecting(categories(slices.Repeat([]string{"Data"}, 501)...)),
			code:  "InvalidEventSelectorsException",
		},
		{
			why:   "no field",
			scene: enabled,
			do:    selecting([]types.AdvancedEventSelector{{FieldSelectors: []types.AdvancedFieldSelector{}}}),
			code:  "InvalidEventSelectorsException",
		},
		{why: "a long name", scene: enabled, do: selecting([]types.AdvancedEventSelector{{
			Name: new(strings.Repeat("x", 1001)), FieldSelectors: categories("Data")[0].FieldSelectors,
		}}), code: "InvalidEventSelectorsException"},
		{why: "a bad field", scene: enabled, do: selecting([]types.AdvancedEventSelector{{FieldSelectors: []types.AdvancedFieldSelector{
			{Field: new("event name"), Equals: []string{"x"}},
		}}}), code: "InvalidEventSelectorsException"},
		{why: "no value", scene: enabled, do: selecting(categories()), code: "InvalidEventSelectorsException"},
		{why: "an empty value", scene: enabled, do: selecting(categories("")), code: "InvalidEventSelectorsException"},
		{why: "categories are equal or not", scene: enabled, do: selecting([]types.AdvancedEventSelector{{FieldSelectors: []types.AdvancedFieldSelector{
			{Field: new("eventCategory"), NotEquals: []string{"Data"}},
		}}}), code: "InvalidEventSelectorsException"},
		{
			why:   "an empty tag",
			scene: enabled,
			do:    creating(func(in *creation) { in.TagsList = []types.Tag{{Key: new("")}} }),
			code:  "InvalidTagParameterException",
		},
		{
			why:   "201 tags",
			scene: enabled,
			do:    creating(func(in *creation) { in.TagsList = slices.Repeat([]types.Tag{{Key: new("k")}}, 201) }),
			code:  "InvalidTagParameterException",
		},

		{
			why:   "no results",
			scene: enabled,
			do:    listing(func(in *cloudtrail.ListEventDataStoresInput) { in.MaxResults = new(int32(0)) }),
			code:  "InvalidMaxResultsException",
		},
		{
			why:   "too many results",
			scene: enabled,
			do:    listing(func(in *cloudtrail.ListEventDataStoresInput) { in.MaxResults = new(int32(1001)) }),
			code:  "InvalidMaxResultsException",
		},
		{why: "1000 results", scene: enabled, do: listing(func(in *cloudtrail.ListEventDataStoresInput) { in.MaxResults = new(int32(1000)) })},
		{
			why:   "a short token",
			scene: enabled,
			do:    listing(func(in *cloudtrail.ListEventDataStoresInput) { in.NextToken = new("abc") }),
			code:  "InvalidNextTokenException",
		},
		{
			why:   "a bad token",
			scene: enabled,
			do:    listing(func(in *cloudtrail.ListEventDataStoresInput) { in.NextToken = new("no token") }),
			code:  "InvalidNextTokenException",
		},
	} {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := test.scene()
				on := s.arn
				if test.on != "" {
					on = strings.TrimSpace(test.on)
				}
				err := test.do(t, s.Server, on)
				if got := code(t, err); got != test.code {
					t.Fatalf("%q, want %q: %v", got, test.code, err)
				}
				if err == nil {
					return
				}
				response, _ := errors.AsType[*awshttp.ResponseError](err)
				if response.HTTPStatusCode() != http.StatusBadRequest || response.ServiceRequestID() == "" || strings.HasSuffix(err.Error(), ": ") {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestErrorResponsesHaveSDKTypes(t *testing.T) {
	for _, header := range []bool{false, true} {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ErrorHeader = header })
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
		if e, ok := errors.AsType[*types.InvalidEventDataStoreStatusException](start(t, s, arn)); !ok ||
			e.ErrorMessage() != "StartEventDataStoreIngestion is not valid for an event data store that is ENABLED." {
			t.Errorf("header %t: %v", header, e)
		}
		if e, ok := errors.AsType[*types.EventDataStoreNotFoundException](stop(t, s, "unknown")); !ok || e.ErrorMessage() != "The event data store was not found." {
			t.Errorf("header %t: %v", header, e)
		}
		_, err := client(s).ListTrails(t.Context(), &cloudtrail.ListTrailsInput{})
		if got := code(t, err); got != "UnknownOperationException" || !strings.Contains(err.Error(), `does not support the operation "ListTrails". It supports CreateEventDataStore, Delete`) {
			t.Errorf("header %t: %v", header, err)
		}
	}
}

func TestAlternateSettlingErrors(t *testing.T) {
	for alternate, want := range map[bool][]string{
		false: {"InvalidEventDataStoreStatusException", "InvalidEventDataStoreStatusException", "InvalidEventDataStoreStatusException"},
		true:  {"InvalidEventDataStoreStatusException", "ConflictException", "InvalidEventDataStoreStatusException"},
	} {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.AlternateSettlingErrors = alternate })
		settling := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStartingIngestion})
		var got []string
		for range want {
			got = append(got, code(t, start(t, s, settling)))
		}
		assert.Equal(t, fmt.Sprintf("start, alternate %t", alternate), want, got)
		enabled := s.AddEventDataStore(ingestiontest.EventDataStore{})
		for range 2 {
			assert.Equal(t, "start of an enabled store", want[0], code(t, start(t, s, enabled)))
		}
	}
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.AlternateSettlingErrors = true })
	arn := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusCreated})
	var got []string
	for range 3 {
		_, err := restore(t, s, arn)
		got = append(got, code(t, err))
	}
	want := []string{"InvalidEventDataStoreStatusException", "ConflictException", "InactiveEventDataStoreException"}
	assert.Equal(t, "restore", want, got)
}

func TestListTags(t *testing.T) {
	s := ingestiontest.NewServer()
	tagged := s.AddEventDataStore(ingestiontest.EventDataStore{Tags: map[string]string{"team": "audit", "env": "prod"}})
	plain := s.AddEventDataStore(ingestiontest.EventDataStore{})
	deleted := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusPendingDeletion})
	created := assert.Must(client(s).CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{
		Name: new("created"), TagsList: []types.Tag{{Key: new("k"), Value: new("v")}},
	}))(t)
	tests := []struct {
		why  string
		arns []string
		want []string
		code string
	}{
		{"tags in the order of their keys", []string{tagged}, []string{"env=prod team=audit "}, ""},
		{"several stores", []string{plain, tagged, *created.EventDataStoreArn}, []string{"", "env=prod team=audit ", "k=v "}, ""},
		{"no ARN", []string{"x"}, nil, "CloudTrailARNInvalidException"},
		{"no store", []string{tagged + "0"}, nil, "EventDataStoreNotFoundException"},
		{"another account", []string{"arn:aws:cloudtrail:us-east-1:999999999999:eventdatastore/x"}, nil, "EventDataStoreARNInvalidException"},
		{"a trail", []string{"arn:aws:cloudtrail:us-east-1:123456789012:trail/x"}, nil, "ResourceTypeNotSupportedException"},
		{"pending deletion", []string{deleted}, nil, "InactiveEventDataStoreException"},
		{"none", []string{}, nil, "InvalidParameterException"},
		{"21 ARNs", slices.Repeat([]string{plain}, 21), nil, "InvalidParameterException"},
	}
	for _, tt := range tests {
		out, err := client(s).ListTags(t.Context(), &cloudtrail.ListTagsInput{ResourceIdList: tt.arns})
		assert.Equal(t, tt.why+": code", tt.code, code(t, err))
		if err != nil {
			continue
		}
		var got []string
		for _, r := range out.ResourceTagList {
			text := ""
			for _, tag := range r.TagsList {
				text += *tag.Key + "=" + *tag.Value + " "
			}
			got = append(got, text)
		}
		assert.Equal(t, tt.why, tt.want, got)
	}
}

func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		var last string
		for i := range 9 {
			last = s.AddEventDataStore(ingestiontest.EventDataStore{Name: fmt.Sprint("store", i)})
		}
		if err := remove(t, s, last); err != nil {
			t.Fatal(err)
		}
		if _, err := create(t, s, "tenth"); err != nil {
			t.Fatal(err)
		}
		if _, err := create(t, s, "eleventh"); code(t, err) != "EventDataStoreMaxLimitExceededException" {
			t.Errorf("what is pending deletion counts: %v", err)
		}
		if _, err := create(t, s, "store8"); code(t, err) != "EventDataStoreAlreadyExistsException" {
			t.Errorf("its name stays reserved: %v", err)
		}
		if _, err := restore(t, s, last); err != nil {
			t.Errorf("it has its place: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.Quota, o.ExcludePendingDeletionFromQuota = 1, true })
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
		if err := remove(t, s, arn); err != nil {
			t.Fatal(err)
		}
		if _, err := create(t, s, "other"); err != nil {
			t.Errorf("what is pending deletion does not count: %v", err)
		}
		if _, err := restore(t, s, arn); code(t, err) != "EventDataStoreMaxLimitExceededException" {
			t.Errorf("its place is taken: %v", err)
		}
	})
}

func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{Name: "audit"})
		other := s.AddEventDataStore(ingestiontest.EventDataStore{Name: "other", Status: ingestion.StatusStoppingIngestion})
		began := time.Now()
		time.Sleep(30 * time.Second)
		selectors := categories("Data", "NetworkActivity")
		got, err := update(t, s, other, func(in *cloudtrail.UpdateEventDataStoreInput) {
			in.Name, in.RetentionPeriod, in.AdvancedEventSelectors = new("renamed"), new(int32(90)), selectors
			in.MultiRegionEnabled, in.OrganizationEnabled, in.KmsKeyId = new(true), new(true), new("arn:aws:kms:us-east-1:123456789012:key/abc")
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &cloudtrail.UpdateEventDataStoreOutput{
			EventDataStoreArn: &other, Name: new("renamed"), Status: ingestion.StatusStoppingIngestion, AdvancedEventSelectors: selectors,
			MultiRegionEnabled: new(true), OrganizationEnabled: new(true), TerminationProtectionEnabled: new(false), RetentionPeriod: new(int32(90)),
			BillingMode: types.BillingModeExtendableRetentionPricing, KmsKeyId: new("arn:aws:kms:us-east-1:123456789012:key/abc"),
			CreatedTimestamp: new(began.UTC()), UpdatedTimestamp: new(began.Add(30 * time.Second).UTC()), FederationStatus: types.FederationStatusDisabled,
		}
		assert.Equal(t, "result", want, got, ignoreUnexported)
		time.Sleep(30 * time.Second)
		if got := status(t, s, other); got != "STOPPED_INGESTION" {
			t.Errorf("an update leaves the course alone: %s", got)
		}
		if err := start(t, s, other); err != nil {
			t.Errorf("its new categories can be started: %v", err)
		}
		if _, err := update(t, s, arn, func(in *cloudtrail.UpdateEventDataStoreInput) { in.Name = new("renamed") }); code(t, err) != "EventDataStoreAlreadyExistsException" {
			t.Errorf("the name is taken: %v", err)
		}
		if _, err := update(t, s, arn, func(in *cloudtrail.UpdateEventDataStoreInput) { in.Name = new("audit") }); err != nil {
			t.Errorf("a name that no store has: %v", err)
		}
	})
}

func TestListPages(t *testing.T) {
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.PageSize = 3 })
	want := make([]types.EventDataStore, 0, 7)
	for i := range 8 {
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{Id: fmt.Sprint("store-", i), Name: fmt.Sprint("name-", i)})
		if i == 5 {
			s.Remove(arn)
			continue
		}
		want = append(want, types.EventDataStore{EventDataStoreArn: &arn, Name: new(fmt.Sprint("name-", i))})
	}
	for _, test := range []struct {
		why   string
		limit *int32
		pages int
	}{
		{why: "the server's page size", pages: 3},
		{why: "a smaller one", limit: new(int32(2)), pages: 4},
		{why: "a larger one", limit: new(int32(1000)), pages: 3},
	} {
		got, pages := []types.EventDataStore{}, 0
		p := cloudtrail.NewListEventDataStoresPaginator(client(s), &cloudtrail.ListEventDataStoresInput{MaxResults: test.limit})
		for ; p.HasMorePages(); pages++ {
			out, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, out.EventDataStores...)
		}
		if diff := cmp.Diff(want, got, ignoreUnexported); diff != "" || pages != test.pages {
			t.Errorf("%s: %d pages (-want +got)\n%s", test.why, pages, diff)
		}
	}
}

func TestChangesOfOtherActors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{Id: "abc"})
		got := make([]string, 0, 8)
		s.Set(strings.ToUpper(arn), ingestion.StatusStoppingIngestion)
		got = append(got, status(t, s, arn))
		time.Sleep(time.Minute)
		got = append(got, status(t, s, arn))
		s.Set("abc", ingestion.StatusCreated)
		time.Sleep(30 * time.Second)
		got = append(got, status(t, s, arn))
		s.Set(arn, "REBALANCING")
		time.Sleep(time.Hour)
		got = append(got, status(t, s, arn))
		s.Set(arn, ingestion.StatusPendingDeletion)
		s.Set(arn, ingestion.StatusPendingDeletion) // again
		time.Sleep(7 * 24 * time.Hour)
		got = append(got, status(t, s, arn), string(s.Status(arn)))
		s.Set(arn, ingestion.StatusEnabled) // too late
		s.AddEventDataStore(ingestiontest.EventDataStore{Id: "ABC", Status: ingestion.StatusStartingIngestion})
		got = append(got, status(t, s, arn), string(s.Status("unknown")))
		want := []string{
			"STOPPING_INGESTION", "STOPPED_INGESTION", "ENABLED", "REBALANCING", "EventDataStoreNotFoundException", "", "STARTING_INGESTION", "",
		}
		assert.Equal(t, "result", want, got)
		s.SetFederation(arn, types.FederationStatusDisabling)
		time.Sleep(time.Minute)
		if got := get(t, s, arn); got.FederationStatus != types.FederationStatusDisabling || got.Status != ingestion.StatusEnabled {
			t.Errorf("%s, %s", got.FederationStatus, got.Status)
		}
		if got := code(t, remove(t, s, arn)); got != "EventDataStoreFederationEnabledException" {
			t.Errorf("deleting it: %q", got)
		}
		if s.History("unknown") != nil || s.History("") != nil {
			t.Error("an unknown store has a history")
		}
	})
}

func TestStaleReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lazy string
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
			o.StaleFunc = func(arn string) time.Duration {
				if arn == lazy {
					return time.Minute
				}
				return 0
			}
		})
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
		time.Sleep(time.Hour)
		s.Stale(arn, 40*time.Second)
		s.Set(arn, ingestion.StatusStoppingIngestion)
		got := []string{status(t, s, arn)}
		time.Sleep(40 * time.Second)
		got = append(got, status(t, s, arn), code(t, start(t, s, arn)))
		time.Sleep(20 * time.Second)
		got = append(got, status(t, s, arn), string(s.Status(arn)))
		s.Stale("", 0)
		got = append(got, status(t, s, arn))
		s.FreezeReads("", 2)
		s.Set(arn, ingestion.StatusEnabled)
		got = append(got, status(t, s, arn), status(t, s, arn), status(t, s, arn))
		s.Stale(arn, time.Minute)
		s.Remove(arn)
		got = append(got, status(t, s, arn))
		time.Sleep(time.Minute)
		got = append(got, status(t, s, arn))
		want := []string{
			"ENABLED", "STOPPING_INGESTION", "InvalidEventDataStoreStatusException", "STOPPING_INGESTION", "STOPPED_INGESTION", "STOPPED_INGESTION",
			"STOPPED_INGESTION", "STOPPED_INGESTION", "ENABLED", "STOPPING_INGESTION", "EventDataStoreNotFoundException",
		}
		assert.Equal(t, "result", want, got)
		lazy = s.AddEventDataStore(ingestiontest.EventDataStore{})
		time.Sleep(time.Hour)
		s.Set(lazy, ingestion.StatusStoppedIngestion)
		if got := status(t, s, lazy); got != "ENABLED" {
			t.Errorf("a lazy read shows %s", got)
		}
	})
}

func TestLapseAndTransition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
			o.Transition = func(_, from, to string) time.Duration {
				return map[string]time.Duration{"STARTING_INGESTION ENABLED": 90 * time.Second, "PENDING_DELETION ENABLED": time.Hour}[from+" "+to]
			}
		})
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
		began := time.Now()
		s.Lapse(arn)
		if err := start(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := remove(t, s, arn); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, s, arn); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		want := []ingestiontest.Sighting{
			{State: ingestion.StatusStoppedIngestion, At: began},
			{State: ingestion.StatusStartingIngestion, At: began},
			{State: ingestion.StatusStoppedIngestion, At: began.Add(90 * time.Second)},
			{State: ingestion.StatusPendingDeletion, At: began.Add(time.Hour)},
			{State: ingestion.StatusStartingIngestion, At: began.Add(2 * time.Hour)},
			{State: ingestion.StatusEnabled, At: began.Add(2*time.Hour + 90*time.Second)},
		}
		time.Sleep(time.Hour)
		assert.Equal(t, "result", want, s.History(arn))
	})
}

func TestReadsPerTransition(t *testing.T) {
	s := ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ReadsPerTransition = 2 })
	arn := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
	if err := start(t, s, arn); err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, 3)
	for range 3 {
		if _, err := client(s).ListEventDataStores(t.Context(), &cloudtrail.ListEventDataStoresInput{}); err != nil { // shows no status
			t.Fatal(err)
		}
		got = append(got, status(t, s, arn))
	}
	assert.Equal(t, "result", []string{"STARTING_INGESTION", "STARTING_INGESTION", "ENABLED"}, got)
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
		count := func(n int, call func() error) (throttled int) {
			for range n {
				if code(t, call()) == "ThrottlingException" {
					throttled++
				}
			}
			return throttled
		}
		reading := func() error {
			_, err := client(s).GetEventDataStore(t.Context(), &cloudtrail.GetEventDataStoreInput{EventDataStore: &arn})
			return err
		}
		stopping := func() error { return stop(t, s, arn) }
		s.Throttle(10, 10)
		got := []int{count(12, reading), count(3, stopping)}
		time.Sleep(time.Second)
		got = append(got, count(12, reading), count(3, stopping))
		time.Sleep(999 * time.Millisecond)
		got = append(got, count(9, reading), count(1, stopping))
		s.Throttle(0, 0)
		got = append(got, count(100, reading), count(100, stopping))
		assert.Equal(t, "throttled", []int{2, 2, 2, 2, 0, 1, 0, 0}, got)
	})
}

func TestFailuresThroughSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
			o.Latency = func(c ingestiontest.Call) time.Duration {
				return 300*time.Millisecond + time.Duration(c.Records)*2*time.Millisecond
			}
		})
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
		api := cloudtrail.NewFromConfig(s.Config()) // with the SDK's retries
		in := &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &arn}

		s.Fail(ingestion.StopEventDataStoreIngestion, ingestiontest.Failure{Drop: true})
		s.Fail(ingestion.StopEventDataStoreIngestion, ingestiontest.Failure{Code: "ServiceUnavailable", Status: 503, Resource: arn})
		s.Fail("", ingestiontest.Failure{Code: "Never", Resource: "unknown"})
		if _, err := api.StopEventDataStoreIngestion(t.Context(), in); err != nil {
			t.Errorf("the SDK does not retry: %v", err)
		}
		s.Set(arn, ingestion.StatusEnabled)
		s.Fail(ingestion.StopEventDataStoreIngestion, ingestiontest.Failure{Lost: true})
		if _, err := api.StopEventDataStoreIngestion(t.Context(), in); code(t, err) != "InvalidEventDataStoreStatusException" {
			t.Errorf("the second stop after a lost response: %v", err)
		}
		s.ClearFailures("")
		s.Fail("", ingestiontest.Failure{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := api.ListEventDataStores(ctx, &cloudtrail.ListEventDataStoresInput{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that hangs: %v", err)
		}
		began := time.Now()
		get(t, s, arn)
		if d := time.Since(began); d != 302*time.Millisecond {
			t.Errorf("one record takes %s", d)
		}
		calls := s.Calls()
		got := make([]string, 0, len(calls))
		for _, c := range calls {
			got = append(got, fmt.Sprint(c.Operation, " ", c.Resource == arn, " ", c.ResourceCount, " ", c.Accepted, " ", c.Status, " ", c.Code))
		}
		want := []string{
			"StopEventDataStoreIngestion true 1 false 0 ",
			"StopEventDataStoreIngestion true 1 false 503 ServiceUnavailable",
			"StopEventDataStoreIngestion true 1 true 200 ",
			"StopEventDataStoreIngestion true 1 true 0 ",
			"StopEventDataStoreIngestion true 1 false 400 InvalidEventDataStoreStatusException",
			"ListEventDataStores false 0 false 0 ",
			"GetEventDataStore true 1 true 200 ",
		}
		assert.Equal(t, "calls", want, got)
	})
}

func TestInterceptCanUseServer(t *testing.T) {
	var s *ingestiontest.Server
	s = ingestiontest.NewServer(func(o *ingestiontest.Options) {
		o.Intercept = func(c ingestiontest.Call) *ingestiontest.Failure {
			if c.Operation == "GetEventDataStore" {
				return &ingestiontest.Failure{Code: "AccessDeniedException"}
			}
			s.Set(c.Resource, ingestion.StatusStartingIngestion) // another actor was faster
			return nil
		}
	})
	arn := s.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
	if err := start(t, s, arn); code(t, err) != "InvalidEventDataStoreStatusException" {
		t.Errorf("got %v", err)
	}
	if got := status(t, s, arn); got != "AccessDeniedException" {
		t.Errorf("got %s", got)
	}
}

func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer(func(o *ingestiontest.Options) {
			o.Quota = 100
			o.Latency = func(ingestiontest.Call) time.Duration { return 300 * time.Millisecond }
		})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				out, err := create(t, s, fmt.Sprintf("store-%d", i))
				if err != nil {
					t.Error(err)
					return
				}
				arn := *out.EventDataStoreArn
				time.Sleep(time.Minute)
				if err := stop(t, s, arn); err != nil {
					t.Error(err)
				}
				s.Fail("GetEventDataStore", ingestiontest.Failure{Resource: arn, Code: "Busy"})
				if got := status(t, s, arn); got != "Busy" {
					t.Errorf("%s: %s", arn, got)
				}
				time.Sleep(time.Minute)
				if got := status(t, s, arn); got != "STOPPED_INGESTION" {
					t.Errorf("%s is %s", arn, got)
				}
				s.Calls()
				s.History(arn)
			})
		}
		wg.Wait()
		if n := len(s.Calls()); n != 80 {
			t.Errorf("%d calls", n)
		}
	})
}
