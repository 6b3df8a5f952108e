package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// Status is the status of a DB instance. The SDK has no type for it: it is the text of DBInstanceStatus.
type Status string

// The operations that this program runs.
const (
	startDBInstance statemachine.Operation = "StartDBInstance"
	stopDBInstance  statemachine.Operation = "StopDBInstance"
)

// machine is the lifecycle, as far as starting and stopping go. Statuses that it does not name are waited out.
var machine = statemachine.MustNew(statemachine.Definition[Status]{
	Name: "DB instance",
	Transitions: []statemachine.Transition[Status]{
		{From: "stopped", To: "starting", By: startDBInstance},
		{From: "starting", To: "available"},
		{From: "available", To: "stopping", By: stopDBInstance},
		{From: "stopping", To: "stopped"},
		{From: "starting", To: "failed", Lapse: true},
		{From: "backing-up", To: "available"}, // a start may pass through it
	},
})

// faults is what RDS's error codes mean for an instance. Throttling, expired credentials and broken connections need no row.
var faults = sdkfault.Table{
	{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
	{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
}

// Instance waits for one DB instance, watches it, and starts or stops it.
func Instance(api API, name string) *statemachine.Ensurer[*types.DBInstance, Status] {
	read := func(ctx context.Context) (*types.DBInstance, error) {
		out, err := api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name}, noRetries)
		switch {
		case err != nil:
			return nil, faults.Fault(ctx, "DescribeDBInstances", name, err)
		case len(out.DBInstances) != 1: // to the SDK an empty answer is a success
			return nil, &statemachine.Fault{
				Kind: statemachine.Unavailable, Operation: "DescribeDBInstances", Resource: name, Message: "the answer lacks the instance",
			}
		}
		return &out.DBInstances[0], nil
	}
	command := func(ctx context.Context, op statemachine.Operation) (err error) {
		if op == startDBInstance {
			_, err = api.StartDBInstance(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: &name}, noRetries)
		} else {
			_, err = api.StopDBInstance(ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: &name}, noRetries)
		}
		return faults.Fault(ctx, op, name, err)
	}
	status := func(i *types.DBInstance) Status { return Status(aws.ToString(i.DBInstanceStatus)) }
	return &statemachine.Ensurer[*types.DBInstance, Status]{
		Waiter:  statemachine.Waiter[*types.DBInstance, Status]{Machine: machine, Resource: name, Read: read, State: status},
		Command: command,
	}
}

// noRetries switches the SDK's retries off: a second try belongs to the ensure, which reads first.
func noRetries(o *rds.Options) { o.Retryer = aws.NopRetryer{} }
