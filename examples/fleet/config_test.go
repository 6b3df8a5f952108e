package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const orders = `"resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:orders"`
	const rest = `"mode": "async", "kms_key_id": "alias/audit"`
	const good = `{` + orders + `, ` + rest + `}`
	for _, tt := range []struct {
		reason, file string
		want         []string // a line each
	}{
		{"one that is right", `[` + good + `]`, nil},
		{"no JSON", "[\n{]", []string{"f.json: line 2: invalid character ']' looking for beginning of object key string"}},
		{"nothing", "", []string{"f.json: line 1: unexpected end of JSON input"}},
		{"more than the list", `[` + good + `] []`, []string{"f.json: line 1: invalid character '[' after top-level value"}},
		{"no list", good, []string{"f.json: must hold a JSON list: [ {…}, {…} ]"}},
		{"an empty list", `[]`, []string{"f.json: lists nothing"}},
		{"no list at all", `null`, []string{"f.json: lists nothing"}},
		{"an entry that is no object", `[` + good + `, null, "orders"]`, []string{"f.json: entry 2: must be an object: {…}", "f.json: entry 3: must be an object: {…}"}},
		{"an unknown field", `[{` + orders + `, ` + rest + `, "kms_key": "k"}]`, []string{`f.json: entry 1: unknown field "kms_key"`}},
		{"a field of another type", `[{` + orders + `, ` + rest + `, "apply_immediately": "yes"}]`, []string{`f.json: entry 1: apply_immediately must be a bool, is a string`}},
		{"all that is wrong with one", `[{}]`, []string{
			"f.json: entry 1: resource_arn is empty",
			"f.json: entry 1: mode is empty, must be one of [sync async]",
			"f.json: entry 1: kms_key_id is empty",
		}},
		{"several that are wrong", `[{` + rest + `}, ` + good + `, {` + orders + `, "mode": "async", "kms_key_id": "?"}]`, []string{
			"f.json: entry 1: resource_arn is empty",
			`f.json: entry 3: kms_key_id must be a key ARN, a key ID, an alias ARN or an alias name (alias/name), is "?"`,
		}},
		{"a field that clusters do not take", `[{` + orders + `, ` + rest + `, "engine_native_audit_fields_included": true}]`, []string{
			"f.json: entry 1: engine_native_audit_fields_included is for instances only, and this is the ARN of a cluster",
		}},
		{"a database that is listed twice", `[` + good + `, ` + strings.Replace(good, ":orders", ":Orders", 1) + `]`, []string{
			"f.json: entry 2: is about the same database as entry 1",
		}},
		{"two sets of credentials for one quota", `[` + good + `, {"resource_arn": "arn:aws:rds:us-east-1:123456789012:db:books", ` + rest + `, "profile": "other"}]`, []string{
			`f.json: entry 2: profile is "other", but entry 1, of the same account and Region, has ""`,
		}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := parse("f.json", []byte(tt.file))
			got := ""
			if err != nil {
				got = err.Error()
			}
			same(t, "error", strings.Join(tt.want, "\n"), got)
		})
	}
}

func TestParseGroups(t *testing.T) {
	entry := func(arn, profile string) string {
		return `{"resource_arn": "arn:aws:rds:` + arn + `", "mode": "async", "kms_key_id": "alias/audit", "profile": "` + profile + `"}`
	}
	groups, err := parse("f.json", []byte(`[`+strings.Join([]string{
		entry("us-east-1:111122223333:cluster:a", "one"),
		entry("us-east-1:444455556666:cluster:a", ""),
		entry("eu-west-1:111122223333:cluster:a", "one"),
		entry("us-east-1:111122223333:db:b", "one"),
	}, ",")+`]`))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, g := range groups {
		got.WriteString(g.account + " " + g.region + " " + g.profile + ":")
		for _, in := range g.ins {
			got.WriteString(" " + in.ResourceArn[strings.LastIndex(in.ResourceArn, ":")+1:])
		}
		got.WriteString("\n")
	}
	same(t, "groups", "111122223333 us-east-1 one: a b\n444455556666 us-east-1 : a\n111122223333 eu-west-1 one: a\n", got.String())
}
