package eventstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	call := c.call(optFns)
	if err := ref.validate(""); err != nil {
		return nil, err
	}
	call.reads.CountAgainstQuota()
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
		problem = "the answer lacks the State or the destination's Uri"
	default:
		return s, nil
	}
	return nil, sdkcall.UnexpectedResponse(getEventStream, ref.String(), out.ResultMetadata, problem)
}

// confirmAbsent asks the list of the domain whether a stream that GetEventStream did not find is absent, and is nil if so.
func (c *call) confirmAbsent(ctx context.Context, ref Ref, notFound error) error {
	listed := false
	err := c.list(ctx, ref.DomainName, func(s *Stream) bool {
		listed = s.EventStreamName == ref.EventStreamName
		return !listed
	})
	switch f, ok := errors.AsType[*statemachine.Fault](notFound); {
	case ok && errors.Is(err, statemachine.NotFound):
		both := *f
		both.Message = "there is no such event stream or domain, or access to them was denied: ListEventStreams, which would tell, says the same"
		return &both
	case err != nil:
		return fmt.Errorf("%s %s: there is no such event stream, or access to it was denied; what would tell failed: %w", getEventStream, ref, err)
	case listed:
		return sdkcall.UnexpectedResponse(getEventStream, ref.String(), middleware.Metadata{},
			"GetEventStream says that it does not exist, or that access was denied, and ListEventStreams names it: one of them is an old read, or GetEventStream is not allowed")
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
	return fmt.Sprintf("the answer is not about what was asked for: its %s is %q", member, got)
}

// List yields the event streams of a domain, which can have one. The list has no CreatedAt, and no Message of
// the destination; [Client.Get] does. Reads wait for their place under the quota. An error is yielded once and
// ends it: a DomainName that is not valid as a [*statemachine.InputError], an error of the service as a
// [*statemachine.Fault], of kind NotFound if there is no such domain or the caller has no access to it. Ranging
// again reads anew.
func (c *Client) List(ctx context.Context, domainName string, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		err := validate.FieldError("DomainName", checkName(domainName))
		more := true
		if err == nil {
			err = c.call(optFns).list(ctx, domainName, func(s *Stream) bool {
				more = yield(s, nil)
				return more
			})
		}
		if more && err != nil {
			yield(nil, err)
		}
	}
}

// list reads the streams of a domain, until each returns false.
func (c *call) list(ctx context.Context, domainName string, each func(*Stream) bool) error {
	var token *string
	for first := true; first || aws.ToString(token) != ""; first = false {
		out, err := sdkcall.DoPaced(ctx, c.reads, listEventStreams, domainName, c.api.ListEventStreams, &customerprofiles.ListEventStreamsInput{
			DomainName: &domainName, MaxResults: new(int32(pageSize)), NextToken: token,
		})
		if err != nil {
			return err
		}
		if out.Items == nil && sdkcall.HasRawResponse(out.ResultMetadata) {
			// What the SDK makes of an answer that is none: nobody's absence can be believed on it. That Customer Profiles writes an
			// empty list out is unconfirmed.
			return sdkcall.UnexpectedResponse(listEventStreams, domainName, out.ResultMetadata, "the answer holds no list")
		}
		for i := range out.Items {
			switch s := streamFromSummary(&out.Items[i]); {
			case s.DomainName != domainName:
				return sdkcall.UnexpectedResponse(listEventStreams, domainName, out.ResultMetadata, mismatch("DomainName", s.DomainName))
			case s.EventStreamName == "":
				return sdkcall.UnexpectedResponse(listEventStreams, domainName, out.ResultMetadata, "the answer has an event stream without a name")
			case !each(s):
				return nil
			}
		}
		if token != nil && out.NextToken != nil && *out.NextToken == *token {
			return sdkcall.UnexpectedResponse(listEventStreams, domainName, out.ResultMetadata, "the answer's NextToken is the request's: the list would never end")
		}
		token = out.NextToken
	}
	return nil
}
