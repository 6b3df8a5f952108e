package ingestiontest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/ingestion/ingestiontest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// The two forms of the X-Amz-Target header, before the operation.
const (
	shortTarget = "CloudTrail_20131101."
	longTarget  = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
)

// request is one as it comes over the wire.
func request(t *testing.T, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://cloudtrail.us-east-1.amazonaws.com/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return r
}

// do sends a request and gives the answer's status, error header and body.
func do(t *testing.T, s *ingestiontest.Server, target, body string) (status int, header, text string) {
	t.Helper()
	resp, err := s.Do(request(t, target, body))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		t.Errorf("the Content-Type is %q", got)
	}
	return resp.StatusCode, resp.Header.Get("X-Amzn-Errortype"), string(b)
}

func TestWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ingestiontest.NewServer()
		arn := s.AddEventDataStore(ingestiontest.EventDataStore{Id: "abc", Name: "audit"})
		time.Sleep(1500 * time.Millisecond)
		s.AddEventDataStore(ingestiontest.EventDataStore{Id: "def", Name: "late", KmsKeyId: "alias/a", Status: ingestion.StatusPendingDeletion})
		type answer struct {
			Status       int
			Header, Body string
		}
		const (
			head = `"MultiRegionEnabled":false,"OrganizationEnabled":false,"RetentionPeriod":366,"TerminationProtectionEnabled":false,`
			tail = `"BillingMode":"EXTENDABLE_RETENTION_PRICING","FederationStatus":"DISABLED"}`
		)
		for _, test := range []struct {
			why, target, body string
			want              answer
		}{
			{
				why: "a store", target: shortTarget + "GetEventDataStore", body: `{"EventDataStore":"` + arn + `"}`,
				want: answer{200, "", `{"EventDataStoreArn":"` + arn + `","Name":"audit","Status":"ENABLED",` +
					`"AdvancedEventSelectors":[{"Name":"Default management events","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}],` +
					head + `"CreatedTimestamp":946684800.000,"UpdatedTimestamp":946684800.000,` + tail},
			},
			{why: "a success without members", target: longTarget + "StopEventDataStoreIngestion", body: `{"EventDataStore":"abc"}`, want: answer{200, "", ""}},
			{
				why: "an error", target: longTarget + "StopEventDataStoreIngestion", body: `{"EventDataStore":"abc","Other":[1]}`,
				want: answer{400, "", `{"__type":"InvalidEventDataStoreStatusException","Message":"StopEventDataStoreIngestion is not valid for an event data store that is STOPPING_INGESTION."}`},
			},
			{
				why: "a page", target: longTarget + "ListEventDataStores", body: `{"MaxResults":1}`,
				want: answer{200, "", `{"EventDataStores":[{"EventDataStoreArn":"` + arn + `","Name":"audit"}],` +
					`"NextToken":"a6IUdhP1YXJuOmF3czpjbG91ZHRyYWlsOnVzLWVhc3QtMToxMjM0NTY3ODkwMTI6ZXZlbnRkYXRhc3RvcmUvYWJj"}`},
			},
			{why: "a body that is none", target: shortTarget + "GetEventDataStore", body: ``, want: answer{400, "", `{"__type":"InvalidParameterException","Message":"The event data store \"\" is not valid."}`}},
			{why: "a number for a name", target: shortTarget + "GetEventDataStore", body: `{"EventDataStore":5}`, want: answer{400, "", ""}},
			{why: "a text for a number", target: shortTarget + "ListEventDataStores", body: `{"MaxResults":"5"}`, want: answer{400, "", ""}},
			{why: "a text for a number", target: shortTarget + "CreateEventDataStore", body: `{"Name":"abc","RetentionPeriod":"5"}`, want: answer{400, "", ""}},
			{why: "a text for a truth", target: shortTarget + "UpdateEventDataStore", body: `{"EventDataStore":"abc","MultiRegionEnabled":"true"}`, want: answer{400, "", ""}},
			{why: "no name", target: shortTarget + "CreateEventDataStore", body: `{}`, want: answer{400, "", `{"__type":"InvalidParameterException","Message":"The request must contain the parameter Name."}`}},
			{why: "an array", target: shortTarget + "ListEventDataStores", body: `[]`, want: answer{400, "", `{"__type":"SerializationException","Message":"The body is not a JSON object."}`}},
			{why: "no operation", target: shortTarget, body: `{}`, want: answer{400, "", ""}},
			{why: "another service", target: "Logs_20140328.GetEventDataStore", body: `{}`, want: answer{400, "", ""}},
		} {
			status, header, body := do(t, s, test.target, test.body)
			got := answer{status, header, body}
			if test.want.Status == 400 && test.want.Body == "" {
				test.want.Body = got.Body // whatever it says
			}
			assert.Equal(t, test.why, test.want, got)
		}
		s = ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ErrorHeader = true })
		status, header, body := do(t, s, shortTarget+"GetEventDataStore", `{"EventDataStore":"abc"}`)
		assert.Equal(t, "an error by header", answer{400, "EventDataStoreNotFoundException", `{"Message":"The event data store was not found."}`}, answer{status, header, body})
	})
}

