package eventstreamtest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

type (
	server  = eventstreamtest.Server
	options = eventstreamtest.Options
	failure = eventstreamtest.Failure
)

const (
	uri       = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
	streamARN = "arn:aws:profile:us-east-1:123456789012:domains/example-domain/event-streams/example-stream"
)

// sdk ignores the unexported parts of the SDK's types.
var sdk = cmpopts.IgnoreTypes(middleware.Metadata{}, document.NoSerde{})

// client returns the SDK's client without its retries, so that a test sees each response.
func client(s *server) *customerprofiles.Client {
	return customerprofiles.NewFromConfig(s.Config(), func(o *customerprofiles.Options) { o.Retryer = aws.NopRetryer{} })
}

func create(t *testing.T, s *server, change ...func(*customerprofiles.CreateEventStreamInput)) (*customerprofiles.CreateEventStreamOutput, error) {
	t.Helper()
	in := &customerprofiles.CreateEventStreamInput{DomainName: new("example-domain"), EventStreamName: new("example-stream"), Uri: new(uri)}
	for _, f := range change {
		f(in)
	}
	return client(s).CreateEventStream(t.Context(), in)
}

func remove(t *testing.T, s *server, domain, name string) (*customerprofiles.DeleteEventStreamOutput, error) {
	t.Helper()
	return client(s).DeleteEventStream(t.Context(), &customerprofiles.DeleteEventStreamInput{DomainName: &domain, EventStreamName: &name})
}

func get(t *testing.T, s *server, domain, name string) (*customerprofiles.GetEventStreamOutput, error) {
	t.Helper()
	return client(s).GetEventStream(t.Context(), &customerprofiles.GetEventStreamInput{DomainName: &domain, EventStreamName: &name})
}

func list(t *testing.T, s *server, domain string, change ...func(*customerprofiles.ListEventStreamsInput)) (*customerprofiles.ListEventStreamsOutput, error) {
	t.Helper()
	in := &customerprofiles.ListEventStreamsInput{DomainName: &domain}
	for _, f := range change {
		f(in)
	}
	return client(s).ListEventStreams(t.Context(), in)
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

// shows returns what a read shows: the state of the stream and the status of its destination, or
// the error code.
func shows(t *testing.T, s *server) string {
	t.Helper()
	out, err := get(t, s, "example-domain", "example-stream")
	if err != nil {
		return code(t, err)
	}
	return string(out.State) + " " + string(out.DestinationDetails.Status)
}

func running(optFns ...func(*options)) *server {
	s := eventstreamtest.NewServer(optFns...)
	s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "example-stream", Uri: uri})
	return s
}

func TestCreateAndDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := eventstreamtest.NewServer(func(o *options) { o.DestinationSetup = time.Minute })
		s.AddDomain("example-domain")
		began := time.Now()
		time.Sleep(time.Hour + 1234567*time.Nanosecond) // the protocol has milliseconds
		tags := map[string]string{"team": "profiles", "a/b": ""}

		created, err := create(t, s, func(in *customerprofiles.CreateEventStreamInput) { in.Tags = tags })
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "create", &customerprofiles.CreateEventStreamOutput{EventStreamArn: new(streamARN), Tags: tags}, created, sdk)
		at := began.Add(time.Hour + time.Millisecond)
		want := &customerprofiles.GetEventStreamOutput{
			DomainName: new("example-domain"), EventStreamArn: new(streamARN), CreatedAt: &at, State: types.EventStreamStateRunning, Tags: tags,
			DestinationDetails: &types.EventStreamDestinationDetails{
				Uri: new(uri), Status: types.EventStreamDestinationStatusUnhealthy, UnhealthySince: &at,
			},
		}
		got, err := get(t, s, "example-domain", "example-stream")
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "get", want, got, sdk)
		time.Sleep(time.Minute - 1)
		if got := shows(t, s); got != "RUNNING UNHEALTHY" {
			t.Errorf("the instant before it is healthy: %s", got)
		}
		time.Sleep(1 * time.Nanosecond)
		s.Lapse(streamARN)
		stopped := at.Add(time.Minute)
		wantList := &customerprofiles.ListEventStreamsOutput{Items: []types.EventStreamSummary{{
			DomainName: new("example-domain"), EventStreamName: new("example-stream"), EventStreamArn: new(streamARN),
			State: types.EventStreamStateStopped, StoppedSince: &stopped, Tags: tags,
			DestinationSummary: &types.DestinationSummary{Uri: new(uri), Status: types.EventStreamDestinationStatusHealthy},
		}}}
		gotList, err := list(t, s, "example-domain")
		if err != nil {
			t.Fatal(err)
		}
		assert.Equal(t, "list", wantList, gotList, sdk)
		if _, err := remove(t, s, "example-domain", "example-stream"); err != nil {
			t.Fatal(err)
		}
		if gotList, err = list(t, s, "example-domain"); err != nil || len(gotList.Items) != 0 {
			t.Errorf("afterwards: %v, %v", gotList, err)
		}
		created1 := began.Add(time.Hour + 1234567)
		wantHistory := []eventstreamtest.Sighting{
			{State: eventstream.StateAbsent, At: began},
			{State: eventstream.StateRunning, At: created1},
			{State: eventstream.StateStopped, At: created1.Add(time.Minute)},
			{State: eventstream.StateAbsent, At: created1.Add(time.Minute)},
		}
		assert.Equal(t, "history", wantHistory, s.History(streamARN))
		if got := s.ARN("example-domain", "example-stream"); got != streamARN {
			t.Errorf("the ARN is %s", got)
		}
	})
}

