package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// regionConfig has the configured resources of one Region.
type regionConfig struct {
	region  string
	streams []*activitystream.StartInput
	records []*streamEntry // those of streams whose recording is watched
	stores  []string
	events  []*eventstream.CreateInput
}

// entry is an entry of the configuration file.
type entry interface {
	validate() error
	resource() (id, arn string) // what identifies the resource, and an ARN in its Region
	addTo(r *regionConfig)
}

// newEntry returns an empty entry of a kind, or nil if the kind is unknown.
func newEntry(kind string) entry { //nolint:ireturn // each kind is decoded into its own type
	switch kind {
	case "activity_stream":
		return &streamEntry{}
	case "event_data_store":
		return &storeEntry{}
	case "event_stream":
		return &eventEntry{}
	}
	return nil
}

// configParser collects the entries of a file.
type configParser struct {
	regions []*regionConfig
	seen    map[string]int // the entry that configures a resource, by ID; the first entry is 1
}

// parse parses a configuration file. Its error has one line per problem, with the file and the
// entry.
func parse(file string, data []byte) ([]*regionConfig, error) {
	p := &configParser{seen: map[string]int{}}
	err := cli.ParseFile(file, data, p.add)
	return p.regions, err
}

// add adds entry number n, or returns its problems.
func (p *configParser) add(n int, raw json.RawMessage) []error {
	problem := func(format string, args ...any) []error { return []error{fmt.Errorf(format, args...)} }
	var header struct {
		Kind string `json:"kind"`
	}
	if json.Unmarshal(raw, &header) != nil {
		return problem("must be an object with a kind: {\"kind\": …}")
	}
	e := newEntry(header.Kind)
	if e == nil {
		return problem("kind must be activity_stream, event_data_store or event_stream, got %q", header.Kind)
	}
	if err := cli.Decode(raw, e); err != nil {
		return []error{err}
	}
	if errs := cli.FieldErrors(e, e.validate()); len(errs) > 0 {
		return errs
	}
	id, text := e.resource()
	if other, ok := p.seen[id]; ok {
		return problem("duplicates the resource of entry %d", other)
	}
	p.seen[id] = n
	a, err := arn.Parse(text)
	if err != nil {
		return problem("%q must be an ARN, which has the Region", text)
	}
	i := slices.IndexFunc(p.regions, func(r *regionConfig) bool { return r.region == a.Region })
	if i < 0 {
		i = len(p.regions)
		p.regions = append(p.regions, &regionConfig{region: a.Region})
	}
	e.addTo(p.regions[i])
	return nil
}
