package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// addCluster adds a cluster and its Kinesis stream.
func (c *control) addCluster(o order) string {
	arn := c.rds.AddCluster(activitystreamtest.Cluster{
		Identifier: o.Identifier, Engine: o.Engine, Members: o.Members, ResourceStatus: o.Database, Status: o.Status, Mode: o.Mode, KmsKeyId: o.KmsKeyID,
	})
	c.records.Attach(c.rds, arn, 2)
	return arn
}

// addInstance adds an instance and its Kinesis stream.
func (c *control) addInstance(o order) string {
	arn := c.rds.AddInstance(activitystreamtest.Instance{
		Identifier: o.Identifier, Engine: o.Engine, ResourceStatus: o.Database, Status: o.Status, Mode: o.Mode, KmsKeyId: o.KmsKeyID,
		PolicyStatus: activitystream.PolicyStatus(o.Policy),
	})
	c.records.Attach(c.rds, arn, 1)
	return arn
}

// stale makes reads of a database show its state of a while ago.
func (c *control) stale(o order) (string, error) {
	d, err := time.ParseDuration(o.Stale)
	if err == nil {
		c.rds.Stale(o.Arn, d)
	}
	return "", err
}

// suffix returns the key in c.all of the service of an operation.
func (c *control) suffix(op statemachine.Operation) string {
	for part := range c.all {
		if part != "" && strings.Contains(string(op), part) {
			return part
		}
	}
	return ""
}

// fail makes the next requests for an operation fail.
func (c *control) fail(o order) (string, error) {
	if o.Operation == "" {
		return "", fmt.Errorf("operation is required, such as %q", activitystream.StartActivityStream)
	}
	c.all[c.suffix(o.Operation)].Fail(o.Operation, awstest.Failure{
		Code: o.Code, Message: o.Message, Status: o.HTTPStatus, Resource: o.Arn, Times: o.Times, Lost: o.Lost, Drop: o.Drop,
	})
	return "", nil
}

// clear ends the failures of an operation.
func (c *control) clear(o order) { c.all[c.suffix(o.Operation)].ClearFailures(o.Operation) }
