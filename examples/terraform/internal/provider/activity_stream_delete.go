package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Delete stops the stream.
func (r *activityStream) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m activityStreamModel
	c, maxWait := r.begin(ctx, req.State, &m, timeouts.Value.Delete, &resp.Diagnostics)
	if c == nil {
		return
	}
	in := &activitystream.StopInput{ResourceArn: m.ResourceArn.ValueString(), ApplyImmediately: m.ApplyImmediately.ValueBool()}
	out, err := c.activityStreams.EnsureStopped(ctx, in, maxWait, func(o *activitystream.Options) {
		o.Wait.Logger = logger(ctx)
		o.LeavePending = true
	})
	if errors.Is(err, statemachine.NotFound) || errors.Is(err, statemachine.Gone) {
		return
	}
	if err != nil {
		streamProblem("Cannot stop the activity stream of "+name(&m)).add(&resp.Diagnostics, err)
		return
	}
	if out.Pending != "" {
		resp.Diagnostics.AddWarning("The activity stream of "+name(&m)+" stops in the maintenance window",
			"RDS accepted StopActivityStream and executes it in the next maintenance window of the database. The stream is not managed anymore.")
	}
	if p := readPending(ctx, req.Private, &resp.Diagnostics); p.active(time.Now()) && len(out.Operations) == 0 {
		resp.Diagnostics.AddWarning("The activity stream of "+name(&m)+" may start in the maintenance window",
			"RDS accepted "+p.Operation+" at "+p.Since.UTC().Format(time.RFC3339)+" and has not executed it. A stream that is not started cannot be stopped.")
	}
}

// ImportState imports the stream of a database by the ARN of the database.
func (r *activityStream) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	c := r.client(ctx, &activityStreamModel{ResourceArn: types.StringValue(req.ID)}, &resp.Diagnostics)
	if c == nil {
		return
	}
	s, err := c.activityStreams.Get(ctx, req.ID)
	if err != nil {
		streamProblem("Cannot import the activity stream").add(&resp.Diagnostics, err)
		return
	}
	if s.Status == activitystream.StatusStopped || s.Status == activitystream.StatusStopping {
		resp.Diagnostics.AddAttributeError(path.Root("resource_arn"), "Cannot import the activity stream",
			fmt.Sprintf("The activity stream of %s is %s. Only one that is started can be imported. Create the resource instead.", req.ID, s.Status))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("resource_arn"), req.ID)...)
	for _, flag := range []string{"apply_immediately", "allow_restart", "engine_native_audit_fields_included"} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(flag), false)...)
	}
}
