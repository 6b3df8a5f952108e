package activitystream

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/internal/validate"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The operations of the Amazon RDS API that this package reads by.
const (
	describeDBClusters                 statemachine.Operation = "DescribeDBClusters"
	describeDBInstances                statemachine.Operation = "DescribeDBInstances"
	describeOrderableDBInstanceOptions statemachine.Operation = "DescribeOrderableDBInstanceOptions"
)

// pageSize is the most records that RDS gives in one answer, and the most identifiers that one filtered read asks for.
const pageSize = 100

// Get reads the activity stream of a cluster or instance.
//
// An ARN that is not valid is a [*statemachine.InputError] before anything is sent, an error of the service a
// [*statemachine.Fault]: of kind NotFound if there is no such database.
func (c *Client) Get(ctx context.Context, resourceArn string, optFns ...func(*Options)) (*Stream, error) {
	call := c.calls.New(optFns)
	res, reason := parseARN(resourceArn, call.Region)
	if err := validate.FieldError("ResourceArn", reason); err != nil {
		return nil, err
	}
	return call.describe(ctx, &res)
}

// describe reads one resource by its identifier.
func (c *call) describe(ctx context.Context, res *resource) (*Stream, error) {
	var op statemachine.Operation
	var found int
	var s *Stream
	var meta middleware.Metadata
	switch res.sort {
	case cluster:
		op = describeDBClusters
		out, err := sdkcall.Do(ctx, c.sdk, op, res.given, c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{DBClusterIdentifier: &res.arn})
		if err != nil {
			return nil, err
		}
		meta = out.ResultMetadata
		if found = len(out.DBClusters); found == 1 {
			s = streamFromCluster(&out.DBClusters[0])
		}
	case instance:
		op = describeDBInstances
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
	}
	return s, nil
}

// describeBatch reads several resources of one sort in one filtered read.
func (c *call) describeBatch(ctx context.Context, arns []string) ([]statemachine.Result[*Stream], error) {
	wanted := make(map[string]int, len(arns))
	values := make([]string, len(arns))
	var kind resourceType
	for i, s := range arns {
		res, _ := parseARN(s, "") // it was checked before
		wanted[res.arn], values[i], kind = i, res.arn, res.sort
	}
	var found []*Stream
	switch kind {
	case cluster:
		out, err := sdkcall.Do(ctx, c.sdk, describeDBClusters, "", c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{
			Filters: filter("db-cluster-id", values), MaxRecords: new(int32(pageSize)),
		})
		if err != nil {
			return nil, err
		}
		found = streams(out.DBClusters, streamFromCluster)
	case instance:
		out, err := sdkcall.Do(ctx, c.sdk, describeDBInstances, "", c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
			Filters: filter("db-instance-id", values), MaxRecords: new(int32(pageSize)),
		})
		if err != nil {
			return nil, err
		}
		found = streams(out.DBInstances, streamFromInstance)
	}
	results := make([]statemachine.Result[*Stream], 0, len(found))
	seen := make(map[int]bool, len(found))
	for _, s := range found {
		i, ok := wanted[strings.ToLower(s.ResourceArn)]
		switch {
		case !ok: // what nobody asked for
		case seen[i]: // what contradicts itself is as if it were not there: it is read again, alone
			results = append(results, statemachine.Result[*Stream]{Index: i, Err: statemachine.NotFound})
		default:
			seen[i] = true
			s.intern()
			if s.ResourceArn == arns[i] {
				s.ResourceArn = arns[i] // one text for both
			}
			results = append(results, statemachine.Result[*Stream]{Index: i, Value: s})
		}
	}
	return results, nil
}

func filter(name string, values []string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

func streams[T any](from []T, convert func(*T) *Stream) []*Stream {
	all := make([]*Stream, len(from))
	for i := range from {
		all[i] = convert(&from[i])
	}
	return all
}

// List yields the activity stream of every cluster and instance of the Region that can have one, or has one:
// not Aurora's member instances, whose cluster has the stream, nor Neptune's and DocumentDB's databases, which
// RDS lists as well. Reads wait for their place under the quota. An error is yielded once and ends it. Ranging
// again reads anew.
func (c *Client) List(ctx context.Context, optFns ...func(*Options)) iter.Seq2[*Stream, error] {
	return func(yield func(*Stream, error) bool) {
		call := c.calls.New(optFns)
		for _, part := range []struct {
			op   statemachine.Operation
			page func(context.Context, *string) ([]*Stream, *string, error)
		}{{describeDBClusters, call.clusters}, {describeDBInstances, call.instances}} {
			for s, err := range sdkcall.Pages(ctx, part.op, "", "Marker", part.page) {
				if err != nil {
					yield(nil, err)
					return
				}
				if _, can := s.engineModes(); (can || s.Status != StatusStopped && s.Status != "") && !yield(s, nil) {
					return
				}
			}
		}
	}
}

func (c *call) clusters(ctx context.Context, marker *string) ([]*Stream, *string, error) {
	out, err := sdkcall.Do(ctx, c.sdk.Queued(), describeDBClusters, "", c.api.DescribeDBClusters, &rds.DescribeDBClustersInput{
		Marker: marker, MaxRecords: new(int32(pageSize)),
	})
	if err == nil && out.DBClusters == nil && sdkcall.HasRawResponse(out.ResultMetadata) { // RDS writes an empty list out; this is what the SDK makes of an answer that is none
		err = sdkcall.UnexpectedResponse(describeDBClusters, "", out.ResultMetadata, "response has no DBClusters list")
	}
	if err != nil {
		return nil, nil, err
	}
	return streams(out.DBClusters, streamFromCluster), out.Marker, nil
}

func (c *call) instances(ctx context.Context, marker *string) ([]*Stream, *string, error) {
	out, err := sdkcall.Do(ctx, c.sdk.Queued(), describeDBInstances, "", c.api.DescribeDBInstances, &rds.DescribeDBInstancesInput{
		Marker: marker, MaxRecords: new(int32(pageSize)),
	})
	if err == nil && out.DBInstances == nil && sdkcall.HasRawResponse(out.ResultMetadata) { // RDS writes an empty list out; this is what the SDK makes of an answer that is none
		err = sdkcall.UnexpectedResponse(describeDBInstances, "", out.ResultMetadata, "response has no DBInstances list")
	}
	if err != nil {
		return nil, nil, err
	}
	standalone := out.DBInstances[:0:0]
	for _, i := range out.DBInstances {
		if i.DBClusterIdentifier == nil || *i.DBClusterIdentifier == "" {
			standalone = append(standalone, i)
		}
	}
	return streams(standalone, streamFromInstance), out.Marker, nil
}
