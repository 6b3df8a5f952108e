package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// entry is an entry of the file: a database, and how to start its stream.
type entry struct {
	ResourceArn                     string              `json:"resource_arn"`
	Mode                            activitystream.Mode `json:"mode"`
	KmsKeyID                        string              `json:"kms_key_id"`
	ApplyImmediately                bool                `json:"apply_immediately"`
	EngineNativeAuditFieldsIncluded bool                `json:"engine_native_audit_fields_included"`
	Profile                         string              `json:"profile"`
}

// input returns the input that starts the stream.
func (e *entry) input() *activitystream.StartInput {
	return &activitystream.StartInput{
		ResourceArn: e.ResourceArn, Mode: e.Mode, KmsKeyId: e.KmsKeyID,
		ApplyImmediately: e.ApplyImmediately, EngineNativeAuditFieldsIncluded: e.EngineNativeAuditFieldsIncluded,
	}
}

// configParser collects the entries of a file in groups.
type configParser struct {
	groups []*group
	first  map[*group]int // the first entry of a group; entries are counted from 1
	seen   map[string]int // the entry of each database, by its ARN in lower case
}

// parse parses a file. Its error has one line per problem, with the file and the entry.
func parse(file string, data []byte) ([]*group, error) {
	p := &configParser{first: map[*group]int{}, seen: map[string]int{}}
	err := cli.ParseFile(file, data, p.add)
	return p.groups, err
}

// add adds entry number n to its group, or returns its problems.
func (p *configParser) add(n int, raw json.RawMessage) []error {
	problem := func(format string, args ...any) []error { return []error{fmt.Errorf(format, args...)} }
	var e entry
	if err := cli.Decode(raw, &e); err != nil {
		return []error{err}
	}
	in := e.input()
	if errs := cli.FieldErrors(&e, in.Validate()); len(errs) > 0 {
		return errs
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		return problem("resource_arn: %w", err)
	}
	key := strings.ToLower(in.ResourceArn) // as RDS compares ARNs
	if other, ok := p.seen[key]; ok {
		return problem("duplicates the database of entry %d", other)
	}
	p.seen[key] = n
	for _, g := range p.groups {
		if g.account != a.AccountID || g.region != a.Region {
			continue
		}
		if g.profile != e.Profile {
			return problem("profile is %q, but entry %d of the same account and Region has %q", e.Profile, p.first[g], g.profile)
		}
		g.ins = append(g.ins, in)
		return nil
	}
	g := &group{account: a.AccountID, region: a.Region, profile: e.Profile, ins: []*activitystream.StartInput{in}}
	p.groups = append(p.groups, g)
	p.first[g] = n
	return nil
}
