package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// The operations that this program calls.
const (
	startDBInstance statemachine.Operation = "StartDBInstance"
	stopDBInstance  statemachine.Operation = "StopDBInstance"
)

// machine is the lifecycle of starting and stopping. Its states are values of DBInstanceStatus, for
// which the SDK has no type. A wait continues in any other status.
var machine = statemachine.MustNew(statemachine.Definition[string]{
	Name: "DB instance",
	Transitions: []statemachine.Transition[string]{
		{From: "stopped", To: "starting", By: startDBInstance},
		{From: "starting", To: "available"},
		{From: "available", To: "stopping", By: stopDBInstance},
		{From: "stopping", To: "stopped"},
		{From: "starting", To: "failed", Lapse: true},
		{From: "backing-up", To: "available"}, // possible during a start
	},
})

// faults maps RDS's error codes for instances to kinds. Throttling, expired credentials and broken
// connections need no rule.
var faults = sdkfault.Table{
	{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
	{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
}

// Instance returns an Ensurer that waits for, watches, starts and stops one DB instance.
func Instance(api API, name string) *statemachine.Ensurer[*types.DBInstance, string] {
	read := func(ctx context.Context) (*types.DBInstance, error) {
		out, err := api.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name}, noRetries)
		if err == nil && len(out.DBInstances) != 1 { // to the SDK an empty response is a success
			err = &statemachine.Fault{Kind: statemachine.Unavailable, Operation: "DescribeDBInstances", Resource: name, Message: "response lacks the instance"}
		}
		if err != nil {
			return nil, faults.Fault(ctx, "DescribeDBInstances", name, err)
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
	status := func(i *types.DBInstance) string { return aws.ToString(i.DBInstanceStatus) }
	return &statemachine.Ensurer[*types.DBInstance, string]{
		Waiter:  statemachine.Waiter[*types.DBInstance, string]{Machine: machine, Resource: name, Read: read, State: status},
		Command: command,
	}
}

// noRetries disables the SDK's retries: the Ensurer reads before it sends a command again.
func noRetries(o *rds.Options) { o.Retryer = aws.NopRetryer{} }
