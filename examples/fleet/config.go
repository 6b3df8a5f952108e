package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// entry is an entry of the file: a database, and how its stream is to be started.
type entry struct {
	ResourceArn                     string              `json:"resource_arn"`
	Mode                            activitystream.Mode `json:"mode"`
	KmsKeyID                        string              `json:"kms_key_id"`
	ApplyImmediately                bool                `json:"apply_immediately"`
	EngineNativeAuditFieldsIncluded bool                `json:"engine_native_audit_fields_included"`
	Profile                         string              `json:"profile"`
}

func (w entry) input() *activitystream.StartInput {
	return &activitystream.StartInput{
		ResourceArn: w.ResourceArn, Mode: w.Mode, KmsKeyId: w.KmsKeyID,
		ApplyImmediately: w.ApplyImmediately, EngineNativeAuditFieldsIncluded: w.EngineNativeAuditFieldsIncluded,
	}
}

// jsonName is the name that a field of the library's input has in the file.
func jsonName(field string) string {
	switch field {
	case "ResourceArn":
		return "resource_arn"
	case "Mode":
		return "mode"
	case "KmsKeyId":
		return "kms_key_id"
	case "EngineNativeAuditFieldsIncluded":
		return "engine_native_audit_fields_included"
	}
	return field
}

// configParser are those of a file, checked and grouped.
type configParser struct {
	file   string
	groups []*group
	lines  map[*group]int // the entry that a group began with; entries are counted from 1
	seen   map[string]int // the entry of each database
	wrong  []error
}

// parse reads the wishes of a file. Its error has a line for each thing that is wrong, with the file and the entry.
func parse(file string, data []byte) ([]*group, error) {
	entries, err := cli.ParseList(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	ws := &configParser{file: file, lines: map[*group]int{}, seen: map[string]int{}}
	for i, raw := range entries {
		var w entry
		if err := cli.Decode(raw, &w); err != nil {
			ws.refuse(i+1, "%v", err)
			continue
		}
		ws.add(i+1, w)
	}
	return ws.groups, errors.Join(ws.wrong...)
}

func (ws *configParser) refuse(entry int, format string, args ...any) {
	ws.wrong = append(ws.wrong, fmt.Errorf("%s: entry %d: %s", ws.file, entry, fmt.Sprintf(format, args...)))
}

// add checks an entry and puts it in its group.
func (ws *configParser) add(entry int, w entry) {
	in := w.input()
	if input, ok := errors.AsType[*statemachine.InputError](in.Validate()); ok {
		for _, f := range input.Fields {
			ws.refuse(entry, "%s %s", jsonName(f.Field), f.Reason)
		}
		return
	}
	a, err := arn.Parse(in.ResourceArn)
	if err != nil {
		ws.refuse(entry, "resource_arn: %v", err)
		return
	}
	key := strings.ToLower(in.ResourceArn) // as RDS compares them
	if other, ok := ws.seen[key]; ok {
		ws.refuse(entry, "is about the same database as entry %d", other)
		return
	}
	ws.seen[key] = entry
	for _, g := range ws.groups {
		if g.account != a.AccountID || g.region != a.Region {
			continue
		}
		if g.profile != w.Profile {
			ws.refuse(entry, "profile is %q, but entry %d, of the same account and Region, has %q", w.Profile, ws.lines[g], g.profile)
		}
		g.ins = append(g.ins, in)
		return
	}
	g := &group{account: a.AccountID, region: a.Region, profile: w.Profile, ins: []*activitystream.StartInput{in}}
	ws.groups = append(ws.groups, g)
	ws.lines[g] = entry
}
