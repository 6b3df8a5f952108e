package eventstream_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/aws-sdk-go-v2/service/customerprofiles/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// once disables the SDK's retries.
func once(o *customerprofiles.Options) { o.Retryer = aws.NopRetryer{} }

var noMetadata = cmp.Options{
	cmpopts.IgnoreFields(eventstream.CreateOutput{}, "ResultMetadata"),
	cmpopts.IgnoreFields(eventstream.DeleteOutput{}, "ResultMetadata"),
}

func TestOperationsFromCreateToDelete(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := empty()
		c := client(s)
		ctx := t.Context()
		began := time.Now()
		tags := map[string]string{"team": "profiles", "cost/center": ""}

		in := create()
		in.Tags = tags
		created := assert.Must(c.Create(ctx, in))(t)
		assert.Equal(t, "create", &eventstream.CreateOutput{EventStreamArn: streamARN, Tags: tags}, created, noMetadata)

		pass(time.Hour)
		s.SetDestination(streamARN, eventstream.DestinationUnhealthy, eventstreamtest.MessageKey)
		pass(time.Hour)
		s.Lapse(streamARN)
		want := &eventstream.Stream{
			DomainName: "example-domain", EventStreamName: "example-stream", EventStreamArn: streamARN,
			CreatedAt: began, State: eventstream.StateStopped, StoppedSince: began.Add(2 * time.Hour),
			Destination: eventstream.Destination{
				Uri: uri, Status: eventstream.DestinationUnhealthy, UnhealthySince: began.Add(time.Hour), Message: eventstreamtest.MessageKey,
			},
			Tags: tags,
		}
		assert.Equal(t, "get", want, assert.Must(c.Get(ctx, ref()))(t))

		want.CreatedAt, want.Message = time.Time{}, ""
		assert.Equal(t, "list", []*eventstream.Stream{want}, all(t, c, "example-domain"))

		assert.Equal(t, "delete", &eventstream.DeleteOutput{}, assert.Must(c.Delete(ctx, ref()))(t), noMetadata)
		assert.Equal(t, "list", nil, all(t, c, "example-domain"))
		assert.Equal(t, "calls", []string{
			"0s CreateEventStream ok", "2h0m0s GetEventStream ok", "2h0m0s ListEventStreams ok", "2h0m0s DeleteEventStream ok",
			"2h0m0.25s ListEventStreams ok", // the pacer delays it
		}, calls(s, began))
	})
}

func all(t *testing.T, c *eventstream.Client, domainName string) []*eventstream.Stream {
	t.Helper()
	var list []*eventstream.Stream
	for s, err := range c.List(t.Context(), domainName) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func TestRejectedCommandsHaveKind(t *testing.T) {
	other := eventstream.Ref{DomainName: "example-domain", EventStreamName: "other"}
	for _, test := range []struct {
		why  string
		do   func(ctx context.Context, s *server, c *eventstream.Client) error
		want statemachine.Kind
	}{
		{"the stream exists", func(ctx context.Context, _ *server, c *eventstream.Client) error {
			_, err := c.Create(ctx, create())
			return err
		}, statemachine.AlreadyInState},
		{"a domain has one stream", func(ctx context.Context, _ *server, c *eventstream.Client) error {
			_, err := c.Create(ctx, &eventstream.CreateInput{Ref: other, Uri: uri})
			return err
		}, statemachine.AlreadyInState},
		{"no such destination", func(ctx context.Context, s *server, c *eventstream.Client) error {
			s.Remove(streamARN)
			s.SetKinesisStream(uri, eventstreamtest.KinesisMissing)
			_, err := c.Create(ctx, create())
			return err
		}, statemachine.InvalidInput},
		{"no such domain", func(ctx context.Context, _ *server, c *eventstream.Client) error {
			_, err := c.Create(ctx, &eventstream.CreateInput{Ref: eventstream.Ref{DomainName: "x", EventStreamName: "y"}, Uri: uri})
			return err
		}, statemachine.NotFound},
		{"no such stream", func(ctx context.Context, _ *server, c *eventstream.Client) error {
			_, err := c.Delete(ctx, other)
			return err
		}, statemachine.NotFound},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := running()
			assert.Equal(t, "kind", test.want, statemachine.KindOf(test.do(t.Context(), s, client(s))))
		})
	}
}

