package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Metadata returns the name of the resource.
func (r *eventStream) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_event_stream"
}

// Schema returns the attributes of the resource.
func (r *eventStream) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The event stream of a Customer Profiles domain, which has at most one. A stream that is gone is created, and one that is stopped is replaced. One whose destination is unhealthy is a warning in every plan.",
		Attributes: map[string]schema.Attribute{
			"domain_name":         replaced("The name of the domain. A change replaces the stream."),
			"event_stream_name":   replaced("The name of the stream. A change replaces the stream."),
			"uri":                 replaced("The ARN of the Kinesis data stream, the destination. A change replaces the stream."),
			"tags":                schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "The tags of the stream. They change in place."},
			"wait_healthy":        boolean(false, "Whether a create waits until the destination is healthy. The default is `false`."),
			"arn":                 computed("The ARN of the stream."),
			"state":               computed("The state of the stream: `RUNNING` or `STOPPED`."),
			"destination_status":  computed("The health of the destination: `HEALTHY` or `UNHEALTHY`."),
			"destination_message": computed("The message of the service about the health."),
		},
		Blocks: timeoutsBlock(ctx, false, "15m"),
	}
}
