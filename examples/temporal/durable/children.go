package durable

import (
	"fmt"
	"slices"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"
)

// split is the places by part.
func (in *EstateInput) split() [][]AccountRegion {
	size := 1
	for size*in.Fanout < len(in.Places) {
		size *= in.Fanout
	}
	return slices.Collect(slices.Chunk(in.Places, size))
}

// partID is the workflow of a part. That of a place is the same in all estates: there is one at a time.
func partID(self string, i int, places []AccountRegion) string {
	if len(places) == 1 {
		return places[0].String()
	}
	return fmt.Sprintf("%s/%d", self, i)
}

// start starts the parts that have not ended. In a continued history most still run, which is well; one that was terminated
// meanwhile begins anew. The parts outlive a history: they report by a signal, and s hears only of those that fail.
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
			children[i] = workflow.ExecuteChildWorkflow(ctx, Region, RegionInput{Place: places[0], Wish: in.Wish, Estate: self, Index: i})
		} else {
			children[i] = workflow.ExecuteChildWorkflow(ctx, Estate, EstateInput{Places: places, Wish: in.Wish, Fanout: in.Fanout, Estate: self, Index: i})
		}
	}
	for i, child := range children {
		if child == nil {
			continue
		}
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			if first { // somebody else's is at work there
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
