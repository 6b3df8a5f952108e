package activitystream

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the Amazon RDS API with which this package reads.
const (
	describeDBClusters                 statemachine.Operation = "DescribeDBClusters"
	describeDBInstances                statemachine.Operation = "DescribeDBInstances"
	describeOrderableDBInstanceOptions statemachine.Operation = "DescribeOrderableDBInstanceOptions"
)

// pageSize is the maximum of records in one RDS response, and of identifiers in one filtered read.
const pageSize = 100

// Get reads the activity stream of a cluster or instance.
//
// An invalid ARN is rejected with a [*statemachine.InputError] before a request is sent. An error
// of the service is a [*statemachine.Fault], of kind NotFound if the database does not exist.
func (c *Client) Get(ctx context.Context, resourceArn string, optFns ...func(*Options)) (*Stream, error) {
	call := c.ready().New(optFns)
	res, reason := parseARN(resourceArn, call.Region)
	if err := validate.FieldError("ResourceArn", reason); err != nil {
		return nil, err
	}
	if reads := call.sharedReads(&res); reads != nil {
		s, err := reads.Read(ctx, call.options.Pacer, res.given, func(ctx context.Context) (*Stream, error) {
			return call.paced().describe(ctx, &res)
		})
		return s, call.sdk.Faults.Fault(ctx, res.resourceType.describeOperation(), res.given, err)
	}
	return call.describe(ctx, &res)
}

// describeOperation returns the operation that reads resources of the type.
func (t resourceType) describeOperation() statemachine.Operation {
	if t == cluster {
		return describeDBClusters
	}
	return describeDBInstances
}

// query is a request of DescribeDBClusters or DescribeDBInstances.
type query struct {
	resourceType resourceType
	resource     string         // for messages
	identifier   *string        // of one resource; nil means all that match the filters
	filters      []types.Filter // nil means all
	marker       *string        // of a page; nil means the first
	requireList  bool           // rejects a response without a list of databases
}

// records are the response to a query.
type records struct {
	streams []*Stream
	marker  *string // of the next page
	meta    middleware.Metadata
}

// query sends a request and converts the response.
func (c *call) query(ctx context.Context, q query) (r records, err error) {
	op := q.resourceType.describeOperation()
	var maxRecords *int32
	if q.identifier == nil {
		maxRecords = new(int32(pageSize))
	}
	switch q.resourceType {
	case cluster:
		out, err := sdkcall.Do(ctx, c.sdk, op, q.resource, c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{
			DBClusterIdentifier: q.identifier, Filters: q.filters, Marker: q.marker, MaxRecords: maxRecords,
		})
		if err != nil {
			return records{}, err
		}
		r = records{streams(out.DBClusters, streamFromCluster), out.Marker, out.ResultMetadata}
	case instance:
		out, err := sdkcall.Do(ctx, c.sdk, op, q.resource, c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
			DBInstanceIdentifier: q.identifier, Filters: q.filters, Marker: q.marker, MaxRecords: maxRecords,
		})
		if err != nil {
			return records{}, err
		}
		r = records{streams(out.DBInstances, streamFromInstance), out.Marker, out.ResultMetadata}
	}
	if q.requireList && r.streams == nil && sdkcall.HasRawResponse(r.meta) { // RDS encodes an empty list
		return records{}, sdkcall.UnexpectedResponse(op, q.resource, r.meta, "response has no list of databases")
	}
	return r, nil
}

// pages yields the streams of all pages of a query.
func (c *call) pages(ctx context.Context, q query) iter.Seq2[*Stream, error] {
	return sdkcall.Pages(ctx, q.resourceType.describeOperation(), q.resource, "Marker", func(ctx context.Context, marker *string) ([]*Stream, *string, error) {
		q.marker = marker
		r, err := c.query(ctx, q)
		return r.streams, r.marker, err
	})
}

