package eventstream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// wrong returns the names of the invalid fields, and checks that each has a reason.
func wrong(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	assert.ErrorOneLine(t, err)
	var names []string
	for _, f := range assert.ErrorAs[*statemachine.InputError](t, err).Fields {
		if f.Reason == "" {
			t.Errorf("%s: no reason", f.Field)
		}
		names = append(names, f.Field)
	}
	return names
}

func TestValidateChecksNames(t *testing.T) {
	for _, test := range []struct {
		why, name string
		ok        bool
	}{
		{"the shortest", "a", true},
		{"the longest", strings.Repeat("a", 64), true},
		{"every kind of character", "azAZ09_-", true},
		{"empty", "", false},
		{"too long", strings.Repeat("a", 65), false},
		{"a dot", "a.b", false},
		{"a comma", "a,b", false},
		{"the character before an underscore", "a^b", false},
		{"the character after an underscore", "a`b", false},
		{"a slash", "a/b", false},
		{"the directory above", "..", false},
		{"a percent sign", "a%2Fb", false},
		{"a space", "a b", false},
		{"a letter that is not ASCII", "é", false},
		{"a digit that is not ASCII", "٣", false},
		{"a newline at the end", "a\n", false},
		{"bytes that are not UTF-8", "a\xff", false},
	} {
		t.Run(test.why, func(t *testing.T) {
			one := func(field string) []string {
				if test.ok {
					return nil
				}
				return []string{field}
			}
			in := create()
			in.DomainName = test.name
			assert.Equal(t, "DomainName", one("DomainName"), wrong(t, in.Validate()))
			assert.Equal(t, "DomainName of a Ref", one("DomainName"), wrong(t, in.Ref.Validate()))
			in = create()
			in.EventStreamName = test.name
			assert.Equal(t, "EventStreamName", one("EventStreamName"), wrong(t, in.Validate()))
			assert.Equal(t, "EventStreamName of a Ref", one("EventStreamName"), wrong(t, in.Ref.Validate()))
		})
	}
}

func TestValidateChecksUri(t *testing.T) {
	const stream = "arn:aws:kinesis:us-east-1:123456789012:stream/"
	for _, test := range []struct {
		why, uri string
		ok       bool
	}{
		{"as in the documentation", uri, true},
		{"the longest", stream + strings.Repeat("a", 255-len(stream)), true},
		{"too long", stream + strings.Repeat("a", 256-len(stream)), false},
		{"every kind of character", stream + "azAZ09_.-", true},
		{"another partition", "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a", true},
		{"an account of any digits", "arn:aws:kinesis:us-east-1:12345667890:stream/a", true},
		{"empty", "", false},
		{"a name", "profile-events", false},
		{"a short name", "p", false},
		{"Firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/a", false},
		{"Kinesis Video", "arn:aws:kinesisvideo:us-east-1:123456789012:stream/a/1", false},
		{"a consumer", stream + "a/consumer/b:1", false},
		{"a comma in the name", stream + "a,b", false},
		{"a slash in the name", stream + "a/b", false},
		{"a circumflex in the name", stream + "a^b", false},
		{"a backquote in the name", stream + "a`b", false},
		{"no name", stream, false},
		{"something else of Kinesis", "arn:aws:kinesis:us-east-1:123456789012:shard/a", false},
		{"no Region", "arn:aws:kinesis::123456789012:stream/a", false},
		{"no account", "arn:aws:kinesis:us-east-1::stream/a", false},
		{"an account of letters", "arn:aws:kinesis:us-east-1:account-id:stream/a", false},
		{"a newline at the end", uri + "\n", false},
		{"a space", stream + "a b", false},
	} {
		t.Run(test.why, func(t *testing.T) {
			in := create()
			in.Uri = test.uri
			var want []string
			if !test.ok {
				want = []string{"Uri"}
			}
			err := in.Validate()
			assert.Equal(t, test.uri, want, wrong(t, err))
			if len(test.uri) == 1 {
				assert.ErrorContains(t, err, "must be an ARN")
			}
		})
	}
}

