package eventstream

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the Amazon Connect Customer Profiles API that change the tags of a stream. They
// leave its state alone.
const (
	TagResource   statemachine.Operation = "TagResource"
	UntagResource statemachine.Operation = "UntagResource"
)

// TagAPI is the part of [customerprofiles.Client] that [Client.SetTags] calls, in addition to that
// of [API].
type TagAPI interface {
	TagResource(context.Context, *customerprofiles.TagResourceInput, ...func(*customerprofiles.Options)) (*customerprofiles.TagResourceOutput, error)
	UntagResource(context.Context, *customerprofiles.UntagResourceInput, ...func(*customerprofiles.Options)) (*customerprofiles.UntagResourceOutput, error)
}

var _ TagAPI = (*customerprofiles.Client)(nil)

// SetTags gives a stream these tags and no others, in place. It reads the stream, calls TagResource
// for the tags that are missing or have another value, and then UntagResource for those that the
// stream has in addition. It leaves tags alone whose keys begin with "aws:". The output lists the
// operations that were accepted, with an error, too, or those that Options.DryRun prevented. Its
// Stream is the one read before. SetTags is safe to repeat, and the SDK's retries apply.
//
// Invalid names and tags are a [*statemachine.InputError], and nothing is sent. An error of the
// service is a [*statemachine.Fault], as for [Client.Get]. It is of kind Unsupported if the API
// that was passed to [New] does not implement [TagAPI].
func (c *Client) SetTags(ctx context.Context, ref Ref, tags map[string]string, optFns ...func(*Options)) (*EnsureOutput, error) {
	call := c.ready().New(optFns)
	out := &EnsureOutput{}
	e := statemachine.InputError{Operation: TagResource}
	ref.check(&e)
	e.Add("Tags", checkTags(tags))
	if err := e.Err(); err != nil {
		return out, err
	}
	s, err := call.getConfirmed(ctx, ref)
	if err != nil {
		return out, err
	}
	out.Stream = s
	for _, change := range call.tagChanges(s, tags) {
		if call.options.DryRun {
			out.Planned = append(out.Planned, change.op)
			continue
		}
		if err := change.run(ctx); err != nil {
			return out, err
		}
		out.Operations = append(out.Operations, change.op)
	}
	return out, nil
}

// tagChange is a request that changes tags.
type tagChange struct {
	op  statemachine.Operation
	run func(context.Context) error
}

// tagChanges returns the requests that give a stream these tags.
func (c *call) tagChanges(s *Stream, tags map[string]string) (changes []tagChange) {
	name := Ref{s.DomainName, s.EventStreamName}.String()
	add := make(map[string]string)
	for key, value := range tags {
		if got, ok := s.Tags[key]; !ok || got != value {
			add[key] = value
		}
	}
	var remove []string
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		if _, ok := tags[key]; !ok && !strings.HasPrefix(key, "aws:") {
			remove = append(remove, key)
		}
	}
	api, ok := c.api.(TagAPI)
	if len(add) > 0 {
		changes = append(changes, tagChange{TagResource, func(ctx context.Context) error {
			if !ok {
				return noTagAPI(TagResource, name)
			}
			_, err := sdkcall.Do(ctx, c.commands, TagResource, name, api.TagResource, &customerprofiles.TagResourceInput{ResourceArn: &s.EventStreamArn, Tags: add})
			return err
		}})
	}
	if len(remove) > 0 {
		changes = append(changes, tagChange{UntagResource, func(ctx context.Context) error {
			if !ok {
				return noTagAPI(UntagResource, name)
			}
			_, err := sdkcall.Do(ctx, c.commands, UntagResource, name, api.UntagResource, &customerprofiles.UntagResourceInput{ResourceArn: &s.EventStreamArn, TagKeys: remove})
			return err
		}})
	}
	return changes
}

// noTagAPI returns the error for an API that cannot change tags.
func noTagAPI(op statemachine.Operation, resource string) error {
	return &statemachine.Fault{
		Kind: statemachine.Unsupported, Operation: op, Resource: resource,
		Message: "the API that was passed to New has no method " + string(op) + ": pass a customerprofiles.Client",
	}
}
