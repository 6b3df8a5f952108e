package activitystream

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// faults maps RDS's error codes, as sent over the wire, to kinds.
var faults = sdkfault.Table{
	{Code: "ResourceNotFoundFault", Kind: statemachine.NotFound},
	{Code: "DBInstanceNotFound", Kind: statemachine.NotFound},
	{Code: "DBClusterNotFoundFault", Kind: statemachine.NotFound},
	{Code: "InvalidDBClusterStateFault", Kind: statemachine.InvalidState},
	{Code: "InvalidDBInstanceState", Kind: statemachine.InvalidState},
	{Code: "KMSKeyNotAccessibleFault", Kind: statemachine.KeyNotAccessible},
	// For Stop, clusters say "expected to be started, but is stopped", and instances the same in upper
	// case. Start's text is unconfirmed and assumed to be the reverse. The text decides for every
	// operation.
	{Code: "InvalidParameterCombination", Message: "expected to be started, but is stopped", Kind: statemachine.AlreadyInState},
	{Code: "InvalidParameterCombination", Message: "expected to be stopped, but is started", Kind: statemachine.AlreadyInState},
	{Code: "InvalidParameterCombination", Message: "activity streams feature expected to be", Kind: statemachine.InvalidState},
	{Code: "InvalidParameterCombination", Message: "in this configuration", Kind: statemachine.Unsupported},
	{Code: "InvalidParameterCombination", Kind: statemachine.InvalidInput},
	{Code: "InvalidParameterValue", Kind: statemachine.InvalidInput},
}