func TestErrorResponses(t *testing.T) {
	type in = customerprofiles.CreateEventStreamInput
	with := func(f func(*in)) func(*testing.T, *server) error {
		return func(t *testing.T, s *server) error {
			s.Remove(streamARN)
			_, err := create(t, s, f)
			return err
		}
	}
	for _, test := range []struct {
		why     string
		do      func(t *testing.T, s *server) error // with the stream running
		code    string
		status  int
		message string // a part of it
	}{
		{"the stream exists", func(t *testing.T, s *server) error { _, err := create(t, s); return err },
			"BadRequestException", 400, "The Customer Profiles Domain: example-domain is already associated with an active EventStream"},
		{"the domain has another", func(t *testing.T, s *server) error {
			_, err := create(t, s, func(i *in) { i.EventStreamName = new("other") })
			return err
		}, "BadRequestException", 400, "already associated with an active EventStream"},
		{"the stream is stopped", func(t *testing.T, s *server) error {
			s.Lapse(streamARN)
			_, err := create(t, s)
			return err
		}, "BadRequestException", 400, "already associated with an active EventStream"},
		{"no such domain", with(func(i *in) { i.DomainName = new("x") }), "ResourceNotFoundException", 404, "The domain x does not exist, or access to it was denied"},
		{"names are compared with regard to case", with(func(i *in) { i.DomainName = new("Example-Domain") }), "ResourceNotFoundException", 404, "Example-Domain"},
		{"a bad name", with(func(i *in) { i.EventStreamName = new("a.b") }), "BadRequestException", 400, "EventStreamName must contain only"},
		{"a name that the path has to encode", with(func(i *in) { i.EventStreamName = new("a/ü") }), "BadRequestException", 400, `got '/'`},
		{"a destination of another service", with(func(i *in) { i.Uri = new("arn:aws:firehose:us-east-1:123456789012:deliverystream/a") }), "BadRequestException", 400, "Uri must be an ARN of kinesis"},
		{"a destination in another Region", with(func(i *in) { i.Uri = new(strings.Replace(uri, "us-east-1", "eu-west-1", 1)) }), "BadRequestException", 400, "in the account and Region of the domain"},
		{"a destination in another account", with(func(i *in) { i.Uri = new(strings.Replace(uri, "123456789012", "210987654321", 1)) }), "BadRequestException", 400, "in the account and Region of the domain"},
		{"a map without tags", with(func(i *in) { i.Tags = map[string]string{} }), "BadRequestException", 400, "Tags must have at least 1 entry"},
		{"a tag that AWS keeps for itself", with(func(i *in) { i.Tags = map[string]string{"aws:x": ""} }), "BadRequestException", 400, "aws:x"},
		{"a destination that is not active", func(t *testing.T, s *server) error {
			s.SetKinesisStream(uri, eventstreamtest.KinesisNotActive)
			return with(func(*in) {})(t, s)
		}, "BadRequestException", 400, eventstreamtest.MessageNotActive},
		{"a destination that is missing", func(t *testing.T, s *server) error {
			s.SetKinesisStream(uri, eventstreamtest.KinesisMissing)
			return with(func(*in) {})(t, s)
		}, "BadRequestException", 400, eventstreamtest.MessageMissing},
		{"delete what is not there", func(t *testing.T, s *server) error { _, err := remove(t, s, "example-domain", "x"); return err },
			"ResourceNotFoundException", 404, "The event stream x of the domain example-domain does not exist, or access to it was denied"},
		{"delete in a domain that is not there", func(t *testing.T, s *server) error { _, err := remove(t, s, "x", "x"); return err },
			"ResourceNotFoundException", 404, "The domain x"},
		{"get what is not there", func(t *testing.T, s *server) error { _, err := get(t, s, "example-domain", "x"); return err },
			"ResourceNotFoundException", 404, "The event stream x"},
		{"get a bad name", func(t *testing.T, s *server) error {
			_, err := get(t, s, "example-domain", strings.Repeat("a", 65))
			return err
		}, "BadRequestException", 400, "EventStreamName must have 1 to 64 characters, got 65"},
		{"list a domain that is not there", func(t *testing.T, s *server) error { _, err := list(t, s, "x"); return err },
			"ResourceNotFoundException", 404, "The domain x"},
		{"list a bad name", func(t *testing.T, s *server) error { _, err := list(t, s, ".."); return err },
			"BadRequestException", 400, "DomainName must contain only"},
		{"too large a page", func(t *testing.T, s *server) error {
			_, err := list(t, s, "example-domain", func(i *customerprofiles.ListEventStreamsInput) { i.MaxResults = new(int32(101)) })
			return err
		}, "BadRequestException", 400, "max-results must be from 1 to 100"},
		{"too small a page", func(t *testing.T, s *server) error {
			_, err := list(t, s, "example-domain", func(i *customerprofiles.ListEventStreamsInput) { i.MaxResults = new(int32(0)) })
			return err
		}, "BadRequestException", 400, "max-results must be from 1 to 100"},
		{"a made-up token", func(t *testing.T, s *server) error {
			_, err := list(t, s, "example-domain", func(i *customerprofiles.ListEventStreamsInput) { i.NextToken = new("!") })
			return err
		}, "BadRequestException", 400, "next-token"},
		{"an unsupported operation", func(t *testing.T, s *server) error {
			_, err := client(s).GetDomain(t.Context(), &customerprofiles.GetDomainInput{DomainName: new("x")})
			return err
		}, "UnknownOperationException", 404, "It supports CreateEventStream (POST /domains/{DomainName}/event-streams/{EventStreamName}), DeleteEventStream"},
	} {
		t.Run(test.why, func(t *testing.T) {
			err := test.do(t, running())
			if got := code(t, err); got != test.code {
				t.Fatalf("the code is %q: %v", got, err)
			}
			response, _ := errors.AsType[*awshttp.ResponseError](err)
			if response.HTTPStatusCode() != test.status || response.ServiceRequestID() == "" {
				t.Errorf("status %d, request %q", response.HTTPStatusCode(), response.ServiceRequestID())
			}
			if api, _ := errors.AsType[smithy.APIError](err); !strings.Contains(api.ErrorMessage(), test.message) {
				t.Errorf("the message is %q, want %q", api.ErrorMessage(), test.message)
			}
		})
	}
}

