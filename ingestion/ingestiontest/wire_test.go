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

// The two forms of the X-Amz-Target header, without the operation.
const (
	shortTarget = "CloudTrail_20131101."
	longTarget  = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
)

// request returns a request of an operation.
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

// do sends a request and returns the status, the error header and the body of the response.
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
		type response struct {
			Status       int
			Header, Body string
		}
		const (
			head = `"MultiRegionEnabled":false,"OrganizationEnabled":false,"RetentionPeriod":366,"TerminationProtectionEnabled":false,`
			tail = `"BillingMode":"EXTENDABLE_RETENTION_PRICING","FederationStatus":"DISABLED"}`
		)
		for _, test := range []struct {
			why, target, body string
			want              response
		}{
			{
				why: "a store", target: shortTarget + "GetEventDataStore", body: `{"EventDataStore":"` + arn + `"}`,
				want: response{200, "", `{"EventDataStoreArn":"` + arn + `","Name":"audit","Status":"ENABLED",` +
					`"AdvancedEventSelectors":[{"Name":"Default management events","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}],` +
					head + `"CreatedTimestamp":946684800.000,"UpdatedTimestamp":946684800.000,` + tail},
			},
			{
				why:    "a success without members",
				target: longTarget + "StopEventDataStoreIngestion",
				body:   `{"EventDataStore":"abc"}`,
				want:   response{200, "", ""},
			},
			{
				why: "an error", target: longTarget + "StopEventDataStoreIngestion", body: `{"EventDataStore":"abc","Other":[1]}`,
				want: response{400, "", `{"__type":"InvalidEventDataStoreStatusException","Message":"StopEventDataStoreIngestion is not valid for an event data store that is STOPPING_INGESTION."}`},
			},
			{
				why: "a page", target: longTarget + "ListEventDataStores", body: `{"MaxResults":1}`,
				want: response{200, "", `{"EventDataStores":[{"EventDataStoreArn":"` + arn + `","Name":"audit"}],` +
					`"NextToken":"a6IUdhP1YXJuOmF3czpjbG91ZHRyYWlsOnVzLWVhc3QtMToxMjM0NTY3ODkwMTI6ZXZlbnRkYXRhc3RvcmUvYWJj"}`},
			},
			{
				why:    "an empty body",
				target: shortTarget + "GetEventDataStore",
				body:   ``,
				want:   response{400, "", `{"__type":"InvalidParameterException","Message":"The event data store \"\" is not valid."}`},
			},
			{why: "a number for a name", target: shortTarget + "GetEventDataStore", body: `{"EventDataStore":5}`, want: response{400, "", ""}},
			{why: "a string for a number", target: shortTarget + "ListEventDataStores", body: `{"MaxResults":"5"}`, want: response{400, "", ""}},
			{
				why:    "a string for a number",
				target: shortTarget + "CreateEventDataStore",
				body:   `{"Name":"abc","RetentionPeriod":"5"}`,
				want:   response{400, "", ""},
			},
			{
				why:    "a string for a boolean",
				target: shortTarget + "UpdateEventDataStore",
				body:   `{"EventDataStore":"abc","MultiRegionEnabled":"true"}`,
				want:   response{400, "", ""},
			},
			{
				why:    "no name",
				target: shortTarget + "CreateEventDataStore",
				body:   `{}`,
				want:   response{400, "", `{"__type":"InvalidParameterException","Message":"The request must contain the parameter Name."}`},
			},
			{
				why:    "an array",
				target: shortTarget + "ListEventDataStores",
				body:   `[]`,
				want:   response{400, "", `{"__type":"SerializationException","Message":"The body is not a JSON object."}`},
			},
			{
				why:    "a member in another case",
				target: shortTarget + "GetEventDataStore",
				body:   `{"eventDataStore":"abc"}`,
				want:   response{400, "", `{"__type":"InvalidParameterException","Message":"The event data store \"\" is not valid."}`},
			},
			{
				why:    "a member in another case",
				target: shortTarget + "CreateEventDataStore",
				body:   `{"name":"abc"}`,
				want:   response{400, "", `{"__type":"InvalidParameterException","Message":"The request must contain the parameter Name."}`},
			},
			{why: "no operation", target: shortTarget, body: `{}`, want: response{400, "", ""}},
			{why: "another service", target: "Logs_20140328.GetEventDataStore", body: `{}`, want: response{400, "", ""}},
		} {
			status, header, body := do(t, s, test.target, test.body)
			got := response{status, header, body}
			if test.want.Status == 400 && test.want.Body == "" {
				test.want.Body = got.Body // whatever it says
			}
			assert.Equal(t, test.why, test.want, got)
		}
		s = ingestiontest.NewServer(func(o *ingestiontest.Options) { o.ErrorHeader = true })
		status, header, body := do(t, s, shortTarget+"GetEventDataStore", `{"EventDataStore":"abc"}`)
		assert.Equal(t, "an error by header", response{400, "EventDataStoreNotFoundException", `{"Message":"The event data store was not found."}`}, response{status, header, body})
	})
}

// fill sets every member of an SDK input. A string gets its own name, as in the request snapshots
// of the SDK.
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

// TestEveryMemberIsRead sends a request with all members to each supported operation, as the SDK
// encodes it. The server must decode every member. The SDK has no request snapshots of this
// protocol.
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
		"ListTags": func(fill func(any)) error {
			var in cloudtrail.ListTagsInput
			fill(&in)
			_, err := api.ListTags(ctx, &in)
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
	// A change of any single member changes what is shown, or the error names the member.
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
		} else if err != nil || cmp.Equal(before, after, ignoreUnexported) {
			t.Errorf("%s is not read: %v", member, err)
		}
	}
}

// members returns the names of the members of an SDK input.
func members[T any]() []string {
	var names []string
	for f := range reflect.TypeFor[T]().Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	return names
}

// settingsOf returns a response without what differs in every call.
func settingsOf(out *cloudtrail.GetEventDataStoreOutput) cloudtrail.GetEventDataStoreOutput {
	settings := *out
	settings.UpdatedTimestamp = nil
	return settings
}

// TestServeHTTP checks that clients can use the server through a socket.
func TestServeHTTP(t *testing.T) {
	s := ingestiontest.NewServer()
	arn := s.AddEventDataStore(ingestiontest.EventDataStore{})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request(t, longTarget+"StopEventDataStoreIngestion", `{"EventDataStore":"`+arn+`"}`))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || s.Status(arn) != ingestion.StatusStoppingIngestion {
		t.Errorf("%d %q, %s", w.Code, w.Body, s.Status(arn))
	}
}

// FuzzDocument looks for a request that makes the server panic or respond with a malformed
// document.
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
