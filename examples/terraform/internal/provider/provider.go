// Package provider is a provider for Terraform and OpenTofu, built on the clients of package
// streamwarden.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Address is the address of the provider, which the source in required_providers names. Its host is
// reserved for examples, because no registry has the provider.
const Address = "example.com/streamwarden/streamwarden"

// New returns a function that returns a provider of this version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &streamwarden{version: version} }
}

// streamwarden is the provider.
type streamwarden struct {
	version string
	hooks   hooks
}

// Metadata returns the name of the provider.
func (p *streamwarden) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "streamwarden", p.version
}

// Configure makes the clients.
func (p *streamwarden) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c configuration
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := c.settings(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	s.hooks = p.hooks
	made := newClients(s)
	resp.ResourceData, resp.DataSourceData = made, made
}

// Resources returns the resources of the provider.
func (p *streamwarden) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &activityStream{} },
		func() resource.Resource { return &ingestionResource{} },
		func() resource.Resource { return &eventStream{} },
	}
}

// DataSources returns the data sources of the provider.
func (p *streamwarden) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &activityStreamData{} }}
}
