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
	add, remove := tagChanges(s, tags)
	if len(add) > 0 {
		err = out.changeTags(call, TagResource, ref, func(api TagAPI) error {
			_, err := sdkcall.Do(ctx, call.commands, TagResource, ref.String(), api.TagResource, &customerprofiles.TagResourceInput{ResourceArn: &s.EventStreamArn, Tags: add})
			return err
		})
	}
	if len(remove) > 0 && err == nil {
		err = out.changeTags(call, UntagResource, ref, func(api TagAPI) error {
			_, err := sdkcall.Do(ctx, call.commands, UntagResource, ref.String(), api.UntagResource, &customerprofiles.UntagResourceInput{ResourceArn: &s.EventStreamArn, TagKeys: remove})
			return err
		})
	}
	return out, err
}

// tagChanges returns the tags to add and the keys to remove, so that a stream has these tags.
func tagChanges(s *Stream, tags map[string]string) (add map[string]string, remove []string) {
	add = maps.Clone(tags)
	maps.DeleteFunc(add, func(key, value string) bool {
		got, ok := s.Tags[key]
		return ok && got == value
	})
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		if _, ok := tags[key]; !ok && !strings.HasPrefix(key, "aws:") {
			remove = append(remove, key)
		}
	}
	return add, remove
}

// changeTags sends an operation, or plans it in a dry run, and records that.
func (o *EnsureOutput) changeTags(c *call, op statemachine.Operation, ref Ref, send func(TagAPI) error) error {
	if c.options.DryRun {
		o.Planned = append(o.Planned, op)
		return nil
	}
	api, ok := c.api.(TagAPI)
	if !ok {
		return &statemachine.Fault{
			Kind: statemachine.Unsupported, Operation: op, Resource: ref.String(),
			Message: "the API that was passed to New has no method " + string(op) + ": pass a customerprofiles.Client",
		}
	}
	if err := send(api); err != nil {
		return err
	}
	o.Operations = append(o.Operations, op)
	return nil
}
