package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// controlPath is the prefix of the paths of the control endpoint.
const controlPath = "/simulator/"

// control changes the simulated services as another actor, or the fate of a request, would. So
// clients in any language can see failures.
type control struct {
	rds      *activitystreamtest.Server
	records  *activityreadertest.Server
	services []service
}

// ServeHTTP serves a request to the control endpoint.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var response struct {
		Arn   string `json:"arn,omitempty"`
		Error string `json:"error,omitempty"`
	}
	var err error
	w.Header().Set("Content-Type", "application/json")
	if response.Arn, err = c.handle(r); err != nil {
		response.Error = err.Error()
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = w.Write(simulator.Encode(response)) // the client may have left
}

// handle handles a request, and returns the ARN of what was added, if anything.
func (c *control) handle(r *http.Request) (arn string, err error) {
	if r.Method != http.MethodPost {
		return "", fmt.Errorf("use POST, not %s", r.Method)
	}
	name, actions := strings.TrimPrefix(r.URL.Path, controlPath), c.actions()
	run, ok := actions[name]
	if !ok {
		return "", fmt.Errorf("no action %q: use one of %s", truncate(name), strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
	}
	var o order
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return run(o)
}

// actions returns the actions by the last part of the path. An action returns the ARN of what it
// added, or "".
func (c *control) actions() map[string]func(order) (arn string, err error) {
	done := func(f func(order)) func(order) (string, error) {
		return func(o order) (string, error) { f(o); return "", nil }
	}
	return map[string]func(order) (string, error){
		"add-cluster":    func(o order) (string, error) { return c.addCluster(o), nil },
		"add-instance":   func(o order) (string, error) { return c.addInstance(o), nil },
		"remove":         done(func(o order) { c.rds.Remove(o.Arn) }),
		"set-stream":     done(func(o order) { c.rds.Set(o.Arn, o.Status) }),
		"set-policy":     done(func(o order) { c.rds.SetPolicy(o.Arn, o.Policy) }),
		"set-database":   done(func(o order) { c.rds.SetResourceStatus(o.Arn, o.Database) }),
		"lapse":          done(func(o order) { c.rds.Lapse(o.Arn) }),
		"open-window":    done(func(o order) { c.rds.OpenMaintenanceWindow(o.Arn) }),
		"set-key":        done(func(o order) { c.rds.SetKeyAccessible(o.KmsKeyID, o.Accessible) }),
		"set-alias":      done(func(o order) { c.rds.SetAlias(o.Alias, o.KmsKeyID) }),
		"stale":          c.stale,
		"fail":           c.fail,
		"clear-failures": done(func(o order) { c.engine(o.Operation).ClearFailures(o.Operation) }),
	}
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

// stale makes reads of a database show its state of a while ago.
func (c *control) stale(o order) (string, error) {
	d, err := time.ParseDuration(o.Stale)
	if err == nil {
		c.rds.Stale(o.Arn, d)
	}
	return "", err
}

// fail makes the next requests for an operation fail.
func (c *control) fail(o order) (string, error) {
	if o.Operation == "" {
		return "", fmt.Errorf("operation is required, such as %q", activitystream.StartActivityStream)
	}
	c.engine(o.Operation).Fail(o.Operation, awstest.Failure{
		Code: o.Code, Message: o.Message, Status: o.HTTPStatus, Resource: o.Arn, Times: o.Times, Lost: o.Lost, Drop: o.Drop,
	})
	return "", nil
}

// engine returns the service of an operation. It is RDS if none supports it.
func (c *control) engine(op statemachine.Operation) awstest.Engine { //nolint:ireturn // one of several
	for _, s := range c.services {
		if strings.Contains(s.operations, string(op)) {
			return s
		}
	}
	return c.rds
}