// describe reads one resource by its identifier.
func (c *call) describe(ctx context.Context, res *resource) (*Stream, error) {
	r, err := c.query(ctx, query{resourceType: res.resourceType, resource: res.given, identifier: &res.arn})
	if err != nil {
		return nil, err
	}
	unexpected := func(format string, arg any) (*Stream, error) {
		return nil, sdkcall.UnexpectedResponse(res.resourceType.describeOperation(), res.given, r.meta, fmt.Sprintf(format, arg))
	}
	if n := len(r.streams); n != 1 {
		return unexpected("response contains %d resources, want 1", n)
	}
	switch s := r.streams[0]; {
	case s.ResourceArn != res.arn && !strings.EqualFold(s.ResourceArn, res.arn):
		return unexpected("response describes a different resource: %q", s.ResourceArn)
	case s.Status == "" && sdkcall.HasRawResponse(r.meta):
		return nil, missingStatus(res, r.meta)
	default:
		return s, nil
	}
}

// missingStatus returns the error for a database without ActivityStreamStatus. RDS sends it for
// every database, and some emulators do not.
func missingStatus(res *resource, meta middleware.Metadata) error {
	return sdkcall.UnexpectedResponse(res.resourceType.describeOperation(), res.given, meta,
		"response has no ActivityStreamStatus, which RDS always sends: an emulator may lack it")
}

// describeBatch reads the resources with these names, which have one type, with one filtered
// request. find returns the resource of a name. A resource may occur several times.
func (c *call) describeBatch(ctx context.Context, names []string, find func(string) *resource) ([]statemachine.Result[*Stream], error) {
	requested := make(map[string]*resource, len(names)) // by ARN in lower case
	indexes := make(map[string][]int, len(names))       // in names, by the same
	for i, name := range names {
		res := find(name)
		requested[res.arn] = res
		indexes[res.arn] = append(indexes[res.arn], i)
	}
	arns := slices.Sorted(maps.Keys(requested)) // equal batches make equal requests
	q := query{resourceType: find(names[0]).resourceType, filters: filter("db-cluster-id", arns), requireList: true}
	if q.resourceType == instance {
		q.filters = filter("db-instance-id", arns)
	}
	r, err := c.query(ctx, q)
	if err != nil {
		return nil, err
	}
	results := make([]statemachine.Result[*Stream], 0, len(names))
	seen := make(map[string]bool, len(r.streams))
	for _, s := range r.streams {
		arn := strings.ToLower(s.ResourceArn)
		res, result := requested[arn], statemachine.Result[*Stream]{Value: s}
		switch {
		case res == nil:
			continue
		case seen[arn]: // a duplicate counts as missing and is re-read individually
			result = statemachine.Result[*Stream]{Err: statemachine.NotFound}
		case s.Status == "" && sdkcall.HasRawResponse(r.meta):
			result = statemachine.Result[*Stream]{Err: missingStatus(res, r.meta)}
		default:
			s.intern()
			if s.ResourceArn == res.given {
				s.ResourceArn = res.given // share the string
			}
		}
		seen[arn] = true
		for n, i := range indexes[arn] {
			result.Index = i
			if n > 0 && result.Value != nil {
				result.Value = new(*s)
			}
			results = append(results, result)
		}
	}
	return results, nil
}

// filter returns a filter of a Describe request.
func filter(name string, values []string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

// streams converts the records of a Describe response. It returns nil for no list.
func streams[T any](from []T, convert func(*T) *Stream) []*Stream {
	if from == nil {
		return nil
	}
	all := make([]*Stream, len(from))
	for i := range from {
		all[i] = convert(&from[i])
	}
	return all
}

// List yields the activity stream of every cluster and instance of the Region that supports one or
// has one. It skips Aurora's member instances, whose cluster has the stream, read replicas, and the
// databases of Neptune and DocumentDB, which RDS lists as well. Its reads wait for slots of the
// [Options].Pacer. List yields an error once and stops. Ranging again starts over.
func (c *Client) List(ctx context.Context, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		call := c.ready().New(optFns).queued()
		for _, t := range []resourceType{cluster, instance} {
			for s, err := range call.pages(ctx, query{resourceType: t, requireList: true}) {
				if err != nil {
					yield(nil, err)
					return
				}
				if s.memberOf == "" && s.isListed() && !yield(s, nil) {
					return
				}
			}
		}
	}
}

// isListed reports whether the database supports a stream or has one.
func (s *Stream) isListed() bool {
	modes, _ := s.engineModes()
	return len(modes) > 0 && s.noStream() == "" || s.Status != StatusStopped && s.Status != ""
}
