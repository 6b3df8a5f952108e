package provider

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// defaultTimeout is how long a create, update or delete takes at most.
const defaultTimeout = time.Hour

// base has what all resources share.
type base struct{ clients *clients }

// Configure sets the clients.
func (b *base) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b.clients = configured(req.ProviderData, &resp.Diagnostics)
}

// model is the configuration, the plan and the state of a resource.
type model interface {
	// region returns the Region of the resource. It is empty if that of the provider is meant.
	region(diags *diag.Diagnostics) string

	// limits returns the configured timeouts, and how long an operation takes without one.
	limits() (configured timeouts.Value, otherwise time.Duration)
}

// client returns the clients of the Region of a model, or nil after an error.
func (b *base) client(ctx context.Context, m model, diags *diag.Diagnostics) *regional {
	region := m.region(diags)
	if diags.HasError() {
		return nil
	}
	return b.clients.in(ctx, region, diags)
}

// stored is a plan or a state.
type stored interface {
	Get(ctx context.Context, model any) diag.Diagnostics
}

// read reads a plan or a state into a model, and returns the clients of its Region, or nil after an
// error.
func (b *base) read(ctx context.Context, from stored, m model, diags *diag.Diagnostics) *regional {
	diags.Append(from.Get(ctx, m)...)
	if diags.HasError() {
		return nil
	}
	return b.client(ctx, m, diags)
}

// timeout returns how long an operation takes at most, such as [timeouts.Value.Create].
type timeout func(timeouts.Value, context.Context, time.Duration) (time.Duration, diag.Diagnostics)

// begin does what read does, for an operation that takes a while.
func (b *base) begin(ctx context.Context, from stored, m model, operation timeout, diags *diag.Diagnostics) (c *regional, maxWait time.Duration) {
	diags.Append(from.Get(ctx, m)...)
	if diags.HasError() {
		return nil, 0
	}
	configured, otherwise := m.limits()
	maxWait, d := operation(configured, ctx, otherwise)
	if diags.Append(d...); diags.HasError() {
		return nil, 0
	}
	return b.client(ctx, m, diags), maxWait
}

// regionOf returns the Region of an ARN, or "".
func regionOf(text types.String) string {
	a, err := arn.Parse(text.ValueString())
	if err != nil {
		return ""
	}
	return a.Region
}
