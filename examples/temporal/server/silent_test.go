//go:build server

package main

import "go.temporal.io/api/workflowservice/v1"

// silent is a logger for a client whose server is killed.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

// describeDefault returns a request for the default namespace.
func describeDefault() *workflowservice.DescribeNamespaceRequest {
	return &workflowservice.DescribeNamespaceRequest{Namespace: "default"}
}
