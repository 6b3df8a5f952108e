package provider

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// The rate of requests to RDS. The burst is that of the library's default.
const (
	defaultPerSecond = 8
	burst            = 40
)

// clients makes the clients of each Region once. It is safe for concurrent use.
type clients struct {
	settings settings

	mu       sync.Mutex
	byRegion map[string]*regional
}

func newClients(s settings) *clients {
	return &clients{settings: s, byRegion: make(map[string]*regional)}
}

// in returns the clients of a Region. An empty region means that of the configuration or the
// environment. It reports an error and returns nil if there is none.
func (c *clients) in(ctx context.Context, region string, diags *diag.Diagnostics) *regional {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.byRegion[region]; r != nil {
		return r
	}
	cfg, err := c.settings.load(ctx, region)
	if err != nil {
		diags.AddError("Cannot load the AWS configuration", err.Error()+"\n\nCheck the configuration of the provider and the shared files.")
		return nil
	}
	if cfg.Region == "" {
		diags.AddError("No Region", "Set region in the configuration of the provider, or AWS_REGION in the environment.")
		return nil
	}
	r := newRegional(cfg, c.settings)
	c.byRegion[region] = r
	return r
}

// configured returns the clients that Configure made. Before that, as in a validation, it returns
// nil.
func configured(data any, diags *diag.Diagnostics) *clients {
	if data == nil {
		return nil
	}
	c, ok := data.(*clients)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("Got %T. This is a bug of the provider.", data))
	}
	return c
}
