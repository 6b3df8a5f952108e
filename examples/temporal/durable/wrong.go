package durable

import "go.temporal.io/sdk/temporal"

// wrong ends a workflow whose input can never do.
func wrong(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), "InvalidInput", err)
}
