package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
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

func (m *ingestionModel) limits() (timeouts.Value, time.Duration) { return m.Timeouts, defaultTimeout }

func (m *ingestionModel) region(*diag.Diagnostics) string { return regionOf(m.EventDataStore) }

// Metadata returns the name of the resource.
func (r *ingestionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_event_data_store_ingestion"
}

// Schema returns the attributes of the resource.
func (r *ingestionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Whether an event data store of CloudTrail Lake ingests live events. A store that another actor stopped or started is a change in place in the next plan.",
		Attributes: map[string]schema.Attribute{
			"event_data_store": replaced("The ARN of the event data store, or the ID at its end. Another store is another resource."),
			"enabled":          boolean(true, "Whether the store ingests events. The default is `true`."),
			"on_destroy":       schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(onDestroyKeep), MarkdownDescription: "What a destroy does: `keep` leaves the ingestion as it is, `start` starts it, and `stop` stops it. The default is `keep`."},
			"status":           computed("The status of the store, such as `ENABLED` or `STOPPED_INGESTION`."),
		},
		Blocks: timeoutsBlock(ctx, true, "1h"),
	}
}
