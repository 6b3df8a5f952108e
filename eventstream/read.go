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

// The operations of the Amazon Connect Customer Profiles API that this package reads with.
const (
	getEventStream   statemachine.Operation = "GetEventStream"
	listEventStreams statemachine.Operation = "ListEventStreams"
)

// pageSize is the maximum number of streams in one response of ListEventStreams.
const pageSize = 100

// Get reads an event stream.
//
// Invalid names are a [*statemachine.InputError], and nothing is sent. An error of the service is
// a [*statemachine.Fault]. GetEventStream returns the same error for a missing stream and for
// denied access, so Get then calls ListEventStreams:
//
//   - NotFound means that the list lacks the stream, or that ListEventStreams returned the same
//     error; the message says which.
//   - Unavailable means that the list has the stream. It is being created or deleted, or the
//     caller lacks access to it.
func (c *Client) Get(ctx context.Context, ref Ref, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().New(optFns)
	if err := ref.validate(""); err != nil {
		return nil, err
	}
	return call.getConfirmed(ctx, ref)
}

// getConfirmed reads a stream. NotFound means that the stream is absent.
func (c *call) getConfirmed(ctx context.Context, ref Ref) (*Stream, error) {
	s, err := c.get(ctx, ref)
	if errors.Is(err, statemachine.NotFound) {
		if _, confirmErr := c.confirmAbsent(ctx, ref, err); confirmErr != nil {
			return nil, confirmErr
		}
	}
	return s, err
}

// get reads a stream with GetEventStream. NotFound may mean that access was denied.
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
	case s.State == "" || s.Uri == "": // an empty Uri would be reported as drift
		problem = "response has no State or no destination Uri"
	default:
		return s, nil
	}
	return nil, sdkcall.UnexpectedResponse(getEventStream, ref.String(), out.ResultMetadata, problem)
}

// confirmAbsent returns nil if ListEventStreams confirms that a stream is absent after
// GetEventStream returned notFound. It also returns another stream of the domain, if there is one.
func (c *call) confirmAbsent(ctx context.Context, ref Ref, notFound error) (other *Stream, err error) {
	listed := false
	streams, err := c.listFor(ctx, ref)
	for _, s := range streams {
		other = s
		listed = listed || s.EventStreamName == ref.EventStreamName
	}
	switch f, ok := errors.AsType[*statemachine.Fault](notFound); {
	case ok && errors.Is(err, statemachine.NotFound):
		both := *f
		both.Message = "event stream or domain not found, or access denied (ListEventStreams returned the same error)"
		return nil, &both
	case err != nil:
		return nil, fmt.Errorf("%s %s: event stream not found or access denied; could not verify with ListEventStreams: %w", getEventStream, ref, err)
	case listed:
		return nil, sdkcall.UnexpectedResponse(getEventStream, ref.String(), middleware.Metadata{},
			"GetEventStream reports that the stream does not exist or access was denied, but ListEventStreams lists it: one response is stale, or GetEventStream is not allowed")
	}
	return other, nil
}

// read reads a stream for a wait. A stream that is confirmed to be absent has the State
// [StateAbsent].
func (c *call) read(ctx context.Context, ref Ref) (*Stream, error) {
	s, _, err := c.readDomain(ctx, ref)
	return s, err
}

// readDomain does what read does. For a stream that is absent it also returns another stream of the
// domain, if there is one.
func (c *call) readDomain(ctx context.Context, ref Ref) (s, other *Stream, err error) {
	s, err = c.get(ctx, ref)
	if !errors.Is(err, statemachine.NotFound) {
		return s, nil, err
	}
	if other, err = c.confirmAbsent(ctx, ref, err); err != nil {
		return nil, nil, err
	}
	return &Stream{DomainName: ref.DomainName, EventStreamName: ref.EventStreamName, State: StateAbsent}, other, nil
}

// readKind returns the kind of a read error for a wait. NotFound here means an absence that could
// not be confirmed, so the wait must not end as Gone.
func readKind(err error) statemachine.Kind {
	if kind := statemachine.KindOf(err); kind != statemachine.NotFound {
		return kind
	}
	return statemachine.Unknown
}

// matchesARN reports whether arn ends with the stream's name.
func (r Ref) matchesARN(arn string) bool {
	return arn[strings.LastIndex(arn, "/")+1:] == r.EventStreamName
}

// mismatch returns the problem of a response that is not about the requested stream.
func mismatch(member, got string) string {
	if got == "" {
		return "response has no " + member
	}
	return fmt.Sprintf("response describes a different resource: %s is %q", member, got)
}

// List yields the event streams of a domain, which has at most one. Unlike those of [Client.Get],
// they have no CreatedAt and no Message. Reads wait for the pacer ([Options]).
//
// An error is yielded once and ends the sequence. An invalid DomainName is a
// [*statemachine.InputError]. An error of the service is a [*statemachine.Fault], of kind NotFound
// if the domain does not exist or the caller lacks access to it. Ranging again repeats the reads.
func (c *Client) List(ctx context.Context, domainName string, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		if err := validate.FieldError("DomainName", checkName(domainName)); err != nil {
			yield(nil, err)
			return
		}
		c.ready().New(optFns).list(ctx, domainName)(yield)
	}
}

// list yields the streams of a domain. Its requests are queued.
func (c *call) list(ctx context.Context, domainName string) iter.Seq2[*Stream, error] {
	return sdkcall.Pages(ctx, listEventStreams, domainName, "NextToken", func(ctx context.Context, token *string) ([]*Stream, *string, error) {
		return c.listPage(ctx, domainName, token)
	})
}

// listFor returns the streams of a domain, to confirm the absence of one. The streams of an Each
// method share the lists.
func (c *call) listFor(ctx context.Context, ref Ref) ([]*Stream, error) {
	list := c.list(ctx, ref.DomainName)
	if shared := c.lists[ref.DomainName]; shared != nil {
		return shared.get(ctx, ref.EventStreamName, list)
	}
	return collect(list)
}

// collect returns what list yields, or its error.
func collect(list iter.Seq2[*Stream, error]) (streams []*Stream, err error) {
	for s, err := range list {
		if err != nil {
			return nil, err
		}
		streams = append(streams, s)
	}
	return streams, nil
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
	// The body was not a list, so it proves no absence. That Customer Profiles encodes an empty
	// list as [] is unconfirmed.
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
