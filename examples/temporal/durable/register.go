package durable

import "go.temporal.io/sdk/worker"

// TaskQueue is the task queue of the workflows and the activities.
const TaskQueue = "activitystreams"

// Register registers the workflows and the activities with a worker.
func Register(r worker.Registry, a *Activities) {
	r.RegisterWorkflow(Resource)
	r.RegisterWorkflow(Region)
	r.RegisterWorkflow(Estate)
	r.RegisterActivity(a)
}