func TestValidateChecksTags(t *testing.T) {
	many := func(n int) map[string]string {
		tags := map[string]string{}
		for i := range n {
			tags[fmt.Sprintf("key-%d", i)] = "v"
		}
		return tags
	}
	key := func(k string) map[string]string { return map[string]string{k: "v"} }
	value := func(v string) map[string]string { return map[string]string{"k": v} }
	for _, test := range []struct {
		why  string
		tags map[string]string
		says string // empty for valid tags
	}{
		{"none", nil, ""},
		{"none in a map", map[string]string{}, ""},
		{"the most", many(50), ""},
		{"one too many", many(51), "has 51 entries, the maximum is 50"},
		{"the shortest key", key("a"), ""},
		{"the longest key", key(strings.Repeat("k", 128)), ""},
		{"an empty key", key(""), `key "" is required`},
		{"too long a key", key(strings.Repeat("k", 129)), "1 to 128 characters, got 129"},
		{"every character of the pattern", key("azAZ+,-./0123456789:;<=_"), ""},
		{"each bound of the pattern alone: a", key("a"), ""}, {"z", key("z"), ""}, {"A", key("A"), ""}, {"Z", key("Z"), ""},
		{"+", key("+"), ""}, {"=", key("="), ""}, {".", key("."), ""}, {"_", key("_"), ""}, {":", key(":"), ""}, {"/", key("/"), ""},
		{"another character at the beginning", key("*a"), "must contain only"},
		{"another character at the end", key("a*"), "must contain only"},
		{"a character before the range", key("a*b"), "must contain only"},
		{"a character after the range", key("a>b"), "must contain only"},
		{"a space in a key", key("a b"), "must contain only"},
		{"an at sign in a key", key("a@b"), "must contain only"},
		{"a key that is not ASCII", key("é"), "must contain only"},
		{"a newline at the key's end", key("a\n"), "must contain only"},
		{"a reserved prefix", key("aws:x"), `must not begin with "aws:"`},
		{"no more than that", key("aws:"), `must not begin with "aws:"`},
		{"the pattern has lower case only", key("AWS:x"), ""},
		{"a prefix of it", key("aws"), ""},
		{"not at the beginning", key("x-aws:x"), ""},
		{"an empty value", value(""), ""},
		{"the longest value", value(strings.Repeat("v", 256)), ""},
		{"the longest value counts characters", value(strings.Repeat("é", 256)), ""},
		{"too long a value", value(strings.Repeat("é", 257)), `value of key "k" must have 0 to 256 characters, got 257`},
		{"a value that is not UTF-8", value("\xff"), "must be UTF-8"},
	} {
		t.Run(test.why, func(t *testing.T) {
			in := create()
			in.Tags = test.tags
			err := in.Validate()
			if test.says == "" {
				assert.Equal(t, "fields", nil, wrong(t, err))
				return
			}
			assert.Equal(t, "fields", []string{"Tags"}, wrong(t, err))
			assert.ErrorContains(t, err, test.says)
		})
	}
}

// TestInvalidInputSendsNothing checks that every method reports all invalid fields at once and
// sends nothing.
func TestInvalidInputSendsNothing(t *testing.T) {
	s := running()
	c := client(s)
	ctx := t.Context()
	bad := eventstream.Ref{DomainName: "a/b", EventStreamName: ""}
	badCreate := &eventstream.CreateInput{Ref: bad, Uri: "x", Tags: map[string]string{"aws:x": ""}}
	both := []string{"DomainName", "EventStreamName"}
	all := append(both[:2:2], "Uri", "Tags")
	for _, test := range []struct {
		why  string
		do   func() error
		op   statemachine.Operation
		want []string
	}{
		{"create", func() error { _, err := c.Create(ctx, badCreate); return err }, "CreateEventStream", all},
		{"create nothing", func() error { _, err := c.Create(ctx, nil); return err }, "CreateEventStream", []string{"input"}},
		{"delete", func() error { _, err := c.Delete(ctx, bad); return err }, "DeleteEventStream", both},
		{"get", func() error { _, err := c.Get(ctx, bad); return err }, "", both},
		{"list", func() error { return first(c.List(ctx, "a/b")) }, "", []string{"DomainName"}},
		{"watch", func() error { return first(c.Watch(ctx, bad)) }, "", both},
		{"wait", func() error { _, err := c.Wait(ctx, bad, "GONE", 0); return err }, "", append(both[:2:2], "target", "maxWait")},
		{"wait for nothing", func() error { _, err := c.Wait(ctx, ref(), "", 1); return err }, "", []string{"target"}},
		{"wait with bad options", func() error {
			_, err := c.Wait(ctx, ref(), eventstream.StateRunning, 1, func(o *eventstream.Options) { o.Wait.ReadTimeout = -1 })
			return err
		}, "", []string{"ReadTimeout"}},
		{"wait healthy", func() error { _, err := c.WaitHealthy(ctx, bad, -1); return err }, "", append(both[:2:2], "maxWait")},
		{"ensure created", func() error { _, err := c.EnsureCreated(ctx, badCreate, 0); return err }, "CreateEventStream", append(all[:4:4], "maxWait")},
		{"ensure created of nothing", func() error { _, err := c.EnsureCreated(ctx, nil, 1); return err }, "CreateEventStream", []string{"input"}},
		{"ensure deleted", func() error { _, err := c.EnsureDeleted(ctx, bad, 0); return err }, "DeleteEventStream", append(both[:2:2], "maxWait")},
		{"another Region", func() error {
			in := create()
			in.Uri = strings.Replace(uri, "us-east-1", "eu-west-1", 1)
			_, err := c.Create(ctx, in)
			return err
		}, "CreateEventStream", []string{"Uri"}},
	} {
		t.Run(test.why, func(t *testing.T) {
			err := test.do()
			assert.Equal(t, "kind", statemachine.InvalidInput, statemachine.KindOf(err))
			assert.Equal(t, "operation", test.op, assert.ErrorAs[*statemachine.InputError](t, err).Operation)
			assert.Equal(t, "fields", test.want, wrong(t, err))
		})
	}
	out, err := c.EnsureCreated(ctx, nil, 1)
	assert.Equal(t, "output", &eventstream.EnsureOutput{}, out)
	assert.Equal(t, "kind", statemachine.InvalidInput, statemachine.KindOf(err))
	assert.Equal(t, "calls", 0, len(s.Calls()))
}

func TestRefStringHasBothNames(t *testing.T) {
	assert.Equal(t, "text", "example-domain/example-stream", ref().String())
}