// TestGetConfirmsAbsenceWithList checks that a stream is reported as absent only if the list of
// its domain lacks it.
func TestGetConfirmsAbsenceWithList(t *testing.T) {
	notFound := failure{Code: "ResourceNotFoundException", Status: 404, Times: -1}
	for _, test := range []struct {
		why   string
		setup func(s *server)
		kind  statemachine.Kind
		op    statemachine.Operation
		says  []string
		calls []string
	}{
		{
			why: "confirmed", setup: func(s *server) { s.Remove(streamARN) }, kind: statemachine.NotFound, op: getEventStream,
			says:  []string{"example-domain/example-stream: not found: ResourceNotFoundException", "does not exist"},
			calls: []string{"0s GetEventStream ResourceNotFoundException", "0s ListEventStreams ok"},
		},
		{
			why: "confirmed on the third page", kind: statemachine.NotFound, op: getEventStream,
			setup: func(s *server) {
				s.Remove(streamARN)
				for i := range 250 {
					s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: "s" + strings.Repeat("x", i%60) + string(rune('a'+i/60))})
				}
			},
			calls: []string{"0s GetEventStream ResourceNotFoundException", "0s ListEventStreams ok", "250ms ListEventStreams ok", "500ms ListEventStreams ok"},
		},
		{
			why: "the list has it", setup: func(s *server) { s.Fail(getEventStream, notFound) }, kind: statemachine.Unavailable, op: getEventStream,
			says:  []string{"GetEventStream reports that the stream does not exist or access was denied, but ListEventStreams lists it"},
			calls: []string{"0s GetEventStream ResourceNotFoundException", "0s ListEventStreams ok"},
		},
		{
			why: "both are denied", setup: func(s *server) { s.Fail("", notFound) }, kind: statemachine.NotFound, op: getEventStream,
			says:  []string{"event stream or domain not found, or access denied"},
			calls: []string{"0s GetEventStream ResourceNotFoundException", "0s ListEventStreams ResourceNotFoundException"},
		},
		{
			why: "the list is denied", kind: statemachine.AccessDenied, op: listEventStreams,
			setup: func(s *server) {
				s.Remove(streamARN)
				s.Fail(listEventStreams, failure{Code: "AccessDeniedException", Message: "profile:ListEventStreams", Status: 403})
			},
			says:  []string{"GetEventStream example-domain/example-stream: event stream not found or access denied; could not verify with ListEventStreams", "profile:ListEventStreams"},
			calls: []string{"0s GetEventStream ResourceNotFoundException", "0s ListEventStreams AccessDeniedException"},
		},
		{
			why: "Get is denied", kind: statemachine.AccessDenied, op: getEventStream,
			setup: func(s *server) { s.Fail(getEventStream, failure{Code: "AccessDeniedException", Status: 403}) },
			calls: []string{"0s GetEventStream AccessDeniedException"},
		},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := running()
			test.setup(s)
			began := time.Now()
			got, err := client(s).Get(t.Context(), ref())
			if got != nil {
				t.Errorf("stream and error: %+v", got)
			}
			fault := assert.ErrorAs[*statemachine.Fault](t, err)
			assert.Equal(t, "kind", test.kind, fault.Kind)
			assert.Equal(t, "operation", test.op, fault.Operation)
			assert.ErrorContains(t, err, test.says...)
			assert.Equal(t, "calls", test.calls, calls(s, began))
		})
	}
}

func TestListReadsAllPages(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := empty()
		s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain-2"}) // the next one in the order of names
		var want []string
		for i := range 250 {
			name := strings.Repeat("x", i%60+1) + string(rune('a'+i/60))
			s.AddEventStream(eventstreamtest.EventStream{DomainName: "example-domain", EventStreamName: name})
			want = append(want, name)
		}
		slices.Sort(want)
		c := client(s)
		var got []string
		for _, stream := range all(t, c, "example-domain") {
			got = append(got, stream.EventStreamName)
		}
		assert.Equal(t, "names", want, got)
		assert.Equal(t, "reads", 3, len(s.Calls()))

		for range c.List(t.Context(), "example-domain") {
			break
		}
		assert.Equal(t, "reads after the first stream", 4, len(s.Calls()))
	})
}

// TestListEndsWithError checks that List yields an error once, and reads again when it is ranged
// over again.
func TestListEndsWithError(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := running()
		c := client(s, func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, once) })
		list := c.List(t.Context(), "example-domain")
		s.Fail(listEventStreams, failure{Code: "ThrottlingException", Status: 429})
		n := 0
		for stream, err := range list {
			n++
			if stream != nil {
				t.Errorf("stream and error: %+v", stream)
			}
			assert.Equal(t, "kind", statemachine.Throttled, statemachine.KindOf(err))
		}
		assert.Equal(t, "yields", 1, n)
		began := time.Now()
		for _, err := range list {
			if err != nil {
				t.Error(err)
			}
		}
		assert.Equal(t, "pause after throttling", time.Second, time.Since(began))
		assert.Equal(t, "no such domain", statemachine.NotFound, statemachine.KindOf(first(c.List(t.Context(), "x"))))
	})
}

// mock is an API without a Region and with fixed responses.
type mock struct {
	eventstream.API

	options []func(*customerprofiles.Options)
	created *customerprofiles.CreateEventStreamInput
}

func (m *mock) GetEventStream(context.Context, *customerprofiles.GetEventStreamInput, ...func(*customerprofiles.Options)) (*customerprofiles.GetEventStreamOutput, error) {
	return nil, nil
}

func (m *mock) ListEventStreams(_ context.Context, in *customerprofiles.ListEventStreamsInput, _ ...func(*customerprofiles.Options)) (*customerprofiles.ListEventStreamsOutput, error) {
	return &customerprofiles.ListEventStreamsOutput{NextToken: new("again"), Items: []types.EventStreamSummary{
		{DomainName: in.DomainName, EventStreamName: new("a")},
	}}, nil
}