func TestErrorResponsesHaveSDKTypes(t *testing.T) {
	s := running()
	_, err := create(t, s)
	if _, ok := errors.AsType[*types.BadRequestException](err); !ok {
		t.Error(err)
	}
	_, err = remove(t, s, "x", "x")
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Error(err)
	}
	s.Throttle(1, 0)
	shows(t, s)
	_, err = get(t, s, "example-domain", "example-stream")
	if _, ok := errors.AsType[*types.ThrottlingException](err); !ok {
		t.Error(err)
	}
}

// TestSettingsOfUnconfirmedBehavior checks the options for what is unconfirmed.
func TestSettingsOfUnconfirmedBehavior(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			op    statemachine.Operation
			arn   string
			state eventstream.State
		}
		var asked []seen
		s := running(func(o *options) {
			o.AcceptUnusableDestination = true
			o.DestinationRecovery = time.Minute
			o.Refuse = func(op statemachine.Operation, arn string, state eventstream.State) *eventstreamtest.Refusal {
				asked = append(asked, seen{op, arn, state})
				if op == eventstream.CreateEventStream {
					return &eventstreamtest.Refusal{Code: "ConflictException", Message: "no", Status: 409}
				}
				return nil
			}
		})
		_, err := create(t, s)
		_, err2 := create(t, s, func(in *customerprofiles.CreateEventStreamInput) { in.EventStreamName = new("other") })
		_, err3 := remove(t, s, "example-domain", "other")
		assert.Equal(t, "codes", []string{"ConflictException", "ConflictException", "ResourceNotFoundException"}, []string{code(t, err), code(t, err2), code(t, err3)})
		other := s.ARN("example-domain", "other")
		want := []seen{
			{eventstream.CreateEventStream, streamARN, eventstream.StateRunning},
			{eventstream.CreateEventStream, other, eventstream.StateAbsent},
			{eventstream.DeleteEventStream, other, eventstream.StateAbsent},
		}
		if !slices.Equal(want, asked) {
			t.Errorf("asked about %v", asked)
		}

		s.Remove(streamARN)
		s.SetKinesisStream(uri, eventstreamtest.KinesisMissing)
		if _, err := create(t, s); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		out, err := get(t, s, "example-domain", "example-stream")
		if err != nil || out.DestinationDetails.Status != "UNHEALTHY" || aws.ToString(out.DestinationDetails.Message) != eventstreamtest.MessageMissing {
			t.Errorf("a destination that does not recover: %+v, %v", out.DestinationDetails, err)
		}
	})
}

func TestListPages(t *testing.T) {
	s := eventstreamtest.NewServer(func(o *options) { o.PageSize, o.StreamsPerDomain = 2, 4 })
	for _, name := range []string{"d", "b", "a", "c"} {
		s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: name})
	}
	s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain-2", EventStreamName: "e"})
	s.AddDomain("example")
	pages := func(size *int32) (names []string) {
		p := customerprofiles.NewListEventStreamsPaginator(client(s), &customerprofiles.ListEventStreamsInput{DomainName: new("example-domain"), MaxResults: size})
		for p.HasMorePages() {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, item := range page.Items {
				text += *item.EventStreamName
			}
			names = append(names, text)
		}
		return names
	}
	assert.Equal(t, "the default", []string{"ab", "cd"}, pages(nil))
	assert.Equal(t, "three", []string{"abc", "d"}, pages(new(int32(3))))
	s.Remove(s.ARN("example-domain", "b"))
	assert.Equal(t, "all", []string{"acd"}, pages(new(int32(100))))
	if out, err := list(t, s, "example"); err != nil || len(out.Items) != 0 || out.NextToken != nil {
		t.Errorf("a domain whose name begins the others': %+v, %v", out, err)
	}
	if _, err := create(t, s); err != nil {
		t.Errorf("the fourth of four streams: %v", err)
	}
	if _, err := create(t, s, func(in *customerprofiles.CreateEventStreamInput) { in.EventStreamName = new("fifth") }); code(t, err) != "BadRequestException" {
		t.Errorf("the fifth of four streams: %v", err)
	}
}

