package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
)

// required returns an attribute that the configuration has.
func required(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description}
}

// replaced returns an attribute that the configuration has, and whose change replaces the resource.
func replaced(description string) schema.StringAttribute {
	a := required(description)
	a.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return a
}

// computed returns an attribute that is read.
func computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// boolean returns an attribute with a default.
func boolean(otherwise bool, description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(otherwise), MarkdownDescription: description}
}

// timeoutsBlock returns the block of timeouts. The default is that of the model.
func timeoutsBlock(ctx context.Context, update bool, otherwise string) map[string]schema.Block {
	text := func(operation string) string {
		return "How long " + operation + " takes at most. The default is `" + otherwise + "`."
	}
	return map[string]schema.Block{"timeouts": timeouts.Block(ctx, timeouts.Opts{
		Create: true, Update: update, Delete: true,
		CreateDescription: text("a create"), UpdateDescription: text("an update"), DeleteDescription: text("a delete"),
	})}
}
