package provider

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// settings are the configuration of the provider.
type settings struct {
	region, profile              string
	accessKey, secretKey, token  string
	configFiles, credentialFiles []string
	role                         *role
	endpoints                    map[string]string // by service
	perSecond                    float64           // requests to RDS; zero means the default
	hooks                        hooks
}

// hooks are what tests replace. The zero value replaces nothing.
type hooks struct {
	httpClient aws.HTTPClient
	wait       func(*statemachine.WaitOptions) // may be nil
}

// tune changes the options of a wait.
func (h hooks) tune(o *statemachine.WaitOptions) {
	if h.wait != nil {
		h.wait(o)
	}
}

// role is a role to assume.
type role struct {
	arn, session, externalID, policy string
	duration                         time.Duration
}
