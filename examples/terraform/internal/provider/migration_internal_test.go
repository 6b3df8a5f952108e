package provider

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
)

// TestAccMigration migrates a stream from the AWS provider, of which a stand-in has the one
// resource.
func TestAccMigration(t *testing.T) {
	t.Parallel()
	w := quick()
	w.rds.AddCluster(activitystreamtest.Cluster{Identifier: "das-cluster", Status: activitystream.StatusStarted, KmsKeyId: keyID})
	tf := acceptance(t, w)
	tf.serve("hashicorp/aws", awsStandIn{})
	tf.write(migrationFile(t, "before.tf"))
	tf.says(tf.apply(), "1 added")
	tf.write(migrationFile(t, "after.tf"))
	out := tf.plan(planChanges)
	tf.says(out, "1 to import, 0 to add, 0 to change, 0 to destroy", "1 to forget")
	tf.says(tf.apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
	tf.plan(planEmpty)
	w.wantCommands(t)
}

// migrationFile returns a file of the guide.
func migrationFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "migration", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// awsStandIn replaces the AWS provider.
type awsStandIn struct{ provider.Provider }

func (awsStandIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
}

func (awsStandIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (awsStandIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (awsStandIn) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return awsStream{} }}
}

func (awsStandIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

// awsStream replaces aws_rds_cluster_activity_stream.
type awsStream struct{ resource.Resource }

func (awsStream) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_rds_cluster_activity_stream"
}

func (awsStream) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	required := schema.StringAttribute{Required: true}
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"resource_arn": required, "mode": required, "kms_key_id": required}}
}

func (awsStream) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (awsStream) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (awsStream) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	resp.Diagnostics.AddError("Deleted", "The migration must not delete the stream.")
}
