package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// eventStreamTimeout is how long a create, update or delete takes at most.
const eventStreamTimeout = 15 * time.Minute

// eventStream is the resource streamwarden_event_stream.
type eventStream struct{ base }

var (
	_ resource.ResourceWithConfigure   = (*eventStream)(nil)
	_ resource.ResourceWithImportState = (*eventStream)(nil)
	_ resource.ResourceWithModifyPlan  = (*eventStream)(nil)
)

// Create creates the stream.
func (r *eventStream) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m eventStreamModel
	c, maxWait := r.begin(ctx, req.Plan, &m, timeouts.Value.Create, &resp.Diagnostics)
	if c == nil {
		return
	}
	log := func(o *eventstream.Options) { o.Wait.Logger = logger(ctx) }
	in := &eventstream.CreateInput{Ref: m.ref(), Uri: m.URI.ValueString(), Tags: m.tags(ctx, &resp.Diagnostics)}
	out, err := c.eventStreams.EnsureCreated(ctx, in, maxWait, log)
	if err != nil {
		eventStreamProblem("Cannot create the event stream "+m.ref().String()).add(&resp.Diagnostics, err)
		return
	}
	if len(out.Operations) == 0 {
		resp.Diagnostics.AddAttributeWarning(path.Root("event_stream_name"), "The event stream "+m.ref().String()+" existed already",
			"It has the destination and the tags of this configuration, so it is managed from now on. A destroy deletes it.")
	}
	m.show(out.Stream)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	if !m.WaitHealthy.ValueBool() {
		return
	}
	s, err := c.eventStreams.WaitHealthy(ctx, m.ref(), maxWait, log)
	if err != nil { // the state stays, marked as tainted: AWS says to recreate such a stream
		p := eventStreamProblem("The destination of " + m.ref().String() + " is not healthy")
		p.first = "uri"
		p.add(&resp.Diagnostics, err)
		return
	}
	m.show(s)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read reads the stream.
func (r *eventStream) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m eventStreamModel
	c := r.read(ctx, req.State, &m, &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.eventStreams.Get(ctx, m.ref())
	if errors.Is(err, statemachine.NotFound) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		eventStreamProblem("Cannot read the event stream "+m.ref().String()).add(&resp.Diagnostics, err)
		return
	}
	m.show(s)
	m.showTags(ctx, s, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update changes the tags in place. All other changes replace the stream or concern only the
// provider.
func (r *eventStream) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m eventStreamModel
	c := r.read(ctx, req.Plan, &m, &resp.Diagnostics)
	if c == nil {
		return
	}
	if _, err := c.eventStreams.SetTags(ctx, m.ref(), m.tags(ctx, &resp.Diagnostics)); err != nil {
		p := eventStreamProblem("Cannot change the tags of " + m.ref().String())
		p.first = "tags"
		p.add(&resp.Diagnostics, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
