package activitystreamtest

import (
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/awstest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Options configures a [Server]. [NewServer] sets the defaults before it calls the functions that
// it takes.
type Options struct {
	awstest.Options

	// Starting, Stopping and PolicyChange are how long a stream is starting and stopping, and how
	// long its audit policy is locking or unlocking. They default to 2 minutes, 1 minute and 30
	// seconds. AWS publishes no such times. Zero means that the next read shows the end.
	Starting, Stopping, PolicyChange time.Duration

	// MaintenanceWindow is how long a command without ApplyImmediately waits until RDS executes it.
	// It defaults to 24 hours. With ReadsPerTransition it is that number of reads. Until then the
	// stream keeps its status. That is unconfirmed: AWS documents no pending status.
	MaintenanceWindow time.Duration

	// Refuse decides how RDS rejects a command that the status of the stream does not permit. AWS
	// documents only one case: StopActivityStream of a stopped stream. If Refuse is nil or returns
	// nil, the default applies:
	//
	//   - a stream that has the status already: InvalidParameterCombination, "Activity Streams
	//     feature expected to be started, but is stopped", or STARTED and STOPPED for an instance
	//   - a stream that is starting or stopping, and ModifyActivityStream of a stream that is not
	//     started or has the policy already: InvalidDBClusterStateFault, InvalidDBInstanceState
	Refuse func(op statemachine.Operation, arn string, status activitystream.Status) *Refusal

	// RejectUnknownVersions makes DescribeOrderableDBInstanceOptions fail for a version that does not
	// exist, with InvalidParameterCombination, "Cannot find version". If false, the response is an
	// empty list. AWS does both. A class that does not exist always gives an empty list.
	RejectUnknownVersions bool

	// MembersMirrorCluster makes the member instances of a cluster show the status, mode, key and
	// Kinesis stream of the cluster's activity stream. If false, they show a stopped stream of
	// their own. Which of the two AWS does is unconfirmed.
	MembersMirrorCluster bool
}

// Failure is what goes wrong with a request.
type Failure = awstest.Failure

// Call is one request in the log of a server.
type Call = awstest.Call

// Refusal is an error response of RDS.
type Refusal = awstest.Refusal

// Sighting is a status of a stream and when it began.
type Sighting = statemachine.Sighting[activitystream.Status]
