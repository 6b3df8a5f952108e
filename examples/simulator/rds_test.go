package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// What the program starts with.
const (
	cluster    = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
	instance   = "arn:aws:rds:us-east-1:123456789012:db:my-orcl-db"
	management = "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/4d2a1f0e-1111-4222-8333-123456789abc"
	partner    = "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/5e3b2a1f-2222-4333-8444-23456789abcd"
	kinesis    = "arn:aws:kinesis:us-east-1:123456789012:stream/profile-events"
)

func (p *program) must(what string, err error) {
	p.Helper()
	if err != nil {
		p.Fatalf("%s: %v", what, err)
	}
}

// checkError checks that err is an error response of the service with the code.
func (p *program) checkError(what string, err error, code string) {
	p.Helper()
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != code {
		p.Errorf("%s: %v, want %s", what, err, code)
	}
}

func quick(o *statemachine.WaitOptions) {
	o.MinDelay, o.MaxDelay = 5*time.Millisecond, 10*time.Millisecond
}

func (p *program) rds() {
	ctx, api := p.Context(), rds.NewFromConfig(p.config())
	client := activitystream.New(api, func(o *activitystream.Options) {
		quick(&o.Wait)
		o.Pacer = statemachine.NewPacer(1e6, 1e6)
	})
	var found []string
	for s, err := range client.List(ctx) {
		p.must("List", err)
		found = append(found, s.ResourceArn+" "+s.Engine+" "+string(s.Status)+" "+string(s.PolicyStatus))
	}
	if want := []string{cluster + " aurora-postgresql stopped ", instance + " oracle-ee stopped locked"}; !slices.Equal(found, want) {
		p.Errorf("it starts with %q, want %q", found, want)
	}
	orderable, err := api.DescribeOrderableDBInstanceOptions(ctx, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: new("oracle-ee")})
	if err != nil || len(orderable.OrderableDBInstanceOptions) == 0 {
		p.Errorf("DescribeOrderableDBInstanceOptions: %v", err)
	}
	for _, arn := range []string{cluster, instance} {
		_, err := client.Start(ctx, &activitystream.StartInput{
			ResourceArn: arn, Mode: activitystream.ModeAsync, KmsKeyId: "alias/audit", ApplyImmediately: true,
		})
		p.must("Start", err)
		s, err := client.Wait(ctx, arn, activitystream.StatusStarted, patience)
		p.must("Wait", err)
		if !strings.HasPrefix(s.KinesisStreamName, "aws-rds-das-") {
			p.Errorf("the Kinesis stream is %q", s.KinesisStreamName)
		}
	}
	_, err = client.Modify(ctx, &activitystream.ModifyInput{ResourceArn: instance, AuditPolicyState: activitystream.AuditPolicyUnlocked})
	p.must("Modify", err)
	_, err = client.WaitPolicy(ctx, instance, activitystream.PolicyUnlocked, patience)
	p.must("WaitPolicy", err)
	for _, arn := range []string{cluster, instance} {
		out, err := client.EnsureStopped(ctx, &activitystream.StopInput{ResourceArn: arn, ApplyImmediately: true}, patience)
		p.must("EnsureStopped", err)
		if want := []statemachine.Operation{activitystream.StopActivityStream}; !slices.Equal(out.Operations, want) {
			p.Errorf("EnsureStopped ran %v", out.Operations)
		}
	}
	events, err := api.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, SourceIdentifier: new("das-cluster")})
	if err != nil || len(events.Events) != 2 {
		p.Errorf("DescribeEvents after a start and a stop: %+v, %v", events, err)
	}
	_, err = api.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: new("no-cluster")})
	if _, ok := errors.AsType[*types.DBClusterNotFoundFault](err); !ok {
		p.Errorf("DescribeDBClusters of none: %v", err)
	}
	_, err = api.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{})
	p.checkError("DescribeDBSnapshots", err, "InvalidAction")
}
