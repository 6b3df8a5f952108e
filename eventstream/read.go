package eventstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the Amazon Connect Customer Profiles API that this package reads by.
const (
	getEventStream   statemachine.Operation = "GetEventStream"
	listEventStreams statemachine.Operation = "ListEventStreams"
)

// pageSize is the most streams that ListEventStreams gives in one answer.
const pageSize = 100

// Get reads an event stream.
//
// Names that are not valid are a [*statemachine.InputError] before anything is sent, an error of the
// service a [*statemachine.Fault]. Because GetEventStream answers the same for a stream that is not there and
// to a caller who has no access, an answer of that sort has ListEventStreams asked as well: NotFound is a
// stream that the domain's list lacks, or, as the message then says, one in a domain that cannot be listed for
// the same reason; Unavailable is one that the list names, which is being deleted or created, or which the
// caller may not get.
func (c *Client) Get(ctx context.Context, ref Ref, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.New(optFns)
	if err := ref.validate(""); err != nil {
		return nil, err
	}
	s, err := call.get(ctx, ref)
	if errors.Is(err, statemachine.NotFound) {
		if confirmErr := call.confirmAbsent(ctx, ref, err); confirmErr != nil {
			return nil, confirmErr
		}
	}
	return s, err
}

// get reads a stream by its name. That it is not found may mean that access was denied.
func (c *call) get(ctx context.Context, ref Ref) (*Stream, error) {
	out, err := sdkcall.Do(ctx, c.reads, getEventStream, ref.String(), c.api.GetEventStream, &customerprofiles.GetEventStreamInput{
		DomainName: &ref.DomainName, EventStreamName: &ref.EventStreamName,
	})
	if err != nil {
		return nil, err
	}
	s := streamFromOutput(ref, out)
	var problem string
	switch {
	case s.DomainName != ref.DomainName:
		problem = mismatch("DomainName", s.DomainName)
	case s.EventStreamArn != "" && !ref.matchesARN(s.EventStreamArn):
		problem = mismatch("ARN", s.EventStreamArn)
	case s.State == "" || s.Uri == "": // without its destination it would look as if it led elsewhere
		problem = "response has no State or no destination Uri"
	default:
		return s, nil
	}
	return nil, sdkcall.UnexpectedResponse(getEventStream, ref.String(), out.ResultMetadata, problem)
}

// confirmAbsent asks the list of the domain whether a stream that GetEventStream did not find is absent, and is nil if so.
func (c *call) confirmAbsent(ctx context.Context, ref Ref, notFound error) error {
	listed := false
	var err error
	for s, listErr := range c.list(ctx, ref.DomainName) {
		if err = listErr; err == nil && s.EventStreamName == ref.EventStreamName {
			listed = true
			break
		}
	}
	switch f, ok := errors.AsType[*statemachine.Fault](notFound); {
	case ok && errors.Is(err, statemachine.NotFound):
		both := *f
		both.Message = "event stream or domain not found, or access denied (ListEventStreams returned the same error)"
		return &both
	case err != nil:
		return fmt.Errorf("%s %s: event stream not found or access denied; could not verify with ListEventStreams: %w", getEventStream, ref, err)
	case listed:
		return sdkcall.UnexpectedResponse(getEventStream, ref.String(), middleware.Metadata{},
			"GetEventStream reports that the stream does not exist or access was denied, but ListEventStreams lists it: one response is stale, or GetEventStream is not allowed")
	}
	return nil
}

// read reads a stream for a wait. One that is known not to be there has the State [StateAbsent].
func (c *call) read(ctx context.Context, ref Ref) (*Stream, error) {
	s, err := c.get(ctx, ref)
	if !errors.Is(err, statemachine.NotFound) {
		return s, err
	}
	if doubt := c.confirmAbsent(ctx, ref, err); doubt != nil {
		return nil, doubt
	}
	return absent(ref), nil
}

// readKind is what the error of a read means to a wait. Not found is not absent: that would not be an error.
func readKind(err error) statemachine.Kind {
	if kind := statemachine.KindOf(err); kind != statemachine.NotFound {
		return kind
	}
	return statemachine.Unknown
}

// matchesARN reports whether an ARN is one of the stream.
func (r Ref) matchesARN(arn string) bool {
	return arn[strings.LastIndex(arn, "/")+1:] == r.EventStreamName
}

// mismatch says that an answer is about something else.
func mismatch(member, got string) string {
	return fmt.Sprintf("response describes a different resource: %s is %q", member, got)
}

// List yields the event streams of a domain, which can have one. The list has no CreatedAt, and no Message of
// the destination; [Client.Get] does. Reads wait for their place under the quota. An error is yielded once and
// ends it: a DomainName that is not valid as a [*statemachine.InputError], an error of the service as a
// [*statemachine.Fault], of kind NotFound if there is no such domain or the caller has no access to it. Ranging
// again reads anew.
func (c *Client) List(ctx context.Context, domainName string, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		if err := validate.FieldError("DomainName", checkName(domainName)); err != nil {
			yield(nil, err)
			return
		}
		c.calls.New(optFns).list(ctx, domainName)(yield)
	}
}

// list yields the streams of a domain. Its requests are queued.
func (c *call) list(ctx context.Context, domainName string) iter.Seq2[*Stream, error] {
	return sdkcall.Pages(ctx, listEventStreams, domainName, "NextToken", func(ctx context.Context, token *string) ([]*Stream, *string, error) {
		return c.listPage(ctx, domainName, token)
	})
}

// listPage reads one page of the streams of a domain.
func (c *call) listPage(ctx context.Context, domainName string, token *string) ([]*Stream, *string, error) {
	out, err := sdkcall.Do(ctx, c.reads.Queued(), listEventStreams, domainName, c.api.ListEventStreams, &customerprofiles.ListEventStreamsInput{
		DomainName: &domainName, MaxResults: new(int32(pageSize)), NextToken: token,
	})
	if err != nil {
		return nil, nil, err
	}
	unexpected := func(problem string) error {
		return sdkcall.UnexpectedResponse(listEventStreams, domainName, out.ResultMetadata, problem)
	}
	// The SDK makes a nil list of a body that is not a list, on which no absence can be believed.
	// That Customer Profiles encodes an empty list is unconfirmed.
	if out.Items == nil && sdkcall.HasRawResponse(out.ResultMetadata) {
		return nil, nil, unexpected("response has no Items list")
	}
	streams := make([]*Stream, len(out.Items))
	for i := range out.Items {
		s := streamFromSummary(&out.Items[i])
		switch {
		case s.DomainName != domainName:
			return nil, nil, unexpected(mismatch("DomainName", s.DomainName))
		case s.EventStreamName == "":
			return nil, nil, unexpected("response has an event stream without a name")
		}
		streams[i] = s
	}
	return streams, out.NextToken, nil
}