func TestChangesOfOtherActors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := running(func(o *options) { o.DestinationRecovery = time.Minute })
		var got []string
		see := func() { got = append(got, shows(t, s)+" "+string(s.State(streamARN))) }
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageKey)
		see()
		time.Sleep(time.Minute)
		see()
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageThrottled)
		time.Sleep(30 * time.Second)
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageNotActive) // replaces the recoverable one
		time.Sleep(time.Hour)
		see()
		s.SetDestination(streamARN, eventstream.DestinationHealthy, "")
		see()
		s.Set(streamARN, eventstream.StateStopped)
		see()
		s.Lapse(streamARN) // it is stopped already
		see()
		s.Set(streamARN, eventstream.StateRunning)
		see()
		s.Set(streamARN, "PAUSED")
		see()
		s.Set(streamARN, eventstream.StateAbsent)
		see()
		s.Set(streamARN, eventstream.StateRunning) // there is no such stream
		see()
		want := []string{
			"RUNNING UNHEALTHY RUNNING", "RUNNING HEALTHY RUNNING", "RUNNING UNHEALTHY RUNNING", "RUNNING HEALTHY RUNNING",
			"STOPPED HEALTHY STOPPED", "STOPPED HEALTHY STOPPED", "RUNNING HEALTHY RUNNING", "PAUSED HEALTHY PAUSED",
			"ResourceNotFoundException ABSENT", "ResourceNotFoundException ABSENT",
		}
		assert.Equal(t, "result", want, got)
	})
}

// TestUnknownStatePermitsNothing checks that no command is permitted in an unknown state.
func TestUnknownStatePermitsNothing(t *testing.T) {
	s := running()
	s.Set(streamARN, "PAUSED")
	if _, err := remove(t, s, "example-domain", "example-stream"); code(t, err) != "ResourceNotFoundException" {
		t.Errorf("delete: %v", err)
	}
}

func TestStaleReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := eventstreamtest.NewServer()
		s.AddDomain("example-domain")
		var got []string
		see := func() { got = append(got, shows(t, s)) }
		s.Stale(streamARN, 40*time.Second) // of a stream that is not there yet
		if _, err := create(t, s); err != nil {
			t.Fatal(err)
		}
		see()
		out, err := list(t, s, "example-domain")
		if err != nil || len(out.Items) != 0 {
			t.Errorf("an old list: %+v, %v", out, err)
		}
		time.Sleep(40 * time.Second)
		see()
		s.Stale("", 0)
		s.FreezeReads(streamARN, 2)
		s.Remove(streamARN)
		see()
		see()
		see()
		want := []string{"ResourceNotFoundException", "RUNNING HEALTHY", "RUNNING HEALTHY", "RUNNING HEALTHY", "ResourceNotFoundException"}
		assert.Equal(t, "result", want, got)
	})
}

func TestStaleFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := running(func(o *options) {
			o.StaleFunc = func(arn string) time.Duration {
				if arn == streamARN {
					return time.Minute
				}
				return 0
			}
		})
		time.Sleep(time.Hour)
		s.Lapse(streamARN)
		if got := shows(t, s); got != "RUNNING HEALTHY" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(time.Minute)
		if got := shows(t, s); got != "STOPPED HEALTHY" {
			t.Errorf("later: %s", got)
		}
	})
}

func TestReadsPerTransition(t *testing.T) {
	s := eventstreamtest.NewServer(func(o *options) { o.ReadsPerTransition = 2 })
	s.AddDomain("example-domain")
	if _, err := create(t, s); err != nil {
		t.Fatal(err)
	}
	got := []string{shows(t, s), shows(t, s), shows(t, s)}
	assert.Equal(t, "result", []string{"RUNNING UNHEALTHY", "RUNNING UNHEALTHY", "RUNNING HEALTHY"}, got)
}

