package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ingestionModel is the configuration, the plan and the state of an ingestionResource.
type ingestionModel struct {
	EventDataStore types.String   `tfsdk:"event_data_store"`
	Enabled        types.Bool     `tfsdk:"enabled"`
	OnDestroy      types.String   `tfsdk:"on_destroy"`
	Status         types.String   `tfsdk:"status"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// Metadata returns the name of the resource.
func (r *ingestionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_event_data_store_ingestion"
}

// Schema returns the attributes of the resource.
func (r *ingestionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Whether an event data store of CloudTrail Lake ingests live events. A store that another actor stopped or started is a change in place in the next plan.",
		Attributes: map[string]schema.Attribute{
			"event_data_store": schema.StringAttribute{
				Required: true, MarkdownDescription: "The ARN of the event data store, or the ID at its end. Another store is another resource.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"enabled":    schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "Whether the store ingests events. The default is `true`."},
			"on_destroy": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(onDestroyKeep), MarkdownDescription: "What a destroy does: `keep` leaves the ingestion as it is, `start` starts it, and `stop` stops it. The default is `keep`."},
			"status":     schema.StringAttribute{Computed: true, MarkdownDescription: "The status of the store, such as `ENABLED` or `STOPPED_INGESTION`."},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{
				Create: true, Update: true, Delete: true,
				CreateDescription: "How long a create takes at most. The default is `1h`.",
				UpdateDescription: "How long an update takes at most. The default is `1h`.",
				DeleteDescription: "How long a delete takes at most. The default is `1h`.",
			}),
		},
	}
}
