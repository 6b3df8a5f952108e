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

	"github.com/streamwarden/streamwarden-go/activitystream/activityreader/activityreadertest"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
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