func TestTransition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		s := running(func(o *options) {
			o.Transition = func(arn, from, to string) time.Duration {
				asked = append(asked, arn+" "+from+" "+to)
				return 90 * time.Second
			}
		})
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, "")
		time.Sleep(90*time.Second - 1)
		before := shows(t, s)
		time.Sleep(1 * time.Nanosecond)
		assert.Equal(t, "result", []string{"RUNNING UNHEALTHY", "RUNNING HEALTHY"}, []string{before, shows(t, s)})
		assert.Equal(t, "asked", []string{streamARN + " UNHEALTHY HEALTHY"}, asked)
	})
}

// TestThrottle checks that each operation has its own bucket.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := running()
		s.Throttle(5, 5)
		ok := func() map[string]int {
			n := map[string]int{}
			for range 10 {
				for op, do := range map[string]func() error{
					"get":    func() error { _, err := get(t, s, "example-domain", "example-stream"); return err },
					"list":   func() error { _, err := list(t, s, "example-domain"); return err },
					"create": func() error { _, err := create(t, s); return err },
					"delete": func() error { _, err := remove(t, s, "example-domain", "x"); return err },
				} {
					if code(t, do()) != "ThrottlingException" {
						n[op]++
					}
				}
			}
			return n
		}
		want := map[string]int{"get": 5, "list": 5, "delete": 5, "create": 1}
		assert.Equal(t, "at first", want, ok())
		time.Sleep(time.Second)
		assert.Equal(t, "a second later", want, ok())
		s.Throttle(0, 0)
		assert.Equal(t, "without", map[string]int{"get": 10, "list": 10, "delete": 10, "create": 10}, ok())
	})
}

func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := running(func(o *options) {
			o.Latency = func(c eventstreamtest.Call) time.Duration { return time.Duration(c.Records) * time.Second }
		})
		began := time.Now()
		shows(t, s)
		s.Fail("ListEventStreams", failure{Resource: "other-domain", Code: "AccessDeniedException", Status: 403})
		if _, err := list(t, s, "example-domain"); err != nil {
			t.Errorf("a failure of another domain: %v", err)
		}
		s.ClearFailures("")
		s.Fail("", failure{Resource: streamARN, Drop: true})
		if _, err := remove(t, s, "example-domain", "example-stream"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a broken connection: %v", err)
		}
		s.Fail("DeleteEventStream", failure{Lost: true})
		if _, err := remove(t, s, "example-domain", "example-stream"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a lost response: %v", err)
		}
		want := []eventstreamtest.Call{
			{At: began, Operation: "GetEventStream", Resource: streamARN, ResourceCount: 1, Accepted: true, Records: 1, Status: 200},
			{At: began.Add(time.Second), Operation: "ListEventStreams", Resource: "example-domain", ResourceCount: 1, Accepted: true, Records: 1, Status: 200},
			{At: began.Add(2 * time.Second), Operation: "DeleteEventStream", Resource: streamARN, ResourceCount: 1},
			{At: began.Add(2 * time.Second), Operation: "DeleteEventStream", Resource: streamARN, ResourceCount: 1, Accepted: true},
		}
		assert.Equal(t, "result", want, s.Calls())
	})
}

func TestInterceptCanUseServer(t *testing.T) {
	var s *server
	s = running(func(o *options) {
		o.Intercept = func(c eventstreamtest.Call) *failure {
			if c.Operation == eventstream.DeleteEventStream {
				s.Remove(c.Resource) // another actor was faster
				return nil
			}
			return &failure{Code: "InternalServerException", Status: 500}
		}
	})
	if _, err := remove(t, s, "example-domain", "example-stream"); code(t, err) != "ResourceNotFoundException" {
		t.Errorf("got %v", err)
	}
	if got := shows(t, s); got != "InternalServerException" {
		t.Errorf("got %s", got)
	}
}

