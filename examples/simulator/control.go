package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/awstest"
)

// controlPath is the prefix of the paths of the control endpoint.
const controlPath = "/simulator/"

// control changes the simulated services as another actor, or the fate of a request, would. So
// clients in any language can see failures.
type control struct {
	rds     *activitystreamtest.Server
	records *activityreadertest.Server
	all     map[string]awstest.Engine // by the suffix of their operations
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
		"set-policy":     done(func(o order) { c.rds.SetPolicy(o.Arn, activitystream.PolicyStatus(o.Policy)) }),
		"set-database":   done(func(o order) { c.rds.SetResourceStatus(o.Arn, o.Database) }),
		"lapse":          done(func(o order) { c.rds.Lapse(o.Arn) }),
		"open-window":    done(func(o order) { c.rds.OpenMaintenanceWindow(o.Arn) }),
		"set-key":        done(func(o order) { c.rds.SetKeyAccessible(o.KmsKeyID, o.Accessible) }),
		"set-alias":      done(func(o order) { c.rds.SetAlias(o.Alias, o.KmsKeyID) }),
		"stale":          c.stale,
		"fail":           c.fail,
		"clear-failures": done(c.clear),
	}
}

// ServeHTTP serves a request to the control endpoint.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, actions := strings.TrimPrefix(r.URL.Path, controlPath), c.actions()
	run, ok := actions[name]
	var o order
	var arn string
	var err error
	switch {
	case r.Method != http.MethodPost:
		err = fmt.Errorf("use POST, not %s", r.Method)
	case !ok:
		err = fmt.Errorf("no action %q: use one of %s", truncate(name), strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
	default:
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err = d.Decode(&o); err == nil || err == io.EOF { //nolint:errorlint // Decode returns it as it is
			arn, err = run(o)
		}
	}
	response, status := map[string]string{"arn": arn}, http.StatusOK
	if err != nil {
		response, status = map[string]string{"error": err.Error()}, http.StatusBadRequest
	} else if arn == "" {
		delete(response, "arn")
	}
	body, err := json.Marshal(response)
	if err != nil { // strings always encode
		body = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have left
}
