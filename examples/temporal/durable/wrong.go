package durable

import "go.temporal.io/sdk/temporal"

// nonRetryable ends a workflow whose input can never do.
func nonRetryable(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), "InvalidInput", err)
}
