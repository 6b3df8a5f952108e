package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// API is the part of rds.Client that Instance calls. It is small, so that a fake is small.
type API interface {
	DescribeDBInstances(context.Context, *rds.DescribeDBInstancesInput, ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error)
	StartDBInstance(context.Context, *rds.StartDBInstanceInput, ...func(*rds.Options)) (*rds.StartDBInstanceOutput, error)
	StopDBInstance(context.Context, *rds.StopDBInstanceInput, ...func(*rds.Options)) (*rds.StopDBInstanceOutput, error)
}

// fake is an RDS with one DB instance, in memory. It follows the table of the lifecycle. It is for
// one goroutine.
type fake struct {
	name, status   string
	since          time.Time     // when the status was set
	transitionTime time.Duration // of a start and of a stop
	failStarts     bool          // whether starts fail
}

// now returns the current status, after it has finished a transition that is due.
func (f *fake) now() string {
	if time.Since(f.since) >= f.transitionTime {
		lapses := f.failStarts && f.status == "starting"
		for _, t := range machine.Transitions() {
			if t.From == f.status && t.By == "" && t.Lapse == lapses {
				f.status = t.To
				break
			}
		}
	}
	return f.status
}

// DescribeDBInstances returns the instance.
func (f *fake) DescribeDBInstances(_ context.Context, in *rds.DescribeDBInstancesInput, _ ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	if *in.DBInstanceIdentifier != f.name {
		return nil, notFound(*in.DBInstanceIdentifier)
	}
	return &rds.DescribeDBInstancesOutput{DBInstances: []types.DBInstance{{
		DBInstanceIdentifier: &f.name, DBInstanceStatus: new(f.now()),
	}}}, nil
}

// StartDBInstance starts the instance if it is stopped.
func (f *fake) StartDBInstance(_ context.Context, in *rds.StartDBInstanceInput, _ ...func(*rds.Options)) (*rds.StartDBInstanceOutput, error) {
	return &rds.StartDBInstanceOutput{}, f.command(*in.DBInstanceIdentifier, startDBInstance)
}

// StopDBInstance stops the instance if it is available.
func (f *fake) StopDBInstance(_ context.Context, in *rds.StopDBInstanceInput, _ ...func(*rds.Options)) (*rds.StopDBInstanceOutput, error) {
	return &rds.StopDBInstanceOutput{}, f.command(*in.DBInstanceIdentifier, stopDBInstance)
}

func (f *fake) command(name string, op statemachine.Operation) error {
	if name != f.name {
		return notFound(name)
	}
	to, ok := machine.Next(f.now(), op)
	if !ok {
		return &smithy.GenericAPIError{
			Code: "InvalidDBInstanceState", Message: fmt.Sprintf("Instance %s is in state %s.", f.name, f.status),
		}
	}
	f.status, f.since = to, time.Now()
	return nil
}

func notFound(name string) error {
	return &types.DBInstanceNotFoundFault{Message: new("DBInstance " + name + " not found.")}
}
