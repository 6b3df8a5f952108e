package activitystream

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// faults is what RDS's error codes mean, as they come over the wire.
var faults = sdkfault.Table{
	{Code: "ResourceNotFoundFault", Kind: statemachine.NotFound},
	{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
	{Code: "DBClusterNotFoundFault", Kind: statemachine.NotFound},
	{Code: "InvalidDBClusterStateFault", Kind: statemachine.InvalidState},
	{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
	{Code: "KMSKeyNotAccessibleFault", Kind: statemachine.KeyNotAccessible},
	// Clusters say "expected to be started, but is stopped", instances the same in upper case. Start's words
	// are unconfirmed, and taken to be the same in reverse. The text decides, whichever operation it answers.
	{Code: "InvalidParameterCombination", Message: "expected to be started, but is stopped", Kind: statemachine.AlreadyInState},
	{Code: "InvalidParameterCombination", Message: "expected to be stopped, but is started", Kind: statemachine.AlreadyInState},
	{Code: "InvalidParameterCombination", Message: "activity streams feature expected to be", Kind: statemachine.InvalidState},
	{Code: "InvalidParameterCombination", Message: "in this configuration", Kind: statemachine.Unsupported},
	{Code: "InvalidParameterCombination", Kind: statemachine.InvalidInput},
	{Code: "InvalidParameterValue", Kind: statemachine.InvalidInput},
}
