package main

import (
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestParseReportsAllProblems(t *testing.T) {
	const orders = `"resource_arn": "arn:aws:rds:us-east-1:123456789012:cluster:orders"`
	const rest = `"mode": "async", "kms_key_id": "alias/audit"`
	const good = `{` + orders + `, ` + rest + `}`
	for _, tt := range []struct {
		reason, file string
		want         []string // a line each
	}{
		{"a valid entry", `[` + good + `]`, nil},
		{"invalid JSON", "[\n{]", []string{"f.json: line 2: invalid character ']' looking for beginning of object key string"}},
		{"an empty file", "", []string{"f.json: line 1: unexpected end of JSON input"}},
		{"more than the list", `[` + good + `] []`, []string{"f.json: line 1: invalid character '[' after top-level value"}},
		{"an object", good, []string{"f.json: must be a JSON list: [ {…}, {…} ]"}},
		{"an empty list", `[]`, []string{"f.json: the list is empty"}},
		{"null", `null`, []string{"f.json: the list is empty"}},
		{"an entry that is not an object", `[` + good + `, null, "orders"]`, []string{"f.json: entry 2: must be an object: {…}", "f.json: entry 3: must be an object: {…}"}},
		{"an unknown field", `[{` + orders + `, ` + rest + `, "kms_key": "k"}]`, []string{`f.json: entry 1: unknown field "kms_key"`}},
		{"a field of another type", `[{` + orders + `, ` + rest + `, "apply_immediately": "yes"}]`, []string{`f.json: entry 1: apply_immediately must be a bool, got a string`}},
		{"all problems of one entry", `[{}]`, []string{
			"f.json: entry 1: resource_arn is required",
			`f.json: entry 1: mode is required: use "sync" or "async"`,
			"f.json: entry 1: kms_key_id is required",
		}},
		{"problems of several entries", `[{` + rest + `}, ` + good + `, {` + orders + `, "mode": "async", "kms_key_id": "?"}]`, []string{
			"f.json: entry 1: resource_arn is required",
			`f.json: entry 3: kms_key_id must be a key ARN, a key ID, an alias ARN or an alias name (alias/name), got "?"`,
		}},
		{"a field that clusters do not have", `[{` + orders + `, ` + rest + `, "engine_native_audit_fields_included": true}]`, []string{
			"f.json: entry 1: engine_native_audit_fields_included must be false for a cluster: it applies to instances only",
		}},
		{"a duplicate database", `[` + good + `, ` + strings.Replace(good, ":orders", ":Orders", 1) + `]`, []string{
			"f.json: entry 2: duplicates the database of entry 1",
		}},
		{"two sets of credentials for one quota", `[` + good + `, {"resource_arn": "arn:aws:rds:us-east-1:123456789012:db:books", ` + rest + `, "profile": "other"}]`, []string{
			`f.json: entry 2: profile is "other", but entry 1 of the same account and Region has ""`,
		}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := parse("f.json", []byte(tt.file))
			got := ""
			if err != nil {
				got = err.Error()
			}
			assert.Equal(t, "error", strings.Join(tt.want, "\n"), got)
		})
	}
}

func TestParseGroupsByAccountAndRegion(t *testing.T) {
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
	assert.Equal(t, "groups", "111122223333 us-east-1 one: a b\n444455556666 us-east-1 : a\n111122223333 eu-west-1 one: a\n", got.String())
}
