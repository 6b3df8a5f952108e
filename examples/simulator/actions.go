package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// actions returns the actions by the last part of the path. An action returns the ARN of what it
// added, or "".
func (c *control) actions() map[string]func(order) (arn string, err error) {
	done := func(f func(order)) func(order) (string, error) {
		return func(o order) (string, error) { f(o); return "", nil }
	}
	onDatabase := func(f func(order)) func(order) (string, error) {
		return func(o order) (string, error) {
			err := c.checkDatabase(o.Arn)
			if err == nil {
				f(o)
			}
			return "", err
		}
	}
	return map[string]func(order) (string, error){
		"add-cluster":    func(o order) (string, error) { return c.addCluster(o), nil },
		"add-instance":   func(o order) (string, error) { return c.addInstance(o), nil },
		"remove":         onDatabase(func(o order) { c.rds.Remove(o.Arn) }),
		"set-stream":     onDatabase(func(o order) { c.rds.Set(o.Arn, o.Status) }),
		"set-policy":     onDatabase(func(o order) { c.rds.SetPolicy(o.Arn, o.Policy) }),
		"set-database":   onDatabase(func(o order) { c.rds.SetResourceStatus(o.Arn, o.Database) }),
		"lapse":          onDatabase(func(o order) { c.rds.Lapse(o.Arn) }),
		"open-window":    onDatabase(func(o order) { c.rds.OpenMaintenanceWindow(o.Arn) }),
		"set-key":        done(func(o order) { c.rds.SetKeyAccessible(o.KmsKeyID, o.Accessible) }),
		"set-alias":      done(func(o order) { c.rds.SetAlias(o.Alias, o.KmsKeyID) }),
		"stale":          c.stale,
		"fail":           c.fail,
		"clear-failures": c.clearFailures,
	}
}

// checkDatabase returns an error if there is no database of an ARN.
func (c *control) checkDatabase(arn string) error {
	if id, _ := c.rds.Recorded(arn); id == "" {
		return fmt.Errorf("no database has the arn %q", truncate(arn))
	}
	return nil
}

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
		Identifier: o.Identifier, Engine: o.Engine, ResourceStatus: o.Database, Status: o.Status, Mode: o.Mode, KmsKeyId: o.KmsKeyID, PolicyStatus: o.Policy,
	})
	c.records.Attach(c.rds, arn, 1)
	return arn
}

// stale makes reads of a database, or without an ARN of all databases, show the state of a while
// ago.
func (c *control) stale(o order) (string, error) {
	d, err := time.ParseDuration(o.Stale)
	if err == nil && o.Arn != "" {
		err = c.checkDatabase(o.Arn)
	}
	if err == nil {
		c.rds.Stale(o.Arn, d)
	}
	return "", err
}

// fail makes the next requests for an operation fail.
func (c *control) fail(o order) (string, error) {
	engine, err := c.engine(o.Operation)
	if err == nil {
		engine.Fail(o.Operation, awstest.Failure{
			Code: o.Code, Message: o.Message, Status: o.HTTPStatus, Resource: o.Arn, Times: o.Times, Lost: o.Lost, Drop: o.Drop,
		})
	}
	return "", err
}

// clearFailures ends the failures of an operation.
func (c *control) clearFailures(o order) (string, error) {
	engine, err := c.engine(o.Operation)
	if err == nil {
		engine.ClearFailures(o.Operation)
	}
	return "", err
}

// engine returns the service of an operation, or an error if none supports it.
func (c *control) engine(op statemachine.Operation) (awstest.Engine, error) { //nolint:ireturn // one of several
	for _, s := range c.services {
		names := strings.FieldsFunc(s.operations, func(r rune) bool { return r == ' ' || r == ',' })
		if slices.Contains(names, string(op)) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("operation must be that of a simulated service, such as %q, got %q", activitystream.StartActivityStream, truncate(string(op)))
}
