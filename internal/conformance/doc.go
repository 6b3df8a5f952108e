// Package conformance checks the rules of waiting, watching, ensuring and errors that all resources
// share. Each rule is written once, with its reason, and runs on each resource. The package has no
// code outside its tests.
//
// A scenario is a resource that is brought from one settled state to another, such as the activity
// stream of a cluster that is started. A rule uses only the states and delays of a scenario, never
// a service. A rule names the properties of a scenario that it needs, and applies to each scenario
// that has them. The rules have their numbers in the documentation of Waiter.Wait and
// Ensurer.Ensure.
//
// Two things are tested elsewhere. The tests of statemachine step the clock back, which virtual
// time cannot. The tests of each service cover what only that service has, such as the settings
// that it compares.
//
//	go test ./internal/conformance                     # on the simulators, in virtual time, at exact instants
//	go test ./internal/conformance -v -run Conformance # also prints the number of rules and scenarios
//
// A new resource needs its scenarios: their states, the controls of the simulator, and the meaning
// of its error codes.
//
// # On a real account
//
// Rules that no other actor takes part in can be checked on resources of your own. These tests need
// the build tag live, and each is skipped without its variable:
//
//	STREAMWARDEN_LIVE_CLUSTER            the ARN of an Aurora cluster: its activity stream
//	STREAMWARDEN_LIVE_INSTANCE           the ARN of an RDS instance: its activity stream, and its audit
//	                                     policy while the stream is started
//	STREAMWARDEN_LIVE_EVENT_DATA_STORE   the ARN of an event data store: its ingestion
//	STREAMWARDEN_LIVE_EVENT_STREAM       domain/name of an existing event stream
//
//	go test -tags live ./internal/conformance -run Live -v -count=1
//
// The environment supplies the credentials and, for the event stream, the Region. Each resource
// must be in a settled state and stay in it. Nothing is changed: each call other than Describe…,
// Get… and List… is blocked before it is sent.
//
//	STREAMWARDEN_LIVE_CHANGE             the resources that may be changed, separated by commas:
//	                                     "cluster", "instance", "policy", "ingestion", "event stream"
//	STREAMWARDEN_LIVE_KMS_KEY            the key for starting an activity stream that is stopped
//
// A resource in STREAMWARDEN_LIVE_CHANGE is brought to its other end and back. THIS RESTARTS
// DATABASES and leaves a gap in the recorded data. The stream of a cluster or an instance is
// stopped and started, or started and stopped, with ApplyImmediately. A policy is unlocked and
// locked, ingestion is stopped and started, and an event stream is deleted and created. If a step
// fails, the resource stays in its state and the test reports it. If the test is killed, nothing
// reports it. Allow enough time:
//
//	STREAMWARDEN_LIVE_CHANGE=ingestion go test -tags live ./internal/conformance -run Live -v -count=1 -timeout 3h
//
// The same tests run against a simulator on this machine:
//
//	go run ./examples/simulator -addr 127.0.0.1:4566
//	AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
//	STREAMWARDEN_LIVE_EVENT_STREAM=example-domain/example-stream STREAMWARDEN_LIVE_CHANGE="event stream" \
//	go test -tags live ./internal/conformance -run Live -v -count=1
package conformance