// fill gives every member of an SDK's input a value: of a text its own name, as the request snapshots of the SDK's modules do.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), f.Name)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.String:
		v.SetString("__" + name + "__")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(100)
	default:
	}
}

// TestEveryMemberIsRead sends, for each operation that is served, a request with all its members, as the SDK writes it: the server understands what it is,
// and reads every member. It stands in for the request snapshots that the SDK's newer modules carry.
func TestEveryMemberIsRead(t *testing.T) {
	s := ingestiontest.NewServer()
	s.AddEventDataStore(ingestiontest.EventDataStore{Id: "__EventDataStore__"})
	api := client(s)
	ctx := t.Context()
	calls := map[string]func(fill func(any)) error{
		"StartEventDataStoreIngestion": func(fill func(any)) error {
			var in cloudtrail.StartEventDataStoreIngestionInput
			fill(&in)
			_, err := api.StartEventDataStoreIngestion(ctx, &in)
			return err
		},
		"StopEventDataStoreIngestion": func(fill func(any)) error {
			var in cloudtrail.StopEventDataStoreIngestionInput
			fill(&in)
			_, err := api.StopEventDataStoreIngestion(ctx, &in)
			return err
		},
		"GetEventDataStore": func(fill func(any)) error {
			var in cloudtrail.GetEventDataStoreInput
			fill(&in)
			_, err := api.GetEventDataStore(ctx, &in)
			return err
		},
		"ListEventDataStores": func(fill func(any)) error {
			var in cloudtrail.ListEventDataStoresInput
			fill(&in)
			_, err := api.ListEventDataStores(ctx, &in)
			return err
		},
		"CreateEventDataStore": func(fill func(any)) error {
			var in cloudtrail.CreateEventDataStoreInput
			fill(&in)
			_, err := api.CreateEventDataStore(ctx, &in)
			return err
		},
		"UpdateEventDataStore": func(fill func(any)) error {
			var in cloudtrail.UpdateEventDataStoreInput
			fill(&in)
			_, err := api.UpdateEventDataStore(ctx, &in)
			return err
		},
		"DeleteEventDataStore": func(fill func(any)) error {
			var in cloudtrail.DeleteEventDataStoreInput
			fill(&in)
			_, err := api.DeleteEventDataStore(ctx, &in)
			return err
		},
		"RestoreEventDataStore": func(fill func(any)) error {
			var in cloudtrail.RestoreEventDataStoreInput
			fill(&in)
			_, err := api.RestoreEventDataStore(ctx, &in)
			return err
		},
	}
	for op, call := range calls {
		err := call(func(in any) { fill(reflect.ValueOf(in).Elem(), "") })
		switch got := code(t, err); got {
		case "UnknownOperationException", "SerializationException", "EventDataStoreNotFoundException":
			t.Errorf("%s: %v", op, err)
		}
	}
	served := map[string]bool{}
	for _, c := range s.Calls() {
		served[string(c.Operation)] = true
	}
	if len(served) != len(calls) {
		t.Errorf("served: %v", served)
	}
	// Each member that is changed alone changes what is shown, or is refused by its name.
	for _, member := range members[cloudtrail.UpdateEventDataStoreInput]() {
		if member == "EventDataStore" {
			continue
		}
		s := ingestiontest.NewServer()
		s.AddEventDataStore(ingestiontest.EventDataStore{Id: "__EventDataStore__"})
		before := settingsOf(get(t, s, "__EventDataStore__"))
		in := cloudtrail.UpdateEventDataStoreInput{EventDataStore: new("__EventDataStore__")}
		fill(reflect.ValueOf(&in).Elem().FieldByName(member), member)
		_, err := client(s).UpdateEventDataStore(ctx, &in)
		after := settingsOf(get(t, s, "__EventDataStore__"))
		if e, ok := errors.AsType[smithy.APIError](err); ok {
			if !strings.Contains(e.ErrorMessage(), member) {
				t.Errorf("%s: %v", member, err)
			}
		} else if err != nil || cmp.Equal(before, after, plain) {
			t.Errorf("%s is not read: %v", member, err)
		}
	}
}

