package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// activityStreamData is the data source streamwarden_activity_stream.
type activityStreamData struct{ clients *clients }

var _ datasource.DataSourceWithConfigure = (*activityStreamData)(nil)

// activityStreamDataModel is the configuration and the state of an activityStreamData.
type activityStreamDataModel struct {
	ResourceArn       types.String  `tfsdk:"resource_arn"`
	Status            types.String  `tfsdk:"status"`
	Mode              types.String  `tfsdk:"mode"`
	KmsKeyID          types.String  `tfsdk:"kms_key_id"`
	NativeAuditFields types.Bool    `tfsdk:"engine_native_audit_fields_included"`
	PolicyStatus      types.String  `tfsdk:"policy_status"`
	KinesisStreamName types.String  `tfsdk:"kinesis_stream_name"`
	KinesisStreamArn  types.String  `tfsdk:"kinesis_stream_arn"`
	Engine            types.String  `tfsdk:"engine"`
	EngineVersion     types.String  `tfsdk:"engine_version"`
	ResourceID        types.String  `tfsdk:"resource_id"`
	DatabaseStatus    types.String  `tfsdk:"database_status"`
	SupportedModes    types.List    `tfsdk:"supported_modes"`
	Members           []memberModel `tfsdk:"members"`
}

// memberModel is an instance of a cluster.
type memberModel struct {
	InstanceArn    types.String `tfsdk:"instance_arn"`
	ResourceID     types.String `tfsdk:"resource_id"`
	InstanceClass  types.String `tfsdk:"instance_class"`
	DatabaseStatus types.String `tfsdk:"database_status"`
}

// Metadata returns the name of the data source.
func (d *activityStreamData) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_activity_stream"
}

// Schema returns the attributes of the data source.
func (d *activityStreamData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The activity stream of an Aurora cluster, or of an RDS for Oracle or SQL Server instance, started or not.",
		Attributes: map[string]schema.Attribute{
			"resource_arn":        schema.StringAttribute{Required: true, MarkdownDescription: "The ARN of the cluster or instance."},
			"status":              computed("The status of the stream: `stopped`, `starting`, `started` or `stopping`."),
			"mode":                computed("`sync` or `async`, unless the stream is stopped."),
			"kms_key_id":          computed("The ID of the key, unless the stream is stopped."),
			"policy_status":       computed("The status of the audit policy of an instance."),
			"kinesis_stream_name": computed("The name of the Kinesis data stream."),
			"kinesis_stream_arn":  computed("The ARN of the Kinesis data stream."),
			"engine":              computed("The engine, such as `aurora-postgresql`."),
			"engine_version":      computed("The version of the engine."),
			"resource_id":         computed("The resource ID of the cluster or instance, which the records of the stream name."),
			"database_status":     computed("The status of the database itself, such as `available`."),
			"engine_native_audit_fields_included": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the events have the engine's own audit fields.",
			},
			"supported_modes": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, MarkdownDescription: "The modes that the engine, version and class support. Null if that is not known.",
			},
			"members": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The instances of a cluster.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"instance_arn":    computed("The ARN of the instance."),
					"resource_id":     computed("The resource ID of the instance."),
					"instance_class":  computed("The class of the instance."),
					"database_status": computed("The status of the instance."),
				}},
			},
		},
	}
}

// Configure sets the clients.
func (d *activityStreamData) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.clients = configured(req.ProviderData, &resp.Diagnostics)
}

// Read reads the stream, the modes that the database supports, and the members of a cluster.
func (d *activityStreamData) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m activityStreamDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resourceArn := m.ResourceArn.ValueString()
	a, err := activitystream.ParseARN(resourceArn)
	if err != nil {
		streamProblem("Invalid ARN").add(&resp.Diagnostics, err)
		return
	}
	c := d.clients.in(ctx, a.Region, &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.activityStreams.Get(ctx, resourceArn)
	if err != nil {
		streamProblem("Cannot read the activity stream of "+a.Name).add(&resp.Diagnostics, err)
		return
	}
	m.show(s)
	modes, err := c.activityStreams.Supported(ctx, resourceArn)
	m.SupportedModes = types.ListNull(types.StringType)
	switch {
	case errors.Is(err, statemachine.AccessDenied):
		resp.Diagnostics.AddAttributeWarning(path.Root("resource_arn"), "Cannot check which modes "+a.Name+" supports", detail(err))
	case err == nil:
		v, diags := types.ListValueFrom(ctx, types.StringType, append([]activitystream.Mode{}, modes...))
		resp.Diagnostics.Append(diags...)
		m.SupportedModes = v
	}
	m.Members = []memberModel{}
	if a.Cluster {
		members, err := c.activityStreams.Members(ctx, resourceArn)
		if err != nil {
			streamProblem("Cannot read the members of "+a.Name).add(&resp.Diagnostics, err)
			return
		}
		for _, member := range members {
			m.Members = append(m.Members, memberModel{
				InstanceArn: text(member.InstanceArn), ResourceID: text(member.ResourceId),
				InstanceClass: text(member.InstanceClass), DatabaseStatus: text(member.ResourceStatus),
			})
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// show copies what was read into the state.
func (m *activityStreamDataModel) show(s *activitystream.Stream) {
	m.Status, m.Mode, m.KmsKeyID, m.PolicyStatus = text(string(s.Status)), text(string(s.Mode)), text(s.KmsKeyId), text(string(s.PolicyStatus))
	m.NativeAuditFields = types.BoolValue(s.EngineNativeAuditFieldsIncluded)
	m.KinesisStreamName, m.KinesisStreamArn = text(s.KinesisStreamName), text(s.KinesisStreamArn())
	m.Engine, m.EngineVersion, m.ResourceID, m.DatabaseStatus = text(s.Engine), text(s.EngineVersion), text(s.ResourceId), text(s.ResourceStatus)
}
