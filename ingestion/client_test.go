package ingestion_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// ignoreNoSmithy ignores the unexported field of the SDK's types.
var ignoreNoSmithy = cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore())

func TestStartAndStopChangeStatus(t *testing.T) {
	assert.RunSynctest(t, "both ways", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		c, began := client(s), time.Now()
		if _, err := c.Stop(t.Context(), stopIn); err != nil {
			t.Fatal(err)
		}
		_, err := c.Stop(t.Context(), stopIn)
		assert.Equal(t, "second stop", statemachine.InvalidState, statemachine.KindOf(err))
		time.Sleep(time.Minute)
		out, err := c.Start(t.Context(), &ingestion.StartInput{EventDataStore: storeID})
		if err != nil {
			t.Fatal(err)
		}
		if reflect.ValueOf(out.ResultMetadata).IsZero() {
			t.Error("no metadata")
		}
		_, err = c.Start(t.Context(), startIn)
		fault := assert.ErrorAs[*types.InvalidEventDataStoreStatusException](t, err)
		assert.ErrorContains(t, err, "invalid state", fault.ErrorMessage())
		assert.Equal(t, "the commands", []string{
			"0s StopEventDataStoreIngestion accepted",
			"1.111111111s StopEventDataStoreIngestion InvalidEventDataStoreStatusException",
			"1m1.111111111s StartEventDataStoreIngestion accepted",
			"1m2.222222222s StartEventDataStoreIngestion InvalidEventDataStoreStatusException",
		}, commands(s, began))
	})
	assert.RunSynctest(t, "a category that cannot be started", func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(store{Status: ingestion.StatusStoppedIngestion, Categories: []string{"ActivityAuditLog"}})
		_, err := client(s).Start(t.Context(), &ingestion.StartInput{EventDataStore: arn})
		assert.Equal(t, "the kind", statemachine.Unsupported, statemachine.KindOf(err))
	})
}

func TestGetReturnsEveryMember(t *testing.T) {
	assert.RunSynctest(t, "every member", func(t *testing.T) {
		s := ingestiontest.NewServer()
		selectors := []types.AdvancedEventSelector{
			{Name: new("all"), FieldSelectors: []types.AdvancedFieldSelector{{Field: new("eventCategory"), Equals: []string{"Management"}}}},
			{FieldSelectors: []types.AdvancedFieldSelector{
				{Field: new("eventCategory"), Equals: []string{"Data", "Management"}},
				{Field: new("eventName"), StartsWith: []string{"Put"}, NotEndsWith: []string{"Acl"}},
			}},
		}
		began := time.Now()
		arn := s.AddEventDataStore(store{
			Id: storeID, Name: "audit", Status: ingestion.StatusStoppedIngestion, AdvancedEventSelectors: selectors,
			MultiRegionEnabled: true, OrganizationEnabled: true, TerminationProtectionEnabled: true, RetentionPeriod: 90,
			BillingMode: types.BillingModeFixedRetentionPricing, KmsKeyId: "1234abcd-12ab-34cd-56ef-1234567890ab",
			FederationStatus: types.FederationStatusEnabled, FederationRoleArn: "arn:aws:iam::123456789012:role/federation",
			PartitionKeys: []types.PartitionKey{{Name: new("calendarday"), Type: new("string")}},
		})
		want := &ingestion.EventDataStore{
			EventDataStoreArn: storeARN, Name: "audit", Status: ingestion.StatusStoppedIngestion,
			AdvancedEventSelectors: selectors, Categories: []string{"Management", "Data"},
			MultiRegionEnabled: true, OrganizationEnabled: true, TerminationProtectionEnabled: true, RetentionPeriod: 90,
			CreatedTimestamp: began, UpdatedTimestamp: began,
			BillingMode: types.BillingModeFixedRetentionPricing, KmsKeyId: "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
			FederationStatus: types.FederationStatusEnabled, FederationRoleArn: "arn:aws:iam::123456789012:role/federation",
			PartitionKeys: []types.PartitionKey{{Name: new("calendarday"), Type: new("string")}},
		}
		for _, requested := range []string{arn, storeID, strings.ToUpper(storeID)} {
			got, err := client(s).Get(t.Context(), requested)
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "the store by "+requested, want, got, ignoreNoSmithy)
		}
		for i, v := 0, reflect.ValueOf(*want); i < v.NumField(); i++ {
			if v.Field(i).IsZero() {
				t.Errorf("this test does not cover %s", v.Type().Field(i).Name)
			}
		}
	})
	// EventDataStore has every member of the response except the metadata.
	out, got := reflect.TypeFor[cloudtrail.GetEventDataStoreOutput](), reflect.TypeFor[ingestion.EventDataStore]()
	for f := range out.Fields() {
		if _, ok := got.FieldByName(f.Name); !ok && f.IsExported() && f.Name != "ResultMetadata" {
			t.Errorf("EventDataStore lacks the member %s of GetEventDataStore", f.Name)
		}
	}
}

