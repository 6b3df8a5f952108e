package provider

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/ingestion"
)

var update = flag.Bool("update", false, "rewrite REFERENCE.md")

// TestReference compares the reference page with the schema of the provider.
func TestReference(t *testing.T) {
	c := newCore(t, newWorld(time.Minute, time.Hour), "streamwarden_activity_stream")
	var b strings.Builder
	b.WriteString("# Reference\n\nGenerated from the schema of the provider:\n\n```sh\ngo -C examples/terraform test ./internal/provider -run TestReference -update\n```\n")
	page(&b, "The provider `streamwarden`", c.schema.Provider)
	for _, name := range slices.Sorted(maps.Keys(c.schema.ResourceSchemas)) {
		page(&b, "Resource `"+name+"`", c.schema.ResourceSchemas[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.schema.DataSourceSchemas)) {
		page(&b, "Data source `"+name+"`", c.schema.DataSourceSchemas[name])
	}
	file := filepath.Join("..", "..", "REFERENCE.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Error("REFERENCE.md differs from the schema: run the test with -update")
	}
}

// page writes the section of a schema.
func page(b *strings.Builder, title string, s *tfprotov6.Schema) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| Name | | Description |\n|---|---|---|\n", title, sentences(s.Block.Description))
	rows(b, "", s.Block)
}

// rows writes the rows of a block.
func rows(b *strings.Builder, prefix string, block *tfprotov6.SchemaBlock) {
	for _, a := range block.Attributes {
		row(b, prefix, a)
	}
	for _, nested := range block.BlockTypes {
		fmt.Fprintf(b, "| `%s%s` | block | %s |\n", prefix, nested.TypeName, nested.Block.Description)
		rows(b, prefix+nested.TypeName+".", nested.Block)
	}
}

// row writes the row of an attribute, and those of the attributes in it.
func row(b *strings.Builder, prefix string, a *tfprotov6.SchemaAttribute) {
	kind := "computed"
	switch {
	case a.Required:
		kind = "required"
	case a.Optional:
		kind = "optional"
	}
	typ := "list of objects"
	if a.NestedType == nil {
		typ = typeName(a.Type)
	}
	fmt.Fprintf(b, "| `%s%s` | %s, %s | %s |\n", prefix, a.Name, typ, kind, a.Description)
	if a.NestedType != nil {
		for _, nested := range a.NestedType.Attributes {
			row(b, prefix+a.Name+"[*].", nested)
		}
	}
}

// typeName returns the name of a type in the language of Terraform.
func typeName(t tftypes.Type) string {
	switch {
	case t.Is(tftypes.Bool):
		return "bool"
	case t.Is(tftypes.Number):
		return "number"
	case t.Is(tftypes.List{}):
		return "list of strings"
	case t.Is(tftypes.Map{}):
		return "map of strings"
	}
	return "string"
}

// sentences returns a text with one sentence per line.
func sentences(text string) string { return strings.ReplaceAll(text, ". ", ".\n") }

// TestPolicyAllowsTheCalls compares policy.json with what the provider calls.
func TestPolicyAllowsTheCalls(t *testing.T) {
	want := map[string]bool{
		"kms:DescribeKey": true, "kms:CreateGrant": true, // for StartActivityStream
		"rds:DescribeEvents":            true,                                                          // after a wait that failed
		"kinesis:DescribeStreamSummary": true, "iam:PutRolePolicy": true, "iam:DeleteRolePolicy": true, // for event streams
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(time.Minute, time.Hour)
		use(t, w)
		for prefix, calls := range map[string][]awstest.Call{"rds": w.rds.Calls(), "cloudtrail": w.trail.Calls(), "profile": w.profiles.Calls()} {
			for _, c := range calls {
				want[prefix+":"+string(c.Operation)] = true
			}
		}
	})
	text, err := os.ReadFile(filepath.Join("..", "..", "policy.json"))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			got[action] = true
		}
	}
	if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
		t.Errorf("policy.json allows %q, want %q", b, a)
	}
}

// use does with each resource what the provider can do.
func use(t *testing.T, w *world) {
	t.Helper()
	stream := newCore(t, w, "streamwarden_activity_stream")
	for _, cfg := range []attrs{clusterConfig(), with(instanceConfig(), attrs{"audit_policy_state": "unlocked"})} {
		stream.mustApply(cfg)
		stream.plan(nil).apply(t.Context())
	}
	store := newCore(t, w, "streamwarden_event_data_store_ingestion")
	store.mustApply(storeConfig())
	w.trail.Set(storeARN, ingestion.StatusStoppedIngestion)
	store.mustApply(storeConfig())
	store.plan(nil).apply(t.Context())
	events := newCore(t, w, "streamwarden_event_stream")
	events.mustApply(with(eventConfig(), attrs{"tags": map[string]string{"team": "a"}}))
	events.mustApply(with(eventConfig(), attrs{"tags": map[string]string{"cost": "b"}}))
	events.plan(nil).apply(t.Context())
}
