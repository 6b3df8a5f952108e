package eventstream_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/eventstream/eventstreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func TestSetTags(t *testing.T) {
	type tags = map[string]string
	both := []statemachine.Operation{eventstream.TagResource, eventstream.UntagResource}
	for _, test := range []struct {
		why        string
		have, want tags
		dryRun     bool
		after      tags
		operations []statemachine.Operation
		planned    []statemachine.Operation
	}{
		{why: "equal", have: tags{"team": "audit"}, want: tags{"team": "audit"}, after: tags{"team": "audit"}},
		{why: "none", want: nil},
		{why: "one is new", want: tags{"team": "audit"}, after: tags{"team": "audit"}, operations: both[:1]},
		{
			why: "one has another value", have: tags{"team": "a", "cost": "1"}, want: tags{"team": "b", "cost": "1"},
			after: tags{"team": "b", "cost": "1"}, operations: both[:1],
		},
		{why: "one is too many", have: tags{"team": "a", "cost": "1"}, want: tags{"team": "a"}, after: tags{"team": "a"}, operations: both[1:]},
		{why: "all", have: tags{"x": "1", "y": "2"}, want: tags{"a/b:c": "=", "x": ""}, after: tags{"a/b:c": "=", "x": ""}, operations: both},
		{why: "a dry run", have: tags{"x": "1"}, want: tags{"y": "2"}, dryRun: true, after: tags{"x": "1"}, planned: both},
	} {
		assert.RunSynctest(t, test.why, func(t *testing.T) {
			s := eventstreamtest.NewServer()
			s.AddEventStream(eventstreamtest.EventStream{
				DomainName: ref().DomainName, EventStreamName: ref().EventStreamName, Uri: uri, Tags: test.have,
			})
			c := client(s)
			began := time.Now()
			out, err := c.SetTags(t.Context(), ref(), test.want, func(o *eventstream.Options) { o.DryRun = test.dryRun })
			if err != nil {
				t.Fatal(err)
			}
			assert.Equal(t, "operations", test.operations, out.Operations)
			assert.Equal(t, "planned", test.planned, out.Planned)
			if calls := len(s.Calls()); calls != 1+len(test.operations) {
				t.Errorf("%d calls", calls)
			}
			got := assert.Must(c.Get(t.Context(), ref()))(t)
			assert.Equal(t, "tags", len(test.after), len(got.Tags))
			for key, value := range test.after {
				assert.Equal(t, "tag "+key, value, got.Tags[key])
			}
			assert.Equal(t, "state", eventstream.StateRunning, s.State(streamARN))
			assert.Equal(t, "commands to the stream", nil, commands(s, began))
		})
	}
}

func TestSetTagsReportsErrors(t *testing.T) {
	assert.RunSynctest(t, "errors", func(t *testing.T) {
		s := eventstreamtest.NewServer()
		c := client(s)
		_, err := c.SetTags(t.Context(), eventstream.Ref{}, map[string]string{"aws:x": ""})
		assert.Equal(t, "fields", []string{"DomainName", "EventStreamName", "Tags"}, assert.InputFields(err))
		_, err = c.SetTags(t.Context(), ref(), nil)
		assert.Equal(t, "no stream", "not found", assert.ErrorSummary(err))
		s.AddEventStream(eventstreamtest.EventStream{
			DomainName: ref().DomainName, EventStreamName: ref().EventStreamName, Uri: uri, Tags: map[string]string{"old": ""},
		})
		s.Fail(eventstream.UntagResource, eventstreamtest.Failure{Code: "AccessDeniedException", Status: 403, Times: -1})
		out, err := c.SetTags(t.Context(), ref(), map[string]string{"new": ""})
		assert.Equal(t, "denied", "access denied", assert.ErrorSummary(err))
		assert.Equal(t, "operations", []statemachine.Operation{eventstream.TagResource}, out.Operations)
		mock := eventstream.New(struct{ eventstream.API }{customerprofiles.NewFromConfig(s.Config())})
		_, err = mock.SetTags(t.Context(), ref(), map[string]string{"other": ""})
		assert.Equal(t, "an API without tags", "unsupported", assert.ErrorSummary(err))
	})
}
