package activitystream

import (
	"context"
	"fmt"
	"iter"
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
		return s, call.sdk.Faults.Fault(ctx, res.describeOperation(), res.given, err)
	}
	return call.describe(ctx, &res)
}

// describeOperation returns the operation that reads the resource.
func (res *resource) describeOperation() statemachine.Operation {
	if res.resourceType == cluster {
		return describeDBClusters
	}
	return describeDBInstances
}

// describe reads one resource by its identifier.
func (c *call) describe(ctx context.Context, res *resource) (*Stream, error) {
	op := res.describeOperation()
	var found int
	var s *Stream
	var meta middleware.Metadata
	switch res.resourceType {
	case cluster:
		out, err := sdkcall.Do(ctx, c.sdk, op, res.given, c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{DBClusterIdentifier: &res.arn})
		if err != nil {
			return nil, err
		}
		meta = out.ResultMetadata
		if found = len(out.DBClusters); found == 1 {
			s = streamFromCluster(&out.DBClusters[0])
		}
	case instance:
		out, err := sdkcall.Do(ctx, c.sdk, op, res.given, c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &res.arn})
		if err != nil {
			return nil, err
		}
		meta = out.ResultMetadata
		if found = len(out.DBInstances); found == 1 {
			s = streamFromInstance(&out.DBInstances[0])
		}
	}
	switch {
	case s == nil:
		return nil, sdkcall.UnexpectedResponse(op, res.given, meta, fmt.Sprintf("response contains %d resources, want 1", found))
	case s.ResourceArn != res.arn && !strings.EqualFold(s.ResourceArn, res.arn):
		return nil, sdkcall.UnexpectedResponse(op, res.given, meta, fmt.Sprintf("response describes a different resource: %q", s.ResourceArn))
	case s.Status == "" && sdkcall.HasRawResponse(meta):
		return nil, missingStatus(op, res.given, meta)
	}
	return s, nil
}

// missingStatus returns the error for a database without ActivityStreamStatus. RDS sends it for
// every database, and some emulators do not.
func missingStatus(op statemachine.Operation, resource string, meta middleware.Metadata) error {
	return sdkcall.UnexpectedResponse(op, resource, meta,
		"response has no ActivityStreamStatus, which RDS always sends: an emulator may lack it")
}

// describeBatch reads several resources of one type with one filtered request. A resource may occur
// several times.
func (c *call) describeBatch(ctx context.Context, batch []*resource) ([]statemachine.Result[*Stream], error) {
	index := make(map[string]int, len(batch)) // of the first, by ARN in lower case
	again := map[string][]int{}               // the indexes of the others
	arns := make([]string, 0, len(batch))
	for i, res := range batch {
		if _, ok := index[res.arn]; ok {
			again[res.arn] = append(again[res.arn], i)
			continue
		}
		index[res.arn], arns = i, append(arns, res.arn)
	}
	slices.Sort(arns) // equal batches make equal requests
	var found []*Stream
	var meta middleware.Metadata
	op := batch[0].describeOperation()
	switch batch[0].resourceType {
	case cluster:
		out, err := sdkcall.Do(ctx, c.sdk, op, "", c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{
			Filters: filter("db-cluster-id", arns), MaxRecords: new(int32(pageSize)),
		})
		if err != nil {
			return nil, err
		}
		found, meta = streams(out.DBClusters, streamFromCluster), out.ResultMetadata
	case instance:
		out, err := sdkcall.Do(ctx, c.sdk, op, "", c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
			Filters: filter("db-instance-id", arns), MaxRecords: new(int32(pageSize)),
		})
		if err != nil {
			return nil, err
		}
		found, meta = streams(out.DBInstances, streamFromInstance), out.ResultMetadata
	}
	if found == nil && sdkcall.HasRawResponse(meta) { // RDS encodes an empty list
		return nil, sdkcall.UnexpectedResponse(op, "", meta, "response has no list of databases")
	}
	results := make([]statemachine.Result[*Stream], 0, len(found))
	seen := make(map[int]bool, len(found))
	for _, s := range found {
		i, ok := index[strings.ToLower(s.ResourceArn)]
		switch {
		case !ok: // not requested
		case seen[i]: // a duplicate counts as missing and is re-read individually
			results = append(results, statemachine.Result[*Stream]{Index: i, Err: statemachine.NotFound})
		default:
			seen[i] = true
			if s.Status == "" && sdkcall.HasRawResponse(meta) {
				results = append(results, statemachine.Result[*Stream]{Index: i, Err: missingStatus(op, batch[i].given, meta)})
				continue
			}
			s.intern()
			if s.ResourceArn == batch[i].given {
				s.ResourceArn = batch[i].given // share the string
			}
			results = append(results, statemachine.Result[*Stream]{Index: i, Value: s})
		}
	}
	for _, r := range results {
		for _, i := range again[batch[r.Index].arn] {
			other := statemachine.Result[*Stream]{Index: i, Err: r.Err}
			if r.Value != nil {
				other.Value = new(*r.Value)
			}
			results = append(results, other)
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
		for _, part := range []struct {
			op   statemachine.Operation
			page func(context.Context, *string) ([]*Stream, *string, error)
		}{{describeDBClusters, call.clusters}, {describeDBInstances, call.instances}} {
			for s, err := range sdkcall.Pages(ctx, part.op, "", "Marker", part.page) {
				if err != nil {
					yield(nil, err)
					return
				}
				if modes, _ := s.engineModes(); (len(modes) > 0 && s.noStream() == "" || s.Status != StatusStopped && s.Status != "") && !yield(s, nil) {
					return
				}
			}
		}
	}
}

// clusters reads one page of all clusters.
func (c *call) clusters(ctx context.Context, marker *string) ([]*Stream, *string, error) {
	out, err := sdkcall.Do(ctx, c.sdk, describeDBClusters, "", c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{
		Marker: marker, MaxRecords: new(int32(pageSize)),
	})
	if err != nil {
		return nil, nil, err
	}
	if out.DBClusters == nil && sdkcall.HasRawResponse(out.ResultMetadata) {
		return nil, nil, sdkcall.UnexpectedResponse(describeDBClusters, "", out.ResultMetadata, "response has no DBClusters list")
	}
	return streams(out.DBClusters, streamFromCluster), out.Marker, nil
}

// instances reads one page of all instances and leaves out the members of clusters.
func (c *call) instances(ctx context.Context, marker *string) ([]*Stream, *string, error) {
	out, err := sdkcall.Do(ctx, c.sdk, describeDBInstances, "", c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
		Marker: marker, MaxRecords: new(int32(pageSize)),
	})
	if err != nil {
		return nil, nil, err
	}
	if out.DBInstances == nil && sdkcall.HasRawResponse(out.ResultMetadata) {
		return nil, nil, sdkcall.UnexpectedResponse(describeDBInstances, "", out.ResultMetadata, "response has no DBInstances list")
	}
	standalone := out.DBInstances[:0:0]
	for _, i := range out.DBInstances {
		if i.DBClusterIdentifier == nil || *i.DBClusterIdentifier == "" {
			standalone = append(standalone, i)
		}
	}
	return streams(standalone, streamFromInstance), out.Marker, nil
}
