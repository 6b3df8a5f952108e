package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Metadata returns the name of the resource.
func (r *activityStream) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_activity_stream"
}

// Schema returns the attributes of the resource.
func (r *activityStream) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A database activity stream of an Aurora cluster, or of an RDS for Oracle or SQL Server instance, that is started. " +
			"Starting, stopping and changing a stream restarts the database. " +
			"A stream that another actor stopped is a change in place in the next plan.",
		Attributes: map[string]schema.Attribute{
			"resource_arn": required("The ARN of the cluster or instance. Its case is ignored. Another database is another resource."),
			"mode":         required("`sync` or `async`. Only Aurora PostgreSQL supports `sync`. A change restarts the stream."),
			"kms_key_id": required("The KMS key that encrypts the activity: a key ARN, a key ID, an alias ARN or an alias name. " +
				"Names of one key are equal. An alias is compared with `kms:DescribeKey`. Without that permission, another alias counts as another key, and no restart is begun. A change of the key restarts the stream."),
			"engine_native_audit_fields_included": boolean(false, "Adds the engine's own audit fields. For instances only. A change restarts the stream. The default is `false`."),
			"audit_policy_state":                  schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`locked` or `unlocked`: whether the audit policy in the database is read-only. For instances only. A change restarts nothing. Without it, the policy is not managed."},
			"apply_immediately":                   boolean(false, "Restarts the database at once. Without it, as in AWS, a change waits for the next maintenance window, and plans stay empty until then. The default is `false`."),
			"allow_restart":                       boolean(false, "Allows a change of `mode`, `kms_key_id` and `engine_native_audit_fields_included` to stop and start the stream. Nothing is recorded in between. It requires `apply_immediately`. The default is `false`: such a change is an error."),
			"status":                              computed("The status of the stream, such as `started`."),
			"kms_key_id_in_use":                   computed("The ID of the key that the stream uses."),
			"kinesis_stream_name":                 computed("The name of the Kinesis data stream."),
			"kinesis_stream_arn":                  computed("The ARN of the Kinesis data stream."),
		},
		Blocks: timeoutsBlock(ctx, true, "1h"),
	}
}