// TestServeHTTP checks that the responses through a socket are those of AWS.
func TestServeHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := running()
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, "no")
		for _, test := range []struct {
			why, method, path, body string
			want                    int
			says                    string
		}{
			{"get", "GET", "/domains/example-domain/event-streams/example-stream", "", 200,
				`{"DomainName":"example-domain","EventStreamArn":"` + streamARN + `","CreatedAt":946684800.000,"State":"RUNNING",` +
					`"DestinationDetails":{"Uri":"` + uri + `","Status":"UNHEALTHY","UnhealthySince":946684800.000,"Message":"no"}}`},
			{"an encoded letter", "GET", "/domains/%65xample-domain/event-streams?max-results=1", "", 200,
				`{"Items":[{"DomainName":"example-domain","EventStreamName":"example-stream","EventStreamArn":"` + streamARN + `","State":"RUNNING",` +
					`"DestinationSummary":{"Uri":"` + uri + `","Status":"UNHEALTHY","UnhealthySince":946684800.000}}]}`},
			{"no items", "GET", "/domains/other/event-streams", "", 200, `{"Items":[]}`},
			{"an encoded slash", "GET", "/domains/example-domain%2Fevent-streams", "", 404, ""},
			{"delete", "DELETE", "/domains/example-domain/event-streams/example-stream", "", 200, "{}"},
			{"create", "POST", "/domains/example-domain/event-streams/example-stream", `{"Uri":"` + uri + `"}`, 200, `{"EventStreamArn":"` + streamARN + `"}`},
			{"half a document", "POST", "/domains/example-domain/event-streams/example-stream", `{"Uri":`, 400, ""},
			{"no document", "POST", "/domains/example-domain/event-streams/example-stream", "", 400, ""},
			{"a number for a text", "POST", "/domains/example-domain/event-streams/example-stream", `{"Uri":1}`, 400, ""},
			{"an update", "PUT", "/domains/example-domain/event-streams/example-stream", "{}", 404, ""},
		} {
			s.AddDomain("other")
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != test.want || test.says != "" && w.Body.String() != test.says {
				t.Errorf("%s: %d %s", test.why, w.Code, w.Body)
			}
			if w.Header().Get("X-Amzn-Requestid") == "" || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: headers %v", test.why, w.Header())
			}
			if hasType := w.Header().Get("X-Amzn-Errortype") != ""; hasType != (w.Code != http.StatusOK) {
				t.Errorf("%s: error type %q", test.why, w.Header().Get("X-Amzn-Errortype"))
			}
		}
	})
}

func TestPartitions(t *testing.T) {
	s := eventstreamtest.NewServer(func(o *options) { o.Region, o.Account = "cn-north-1", "12345" })
	arn := s.AddEventStream(eventstreamtest.EventStream{})
	if want := "arn:aws-cn:profile:cn-north-1:12345:domains/domain-1/event-streams/event-stream-1"; arn != want {
		t.Errorf("got %s", arn)
	}
	out, err := get(t, s, "domain-1", "event-stream-1")
	if err != nil || *out.DestinationDetails.Uri != "arn:aws-cn:kinesis:cn-north-1:12345:stream/domain-1" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := eventstreamtest.NewServer(func(o *options) {
			o.Latency = func(eventstreamtest.Call) time.Duration { return 300 * time.Millisecond }
			o.DestinationSetup = time.Minute
		})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				domain := fmt.Sprintf("d-%d", i)
				s.AddDomain(domain)
				if _, err := create(t, s, func(in *customerprofiles.CreateEventStreamInput) { in.DomainName = &domain }); err != nil {
					t.Error(err)
				}
				arn := s.ARN(domain, "example-stream")
				s.Fail("GetEventStream", failure{Resource: arn, Code: "Busy"})
				if _, err := get(t, s, domain, "example-stream"); code(t, err) != "Busy" {
					t.Errorf("%s: %v", arn, err)
				}
				time.Sleep(time.Minute)
				out, err := get(t, s, domain, "example-stream")
				if err != nil || out.DestinationDetails.Status != "HEALTHY" {
					t.Errorf("%s: %+v, %v", arn, out, err)
				}
				s.Calls()
				s.History(arn)
			})
		}
		wg.Wait()
		if n := len(s.Calls()); n != 60 {
			t.Errorf("%d calls", n)
		}
	})
}