func (m *mock) CreateEventStream(_ context.Context, in *customerprofiles.CreateEventStreamInput, optFns ...func(*customerprofiles.Options)) (*customerprofiles.CreateEventStreamOutput, error) {
	m.created, m.options = in, optFns
	return &customerprofiles.CreateEventStreamOutput{EventStreamArn: new(streamARN)}, nil
}

func TestClientWorksWithMock(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		m := &mock{}
		c := eventstream.New(m)
		if _, err := c.Get(t.Context(), ref()); statemachine.KindOf(err) != statemachine.Unavailable {
			t.Errorf("nil response: %v", err)
		}
		n := 0
		for _, err := range c.List(t.Context(), "example-domain") {
			if n++; err != nil {
				assert.ErrorContains(t, err, "the list would never end")
			}
		}
		assert.Equal(t, "yields of a list with a repeated token", 2, n)
		in := create()
		in.Uri, in.Tags = strings.Replace(uri, "us-east-1", "eu-west-1", 1), map[string]string{}
		assert.Must(c.Create(t.Context(), in))(t) // the Region is unknown
		assert.Equal(t, "no tags", true, m.created.Tags == nil)
	})
}

// TestCallOptionsDoNotChangeClient checks the order of the options, and that those of a call
// change a copy.
func TestCallOptionsDoNotChangeClient(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		m := &mock{}
		var seen []string
		say := func(what string) func(*customerprofiles.Options) {
			return func(*customerprofiles.Options) { seen = append(seen, what) }
		}
		with := func(what string) func(*eventstream.Options) {
			return func(o *eventstream.Options) { o.ClientOptions = append(o.ClientOptions, say(what)) }
		}
		c := eventstream.New(m, with("client"))
		for _, want := range [][]string{{"client", "first"}, {"client", "second"}} {
			assert.Must(c.Create(t.Context(), create(), with(want[1])))(t)
			seen = nil
			for _, fn := range m.options {
				fn(&customerprofiles.Options{})
			}
			assert.Equal(t, "options", want, seen)
		}
	})
}

// TestRegionOfCallIsChecked checks that the Region of a call's options counts.
func TestRegionOfCallIsChecked(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := running(func(o *options) { o.Region = "eu-west-1" })
		c := client(s)
		in := create()
		_, err := c.Create(t.Context(), in)
		assert.ErrorContains(t, err, "must be in the client's Region eu-west-1, got an ARN in us-east-1")
		_, err = c.Create(t.Context(), in, func(o *eventstream.Options) {
			o.ClientOptions = append(o.ClientOptions, func(o *customerprofiles.Options) { o.Region = "us-east-1" })
		})
		assert.Equal(t, "kind of the error of the service", statemachine.NotFound, statemachine.KindOf(err))
		assert.Equal(t, "calls", 1, len(s.Calls()))
	})
}

// TestOnlyPlainCallsKeepRetries checks that plain calls keep the SDK's retries, and that waits do
// not.
func TestOnlyPlainCallsKeepRetries(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := running()
		s.Fail(getEventStream, failure{Code: "InternalServerException", Status: 500, Times: 2})
		assert.Must(client(s).Get(t.Context(), ref()))(t)
		assert.Equal(t, "attempts", 3, len(s.Calls()))

		s = running()
		began := time.Now()
		s.Fail(getEventStream, failure{Code: "InternalServerException", Status: 500, Times: 2})
		assert.Must(client(s, func(o *eventstream.Options) {
			o.ClientOptions = append(o.ClientOptions, func(o *customerprofiles.Options) { o.RetryMaxAttempts = 10 })
		}).Wait(t.Context(), ref(), eventstream.StateRunning, time.Hour))(t)
		assert.Equal(t, "reads", []string{
			"0s GetEventStream InternalServerException", "4s GetEventStream InternalServerException", "8s GetEventStream ok",
		}, calls(s, began))
	})
}

// TestWaitsStayUnderQuota runs many Ensure methods of one client under the quotas of the service.
func TestWaitsStayUnderQuota(t *testing.T) {
	assert.RunSynctest(t, "", func(t *testing.T) {
		s := eventstreamtest.NewServer()
		s.Throttle(5, 5)
		c := client(s)
		done := make(chan error)
		for i := range 20 {
			r := eventstream.Ref{DomainName: "domain-" + string(rune('a'+i)), EventStreamName: "s"}
			s.AddDomain(r.DomainName)
			go func() {
				_, err := c.EnsureCreated(t.Context(), &eventstream.CreateInput{Ref: r, Uri: uri}, time.Hour)
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		codes := map[string]int{}
		for _, call := range s.Calls() {
			codes[outcome(call)]++
		}
		delete(codes, "ok")
		delete(codes, "ResourceNotFoundException")
		assert.Equal(t, "error codes", nil, slices.Sorted(maps.Keys(codes)))
	})
}