func TestControllableDependsOnCategories(t *testing.T) {
	for _, test := range []struct {
		why        string
		categories []string
		want       bool
	}{
		{why: "no categories: CloudTrail decides", want: true},
		{why: "allowed", categories: []string{"Management", "Data", "NetworkActivity", "ConfigurationItem"}, want: true},
		{why: "partners", categories: []string{"ActivityAuditLog"}},
		{why: "Audit Manager", categories: []string{"Evidence"}},
		{why: "Insights", categories: []string{"Insight"}},
		{why: "one other category", categories: []string{"Management", "Insight"}},
		{why: "categories are case-sensitive", categories: []string{"management"}},
	} {
		assert.Equal(t, test.why, test.want, (&ingestion.EventDataStore{Categories: test.categories}).Controllable())
	}
}

// listAll returns the names and statuses that List yields, and its error.
func listAll(ctx context.Context, c *ingestion.Client) (names []string, err error) {
	for s, e := range c.List(ctx) {
		if e != nil {
			if s != nil || err != nil {
				e = fmt.Errorf("%w, with a value or after another error", e)
			}
			err = e
			continue
		}
		names = append(names, s.Name+" "+string(s.Status))
	}
	return names, err
}

// serverWith returns a server with n stores, in the order of their IDs.
func serverWith(n int, optFns ...func(*ingestiontest.Options)) *server {
	s := ingestiontest.NewServer(optFns...)
	for i := range n {
		s.AddEventDataStore(store{Id: fmt.Sprintf("store-%d", i), Name: fmt.Sprint("s", i), Status: ingestion.StatusEnabled})
	}
	return s
}

