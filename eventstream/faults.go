package eventstream

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
	"github.com/streamwarden/streamwarden-go/statemachine/sdkfault"
)

// faults is what Customer Profiles' error codes mean. AccessDeniedException and ThrottlingException mean what
// they mean everywhere, and of InternalServerException the SDK says that it is the service's fault.
var faults = sdkfault.Table{
	// "The Customer Profiles Domain: <name> is already associated with an active EventStream": this one, or another.
	{Code: "BadRequestException", Message: "already associated with an active EventStream", Kind: statemachine.AlreadyInState},
	{Code: "BadRequestException", Kind: statemachine.InvalidInput},
	{Code: "ResourceNotFoundException", Kind: statemachine.NotFound}, // access denied, too
}