// members are the names of the members of an SDK's input.
func members[T any]() []string {
	var names []string
	for f := range reflect.TypeFor[T]().Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return names
}

// settingsOf is an answer without what changes with every call.
func settingsOf(out *cloudtrail.GetEventDataStoreOutput) cloudtrail.GetEventDataStoreOutput {
	settings := *out
	settings.UpdatedTimestamp = nil
	return settings
}

// TestServeHTTP: any client that can reach the server by a socket can use it.
func TestServeHTTP(t *testing.T) {
	s := ingestiontest.NewServer()
	arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request(t, longTarget+"StopEventDataStoreIngestion", `{"EventDataStore":"`+arn+`"}`))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || s.Status(arn) != ingestion.StatusStoppingIngestion {
		t.Errorf("%d %q, %s", w.Code, w.Body, s.Status(arn))
	}
}

// FuzzDocument looks for a request that brings the server down, or that it answers with what it cannot mean.
func FuzzDocument(f *testing.F) {
	for _, seed := range []struct{ op, body string }{
		{"GetEventDataStore", `{"EventDataStore":"abc"}`},
		{"ListEventDataStores", `{"MaxResults":1,"NextToken":"a6IUdhP1YXJu"}`},
		{"CreateEventDataStore", `{"Name":"x-y","AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]}]}],"TagsList":[{"Key":"k"}],"StartIngestion":false}`},
		{"UpdateEventDataStore", `{"EventDataStore":"abc","KmsKeyId":":","RetentionPeriod":7,"BillingMode":"FIXED_RETENTION_PRICING"}`},
		{"DeleteEventDataStore", `{"EventDataStore":"abc"}`},
		{"RestoreEventDataStore", `{"EventDataStore":"arn:aws:cloudtrail:::eventdatastore/"}`},
		{"StartEventDataStoreIngestion", `{"EventDataStore":null}`},
		{"", `[`},
	} {
		f.Add(seed.op, seed.body)
	}
	f.Fuzz(func(t *testing.T, op, body string) {
		s := ingestiontest.NewServer()
		s.AddEventDataStore(ingestiontest.EventDataStore{Id: "abc"})
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://cloudtrail.us-east-1.amazonaws.com/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", shortTarget+op)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		resp, err := s.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
		if call := s.Calls()[0]; call.Accepted != (resp.StatusCode == http.StatusOK) || call.Accepted != (call.Code == "") || len(b) > 0 && !json.Valid(b) {
			t.Errorf("status %d, %q for %+v", resp.StatusCode, b, call)
		}
	})
}