func TestListReadsEveryStore(t *testing.T) {
	assert.RunSynctest(t, "all pages, within the quota", func(t *testing.T) {
		s := serverWith(10, func(o *ingestiontest.Options) { o.PageSize = 4 })
		s.Set("store-1", ingestion.StatusPendingDeletion)
		s.Set("store-7", ingestion.StatusStoppedIngestion)
		s.Throttle(10, 10)
		began := time.Now()
		got, err := listAll(t.Context(), client(s))
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "the stores", []string{
			"s0 ENABLED", "s1 PENDING_DELETION", "s2 ENABLED", "s3 ENABLED", "s4 ENABLED", "s5 ENABLED", "s6 ENABLED",
			"s7 STOPPED_INGESTION", "s8 ENABLED", "s9 ENABLED",
		}, got)
		if calls := s.Calls(); len(calls) != 13 {
			t.Errorf("%d calls", len(calls))
		}
		// A burst of 2, then one every 1/8 s.
		assert.Equal(t, "it took", 11*time.Second/8, time.Since(began))
		for _, c := range s.Calls() {
			if c.Code != "" {
				t.Errorf("%s returned %s", c.Operation, c.Code)
			}
		}
	})
	assert.RunSynctest(t, "a store deleted between the list and the read is omitted", func(t *testing.T) {
		var s *server
		s = serverWith(3, func(o *ingestiontest.Options) {
			o.Intercept = func(c ingestiontest.Call) *failure {
				if c.Operation == get && strings.HasSuffix(c.Resource, "/store-0") {
					s.Remove("store-1")
				}
				return nil
			}
		})
		got, err := listAll(t.Context(), client(s))
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "the stores", []string{"s0 ENABLED", "s2 ENABLED"}, got)
	})
	assert.RunSynctest(t, "no stores", func(t *testing.T) {
		got, err := listAll(t.Context(), client(serverWith(0)))
		if err != nil || got != nil {
			t.Errorf("%v, %v", got, err)
		}
	})
	for _, test := range []struct {
		why  string
		op   statemachine.Operation
		f    failure
		want []string
		kind statemachine.Kind
	}{
		{why: "the list fails", op: list, f: failure{Code: "AccessDeniedException"}, kind: statemachine.AccessDenied},
		{why: "the list returns not found", op: list, f: failure{Code: "EventDataStoreNotFoundException"}, kind: statemachine.NotFound},
		{
			why: "a read fails", op: get, f: failure{Code: "OperationNotPermittedException", Resource: strings.ReplaceAll(storeARN, storeID, "store-1")},
			want: []string{"s0 ENABLED"}, kind: statemachine.AccessDenied,
		},
		{why: "an empty page", op: list, f: failure{Body: " ", Status: 200}, kind: statemachine.Unavailable},
		{why: "a page without a list", op: list, f: failure{Body: "{}"}, kind: statemachine.Unavailable},
		{why: "HTML", op: list, f: failure{Body: "<html>"}, kind: statemachine.Unavailable},
		{why: "a store without an ARN", op: list, f: failure{Body: `{"EventDataStores":[{"Name":"x"}]}`}, kind: statemachine.Unavailable},
		{why: "a store that GetEventDataStore rejects", op: list, f: failure{Body: `{"EventDataStores":[{"EventDataStoreArn":"x"}]}`}, kind: statemachine.InvalidInput},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := serverWith(3)
			s.Fail(test.op, test.f)
			got, err := listAll(t.Context(), client(s))
			assert.Equal(t, "the stores before", test.want, got)
			assert.Equal(t, "the kind", test.kind, statemachine.KindOf(err))
		})
	}
	assert.RunSynctest(t, "a repeated token", func(t *testing.T) {
		s := serverWith(1)
		s.Fail(list, failure{Body: `{"EventDataStores":[],"NextToken":"again"}`, Times: -1})
		_, err := listAll(t.Context(), client(s))
		assert.ErrorContains(t, err, "response repeats an earlier NextToken")
		assert.Equal(t, "calls", 2, len(s.Calls()))
	})
	assert.RunSynctest(t, "breaking out reads no further, and ranging again repeats the reads", func(t *testing.T) {
		s := serverWith(3)
		seq := client(s).List(t.Context())
		for range 2 {
			for range seq {
				break
			}
		}
		assert.Equal(t, "calls", 4, len(s.Calls()))
	})
	assert.RunSynctest(t, "the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := serverWith(3)
		_, err := listAll(ctx, client(s))
		assert.Equal(t, "the kind", statemachine.Interrupted, statemachine.KindOf(err))
		assert.Equal(t, "calls", 0, len(s.Calls()))
	})
}

// TestOnlyPlainCallsKeepRetries checks that plain calls keep the caller's retryer, and that waits
// and Ensure methods disable it whatever the caller's options are.
func TestOnlyPlainCallsKeepRetries(t *testing.T) {
	eager := func(o *ingestion.Options) {
		o.ClientOptions = append(o.ClientOptions, func(o *cloudtrail.Options) { o.RetryMaxAttempts = 5 })
	}
	broken := failure{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Times: 4}
	assert.RunSynctest(t, "plain", func(t *testing.T) {
		s := newServer(ingestion.StatusStoppedIngestion)
		s.Fail(ingestion.StartEventDataStoreIngestion, broken)
		s.Fail(get, broken)
		c := client(s, eager)
		_, err := c.Start(t.Context(), startIn)
		_, err2 := c.Get(t.Context(), storeARN)
		if err != nil || err2 != nil || len(s.Calls()) != 10 {
			t.Errorf("%v, %v after %d calls", err, err2, len(s.Calls()))
		}
	})
	assert.RunSynctest(t, "a wait", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		s.Fail(get, broken)
		began := time.Now()
		if _, err := client(s, eager).Wait(t.Context(), storeARN, ingestion.StatusEnabled, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "the reads", every(0, 4*time.Second, 16*time.Second), reads(s, began)) // twice the delay after a failure
	})
	assert.RunSynctest(t, "a command of an Ensure method", func(t *testing.T) {
		s := newServer(ingestion.StatusStoppedIngestion)
		s.Fail(ingestion.StartEventDataStoreIngestion, failure{Code: "ThrottlingException"})
		began := time.Now()
		if _, err := client(s, eager).EnsureStarted(t.Context(), startIn, time.Hour); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "the commands", []string{
			"0s StartEventDataStoreIngestion ThrottlingException", "2s StartEventDataStoreIngestion accepted",
		}, commands(s, began))
	})
}

