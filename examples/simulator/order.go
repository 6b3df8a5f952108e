package main

import (
	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// order is the body of a request to the control endpoint. Each action uses some members.
type order struct {
	Arn        string                      `json:"arn"`
	Identifier string                      `json:"identifier"`
	Engine     string                      `json:"engine"`
	Status     activitystream.Status       `json:"status"`
	Mode       activitystream.Mode         `json:"mode"`
	KmsKeyID   string                      `json:"kms_key_id"`
	Database   string                      `json:"database_status"`
	Members    int                         `json:"members"`
	Policy     activitystream.PolicyStatus `json:"policy_status"`
	Alias      string                      `json:"alias"`
	Accessible bool                        `json:"accessible"`
	Stale      string                      `json:"stale"` // a duration
	Operation  statemachine.Operation      `json:"operation"`
	Code       string                      `json:"code"`
	Message    string                      `json:"message"`
	HTTPStatus int                         `json:"http_status"`
	Times      int                         `json:"times"`
	Lost       bool                        `json:"lost"`
	Drop       bool                        `json:"drop"`
}
