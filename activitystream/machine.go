package activitystream

import (
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Status is the status of an activity stream: the ActivityStreamStatus of DescribeDBClusters and
// DescribeDBInstances.
type Status = types.ActivityStreamStatus

// The states of an activity stream.
const (
	// StatusStopped means that no activity is recorded. RDS also reports it for every database that
	// never had a stream, even if the database does not support one. Only StartActivityStream leads
	// out of it.
	StatusStopped Status = types.ActivityStreamStatusStopped

	// StatusStarting means that RDS accepted StartActivityStream. RDS moves to started on its own, or
	// rolls back to stopped, for example if the KMS key becomes unusable. RDS accepts no command.
	StatusStarting Status = types.ActivityStreamStatusStarting

	// StatusStarted means that activity is recorded. Oracle and SQL Server record only what the
	// customer's audit policies match, so a new stream records nothing until such policies exist.
	// StopActivityStream leads out of it. RDS stops a stream on its own when Aurora MySQL can no
	// longer reach the key.
	StatusStarted Status = types.ActivityStreamStatusStarted

	// StatusStopping means that RDS accepted StopActivityStream. RDS moves to stopped on its own and
	// deletes the Kinesis data stream. It is unconfirmed whether the stream can return to started
	// instead; a wait for stopped would end as Lapsed. RDS accepts no command.
	StatusStopping Status = types.ActivityStreamStatusStopping
)

// PolicyStatus is the status of the audit policy of an instance's activity stream: the
// ActivityStreamPolicyStatus of DescribeDBInstances. Aurora clusters have none.
type PolicyStatus = types.ActivityStreamPolicyStatus

// The states of the audit policy, which has a lifecycle only while the stream is started.
const (
	// PolicyLocked means that the audit policy in the database is read-only. It is the state after
	// every start. Only ModifyActivityStream and the end of the stream lead out of it.
	PolicyLocked PolicyStatus = types.ActivityStreamPolicyStatusLocked

	// PolicyUnlocking means that RDS accepted ModifyActivityStream with [AuditPolicyUnlocked]. RDS
	// moves to unlocked on its own, without a restart of the database. AWS does not document whether
	// it can return to locked. If the stream stops meanwhile, there is no policy left, and a wait ends
	// as Lapsed.
	PolicyUnlocking PolicyStatus = types.ActivityStreamPolicyStatusUnlockingPolicy

	// PolicyUnlocked means that the audit policy can be edited by every database user with that
	// privilege, so lock it again. ModifyActivityStream and the end of the stream lead out of it.
	PolicyUnlocked PolicyStatus = types.ActivityStreamPolicyStatusUnlocked

	// PolicyLocking means that RDS accepted ModifyActivityStream with [AuditPolicyLocked]. RDS moves
	// to locked on its own, without a restart of the database. AWS does not document whether it can
	// return to unlocked.
	PolicyLocking PolicyStatus = types.ActivityStreamPolicyStatusLockingPolicy
)

// The operations of the Amazon RDS API that this package runs as commands.
const (
	StartActivityStream  statemachine.Operation = "StartActivityStream"
	StopActivityStream   statemachine.Operation = "StopActivityStream"
	ModifyActivityStream statemachine.Operation = "ModifyActivityStream"
)

var machine = statemachine.MustNew(statemachine.Definition[Status]{
	Name:     "database activity stream",
	Outage:   "nothing is recorded",
	Deferral: "it takes effect in the next maintenance window",
	Transitions: []statemachine.Transition[Status]{
		{From: StatusStopped, To: StatusStarting, By: StartActivityStream},
		{From: StatusStarting, To: StatusStarted},
		{From: StatusStarting, To: StatusStopped, Lapse: true},
		{From: StatusStarted, To: StatusStopping, By: StopActivityStream},
		{From: StatusStopping, To: StatusStopped},
		{From: StatusStopping, To: StatusStarted, Lapse: true}, // unconfirmed; waits decide the same without it
		{From: StatusStarted, To: StatusStopped, Lapse: true},
	},
	Hint: "without ApplyImmediately a change takes effect in the maintenance window; to wait for it, set Grace to maxWait",
})

var policyMachine = statemachine.MustNew(statemachine.Definition[PolicyStatus]{
	Name: "activity stream audit policy",
	Transitions: []statemachine.Transition[PolicyStatus]{
		{From: PolicyLocked, To: PolicyUnlocking, By: ModifyActivityStream},
		{From: PolicyUnlocking, To: PolicyUnlocked},
		{From: PolicyUnlocked, To: PolicyLocking, By: ModifyActivityStream},
		{From: PolicyLocking, To: PolicyLocked},
	},
	Hint: "the audit policy changes only while the stream is started",
})

// Machine returns the lifecycle of an activity stream.
func Machine() *statemachine.Machine[Status] { return machine }

// PolicyMachine returns the lifecycle of the audit policy of an instance's activity stream.
func PolicyMachine() *statemachine.Machine[PolicyStatus] { return policyMachine }
