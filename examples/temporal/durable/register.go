package durable

import "go.temporal.io/sdk/worker"

// TaskQueue is where the workers find all of it.
const TaskQueue = "activitystreams"

// Register gives a worker the workflows and the activities.
func Register(r worker.Registry, a *Activities) {
	r.RegisterWorkflow(Resource)
	r.RegisterWorkflow(Region)
	r.RegisterWorkflow(Estate)
	r.RegisterActivity(a)
}
