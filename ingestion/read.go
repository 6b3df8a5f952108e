package ingestion

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the AWS CloudTrail API that this package reads with.
const (
	getEventDataStore   statemachine.Operation = "GetEventDataStore"
	listEventDataStores statemachine.Operation = "ListEventDataStores"
)

// Get reads an event data store, identified by its ARN or ID.
//
// An invalid ARN or ID is a [*statemachine.InputError], and nothing is sent. An error of the
// service is a [*statemachine.Fault], of kind NotFound if the store does not exist.
func (c *Client) Get(ctx context.Context, eventDataStore string, optFns ...func(*Options)) (*EventDataStore, error) {
	call := c.ready().New(optFns)
	if err := validateStore("", eventDataStore, call.Region); err != nil {
		return nil, err
	}
	return call.get(ctx, eventDataStore)
}

// get reads one store.
func (c *call) get(ctx context.Context, eventDataStore string) (*EventDataStore, error) {
	out, err := sdkcall.Do(ctx, c.reads, getEventDataStore, eventDataStore, c.api.GetEventDataStore,
		&cloudtrail.GetEventDataStoreInput{EventDataStore: &eventDataStore})
	if err != nil {
		return nil, err
	}
	s := storeFromOutput(out)
	switch { // to the SDK, an empty response is a success
	case s.EventDataStoreArn == "":
		return nil, sdkcall.UnexpectedResponse(getEventDataStore, eventDataStore, out.ResultMetadata, "response has no event data store ARN")
	case !identifies(eventDataStore, s.EventDataStoreArn):
		return nil, sdkcall.UnexpectedResponse(getEventDataStore, eventDataStore, out.ResultMetadata, fmt.Sprintf("response describes a different resource: %q", s.EventDataStoreArn))
	case s.Status == "":
		return nil, sdkcall.UnexpectedResponse(getEventDataStore, eventDataStore, out.ResultMetadata, "response has no status")
	}
	return s, nil
}

// List yields every event data store of the account in the client's Region, including those that
// are PENDING_DELETION. ListEventDataStores returns only names and ARNs, so List reads each store
// with GetEventDataStore and omits one that is not found. All reads wait for the pacer
// ([Options]). An error is yielded once and ends the sequence. Ranging again repeats the reads.
func (c *Client) List(ctx context.Context, optFns ...func(*Options)) iter.Seq2[*EventDataStore, error] {
	return func(yield func(*EventDataStore, error) bool) {
		call := *c.ready().New(optFns)
		call.reads = call.reads.Queued()
		for item, err := range sdkcall.Pages(ctx, listEventDataStores, "", "NextToken", call.list) {
			var s *EventDataStore
			if err == nil {
				if s, err = call.getListed(ctx, aws.ToString(item.EventDataStoreArn)); errors.Is(err, statemachine.NotFound) {
					continue
				}
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// list reads one page of ARNs.
func (c *call) list(ctx context.Context, token *string) ([]types.EventDataStore, *string, error) {
	out, err := sdkcall.Do(ctx, c.reads, listEventDataStores, "", c.api.ListEventDataStores, &cloudtrail.ListEventDataStoresInput{NextToken: token})
	if err == nil && out.EventDataStores == nil && sdkcall.HasRawResponse(out.ResultMetadata) {
		// The body was not a list. That CloudTrail encodes an empty list as [] is unconfirmed.
		err = sdkcall.UnexpectedResponse(listEventDataStores, "", out.ResultMetadata, "response has no EventDataStores list")
	}
	if err != nil {
		return nil, nil, err
	}
	return out.EventDataStores, out.NextToken, nil
}

// getListed reads one store of a page.
func (c *call) getListed(ctx context.Context, arn string) (*EventDataStore, error) {
	if arn == "" {
		return nil, sdkcall.UnexpectedResponse(listEventDataStores, "", middleware.Metadata{}, "response lists an event data store without an ARN")
	}
	return c.get(ctx, arn)
}
