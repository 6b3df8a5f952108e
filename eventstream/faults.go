package eventstream

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// faults maps the error codes of Customer Profiles to kinds. The common rules of package sdkfault
// cover AccessDeniedException, ThrottlingException and InternalServerException.
var faults = sdkfault.Table{
	// The stream in "is already associated with an active EventStream" is this one or another.
	{Code: "BadRequestException", Message: "already associated with an active EventStream", Kind: statemachine.AlreadyInState},
	{Code: "BadRequestException", Kind: statemachine.InvalidInput},
	{Code: "ResourceNotFoundException", Kind: statemachine.NotFound}, // also if access is denied
}
