package durable

import (
	"fmt"
	"slices"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"
)

// split returns the places of each part.
func (in *EstateInput) split() [][]AccountRegion {
	size := 1
	for size*in.Fanout < len(in.Places) {
		size *= in.Fanout
	}
	return slices.Collect(slices.Chunk(in.Places, size))
}

// partID returns the workflow ID of a part. That of a single place is the same in all estates, so
// one runs at a time.
func partID(self string, i int, places []AccountRegion) string {
	if len(places) == 1 {
		return places[0].String()
	}
	return fmt.Sprintf("%s/%d", self, i)
}

// start starts the parts that have not ended. In a continued history most of them still run, and
// their start fails, which is expected. A part that was terminated starts again. The parts outlive
// a history: they report with a signal, and only their failures reach s.
func (in *EstateInput) start(ctx workflow.Context, parts [][]AccountRegion, first bool, s workflow.Selector) {
	self := workflow.GetInfo(ctx).WorkflowExecution.ID
	children := make([]workflow.ChildWorkflowFuture, len(parts))
	for i, places := range parts {
		if in.Parts[i].Open == 0 {
			continue
		}
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID:            partID(self, i, places),
			ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		})
		if len(places) == 1 {
			children[i] = workflow.ExecuteChildWorkflow(ctx, Region, RegionInput{Place: places[0], Spec: in.Spec, Estate: self, Index: i})
		} else {
			children[i] = workflow.ExecuteChildWorkflow(ctx, Estate, EstateInput{Places: places, Spec: in.Spec, Fanout: in.Fanout, Estate: self, Index: i})
		}
	}
	for i, child := range children {
		if child == nil {
			continue
		}
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			if first { // another estate's workflow runs there
				in.abandon(i, parts[i], err)
			}
			continue
		}
		s.AddFuture(child, func(f workflow.Future) {
			if err := f.Get(ctx, nil); err != nil && in.Parts[i].Open > 0 {
				in.abandon(i, parts[i], err)
			}
		})
	}
}
