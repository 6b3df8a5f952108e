// Package conformance is one suite for all resources: what they share of waiting, watching, ensuring and errors, as rules that are written
// once, each with its reason. It has only tests.
//
// A way is a resource that is brought from one settled state to another, such as an activity stream of a cluster that is started. A rule
// speaks of a way's states and delays, never of a service, and says what a way must have for it to mean anything; so a rule is never
// copied, and none is skipped without a word. The numbers are those of the documentation of Waiter.Wait and Ensurer.Ensure. That a clock
// that steps back stands still is not here, since virtual time does not step back: statemachine's own tests have it. What only one
// service has, such as drift, is in that service's tests.
//
//	go test ./internal/conformance                 # on the simulators, in virtual time, at exact instants
//	go test ./internal/conformance -v -run Conform # tells how many rules were checked on how many ways
//
// A further resource needs its ways: their states, what the simulator can do, and what its error codes mean.
//
// # On a real account
//
// Rules that need nobody behind the library's back can be checked on resources of your own. Without the build tag there is no such test, and
// without one of these variables it is skipped:
//
//	STREAMWARDEN_LIVE_CLUSTER            the ARN of an Aurora cluster: its activity stream
//	STREAMWARDEN_LIVE_INSTANCE           the ARN of an RDS instance: its activity stream, and its audit policy while that is started
//	STREAMWARDEN_LIVE_EVENT_DATA_STORE   the ARN of an event data store: its ingestion
//	STREAMWARDEN_LIVE_EVENT_STREAM       domain/name of an event stream, which has to be there
//
//	go test -tags live ./internal/conformance -run Live -v -count=1
//
// Credentials and, for the event stream, the Region come from the environment, as for every program. Each resource has to be in a settled
// state and to stay in it. Nothing is changed: a call that is not a Describe…, Get… or List… is stopped before it is sent.
//
//	STREAMWARDEN_LIVE_CHANGE             which of these may be changed: "cluster", "instance", "policy", "ingestion", "event stream", with commas
//	STREAMWARDEN_LIVE_KMS_KEY            the key to start an activity stream with that is stopped
//
// What it names is brought to its other end and back. THIS RESTARTS DATABASES and leaves a gap in what is recorded: a cluster's or
// instance's stream is stopped and started (or the other way round) with ApplyImmediately, a policy unlocked and locked, ingestion stopped
// and started, an event stream deleted and created. If that fails half-way, the resource stays as it is, and the test says so; if the test
// is killed, nobody does. Give it the time that it takes:
//
//	STREAMWARDEN_LIVE_CHANGE=ingestion go test -tags live ./internal/conformance -run Live -v -count=1 -timeout 3h
//
// The same runs against a simulator on this machine:
//
//	go run ./examples/simulator -addr 127.0.0.1:4566
//	AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
//	STREAMWARDEN_LIVE_EVENT_STREAM=example-domain/example-stream STREAMWARDEN_LIVE_CHANGE="event stream" \
//	go test -tags live ./internal/conformance -run Live -v -count=1
package conformance