// TestCallOptionsDoNotChangeClient makes a call within another call: each has the client's options
// and its own.
func TestCallOptionsDoNotChangeClient(t *testing.T) {
	s := newServer(ingestion.StatusEnabled)
	of := map[string]int{}
	base := make([]func(*cloudtrail.Options), 0, 8) // with room to append in place
	c := client(s, func(o *ingestion.Options) {
		o.ClientOptions = append(base, func(*cloudtrail.Options) { of["client"]++ })
	})
	with := func(name string, meanwhile func()) func(*ingestion.Options) {
		return func(o *ingestion.Options) {
			o.ClientOptions = append(o.ClientOptions, func(*cloudtrail.Options) {
				if of[name]++; of[name] == 1 {
					meanwhile()
				}
			})
		}
	}
	read := func(option func(*ingestion.Options)) {
		if _, err := c.Get(t.Context(), storeARN, option); err != nil {
			t.Error(err)
		}
	}
	read(with("outer", func() { read(with("inner", func() {})) }))
	assert.Equal(t, "applied, to find the Region and to call", map[string]int{"client": 6, "outer": 2, "inner": 2}, of)
}

// TestPacersLimitCalls checks that clients can share pacers, and that plain calls wait for them,
// too.
func TestPacersLimitCalls(t *testing.T) {
	assert.RunSynctest(t, "shared", func(t *testing.T) {
		s := newServer(ingestion.StatusEnabled)
		pacer := statemachine.NewPacer(1, 1)
		shared := func(o *ingestion.Options) { o.ReadPacer = pacer }
		a, b := client(s, shared), client(s, shared)
		began := time.Now()
		for _, c := range []*ingestion.Client{a, b} {
			if _, err := c.Get(t.Context(), storeARN); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Wait(t.Context(), storeARN, ingestion.StatusEnabled, time.Minute); err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "the reads", []time.Duration{0, time.Second, 2 * time.Second}, reads(s, began))
	})
	assert.RunSynctest(t, "commands have their own", func(t *testing.T) {
		s := serverWith(3)
		s.Throttle(10, 10)
		c, began := client(s), time.Now()
		for i := range 3 {
			in := &ingestion.StopInput{EventDataStore: fmt.Sprintf("store-%d", i)}
			if _, err := c.EnsureStopped(t.Context(), in, time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		assert.Equal(t, "the commands", []string{
			"0s StopEventDataStoreIngestion accepted",
			"1.111111111s StopEventDataStoreIngestion accepted",
			"2.222222222s StopEventDataStoreIngestion accepted",
		}, commands(s, began))
	})
	assert.RunSynctest(t, "plain commands count against the pacer", func(t *testing.T) {
		for _, command := range []func(*ingestion.Client) error{
			func(c *ingestion.Client) error {
				_, err := c.Start(t.Context(), &ingestion.StartInput{EventDataStore: "store-0"})
				return err
			},
			func(c *ingestion.Client) error {
				_, err := c.Stop(t.Context(), &ingestion.StopInput{EventDataStore: "store-1"})
				return err
			},
		} {
			s := serverWith(3)
			s.Set("store-0", ingestion.StatusStoppedIngestion)
			c, began := client(s), time.Now()
			if err := command(c); err != nil {
				t.Fatal(err)
			}
			if _, err := c.EnsureStopped(t.Context(), &ingestion.StopInput{EventDataStore: "store-2"}, time.Hour); err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "second command waits for the pacer", "1.111111111s StopEventDataStoreIngestion accepted", commands(s, began)[1])
		}
	})
}
