package ingestion

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// faults maps CloudTrail's error codes, as sent over the wire, to kinds.
var faults = sdkfault.Table{
	{Code: "EventDataStoreARNInvalidException", Kind: statemachine.InvalidInput},
	{Code: "InvalidParameterException", Kind: statemachine.InvalidInput},
	{Code: "InvalidMaxResultsException", Kind: statemachine.InvalidInput},
	{Code: "InvalidNextTokenException", Kind: statemachine.InvalidInput},
	{Code: "EventDataStoreNotFoundException", Kind: statemachine.NotFound},
	{Code: "InvalidEventDataStoreStatusException", Kind: statemachine.InvalidState},
	{Code: "InactiveEventDataStoreException", Kind: statemachine.InvalidState}, // while a restored store settles
	{Code: "InvalidEventDataStoreCategoryException", Kind: statemachine.Unsupported},
	{Code: "UnsupportedOperationException", Kind: statemachine.Unsupported},
	{Code: "NotOrganizationMasterAccountException", Kind: statemachine.AccessDenied},
	{Code: "OperationNotPermittedException", Kind: statemachine.AccessDenied},
	{Code: "InsufficientDependencyServiceAccessPermissionException", Kind: statemachine.MissingDependency},
	{Code: "NoManagementAccountSLRExistsException", Kind: statemachine.MissingDependency},
	{Code: "ConflictException", Kind: statemachine.Conflict}, // the SDK does not retry it
}
