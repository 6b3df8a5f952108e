package activitystream

import (
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Status is the status of an activity stream: the ActivityStreamStatus of DescribeDBClusters and DescribeDBInstances.
type Status = types.ActivityStreamStatus

// The states of an activity stream.
const (
	// StatusStopped means that nothing is recorded. It is also what RDS reports for every database that never
	// had a stream, those that can have none included: it does not mean that a stream is supported. Only
	// StartActivityStream leads out of it.
	StatusStopped Status = types.ActivityStreamStatusStopped

	// StatusStarting follows StartActivityStream. RDS moves on to started by itself, or rolls back to stopped, as when
	// the KMS key becomes unusable. Nothing can be commanded here.
	StatusStarting Status = types.ActivityStreamStatusStarting

	// StatusStarted means that activity is recorded. Oracle and SQL Server record only what the customer's own
	// audit policies match: a new stream there records nothing until such policies exist. StopActivityStream
	// leads out of it; RDS stops a stream by itself when Aurora MySQL can no longer reach the key.
	StatusStarted Status = types.ActivityStreamStatusStarted

	// StatusStopping follows StopActivityStream. RDS moves on to stopped by itself and deletes the Kinesis stream.
	// That it may go back to started instead is unconfirmed; a wait for stopped would end as Lapsed. Nothing can be
	// commanded here.
	StatusStopping Status = types.ActivityStreamStatusStopping
)

// PolicyStatus is the status of the audit policy of an instance's activity stream: the ActivityStreamPolicyStatus of
// DescribeDBInstances. Aurora clusters have none.
type PolicyStatus = types.ActivityStreamPolicyStatus

// The states of the audit policy. It has a life only while the stream is started.
const (
	// PolicyLocked means that the audit policy in the database is read-only. It is so after every start. Only
	// ModifyActivityStream, and the end of the stream, lead out of it.
	PolicyLocked PolicyStatus = types.ActivityStreamPolicyStatusLocked

	// PolicyUnlocking follows ModifyActivityStream with [AuditPolicyUnlocked]. RDS moves on to unlocked by
	// itself; the database does not restart. That it may go back to locked is documented nowhere. If the stream
	// stops meanwhile there is no policy left to wait for: the wait ends as Lapsed.
	PolicyUnlocking PolicyStatus = types.ActivityStreamPolicyStatusUnlockingPolicy

	// PolicyUnlocked means that the audit policy in the database can be edited, by whoever may in the database:
	// lock it again. ModifyActivityStream leads out of it, and so does the end of the stream.
	PolicyUnlocked PolicyStatus = types.ActivityStreamPolicyStatusUnlocked

	// PolicyLocking follows ModifyActivityStream with [AuditPolicyLocked]. RDS moves on to locked by itself;
	// the database does not restart. That it may go back to unlocked is documented nowhere.
	PolicyLocking PolicyStatus = types.ActivityStreamPolicyStatusLockingPolicy
)

// The operations of the Amazon RDS API that this package commands.
const (
	StartActivityStream  statemachine.Operation = "StartActivityStream"
	StopActivityStream   statemachine.Operation = "StopActivityStream"
	ModifyActivityStream statemachine.Operation = "ModifyActivityStream"
)

var machine = statemachine.MustNew(statemachine.Definition[Status]{
	Name: "database activity stream",
	Transitions: []statemachine.Transition[Status]{
		{From: StatusStopped, To: StatusStarting, By: StartActivityStream},
		{From: StatusStarting, To: StatusStarted},
		{From: StatusStarting, To: StatusStopped, Lapse: true},
		{From: StatusStarted, To: StatusStopping, By: StopActivityStream},
		{From: StatusStopping, To: StatusStopped},
		{From: StatusStopping, To: StatusStarted, Lapse: true}, // unconfirmed: documented nowhere, and the same verdict without it
		{From: StatusStarted, To: StatusStopped, Lapse: true},
	},
	Hint: "a command without ApplyImmediately shows only at the maintenance window: for that, give the wait a Grace as long as itself",
})

var policyMachine = statemachine.MustNew(statemachine.Definition[PolicyStatus]{
	Name: "activity stream audit policy",
	Transitions: []statemachine.Transition[PolicyStatus]{
		{From: PolicyLocked, To: PolicyUnlocking, By: ModifyActivityStream},
		{From: PolicyUnlocking, To: PolicyUnlocked},
		{From: PolicyUnlocked, To: PolicyLocking, By: ModifyActivityStream},
		{From: PolicyLocking, To: PolicyLocked},
	},
	Hint: "the audit policy has a life only while the stream is started",
})

// Machine is the lifecycle of an activity stream.
func Machine() *statemachine.Machine[Status] { return machine }

// PolicyMachine is the lifecycle of the audit policy of an instance's activity stream.
func PolicyMachine() *statemachine.Machine[PolicyStatus] { return policyMachine }
