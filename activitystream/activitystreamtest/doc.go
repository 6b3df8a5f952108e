// Package activitystreamtest is an in-process Amazon RDS for tests of programs that use database
// activity streams. Such tests need no account, no socket and no sleep.
//
//	server := activitystreamtest.NewServer()
//	arn := server.AddCluster(activitystreamtest.Cluster{})
//	client := activitystream.NewFromConfig(server.Config())
//
// The [Server] takes the place of the SDK's HTTP client, so the SDK's real client runs in front
// of it, with its signing, retries and parsing. It supports StartActivityStream,
// StopActivityStream, ModifyActivityStream, DescribeDBClusters, DescribeDBInstances,
// DescribeEvents and DescribeOrderableDBInstanceOptions. It rejects what RDS rejects, with the
// codes of RDS. The tables that the clients wait by also move the streams:
// [activitystream.Machine] and [activitystream.PolicyMachine]. Signatures and permissions are not
// checked.
//
// # Time
//
// Streams move by time.Now. Inside a testing/synctest bubble that is virtual time: a start that
// takes two minutes costs nothing and happens at an exact instant. Where a bubble is not possible,
// as in a godoc Example, set ReadsPerTransition in [Options].
//
// A request is executed when it arrives. Latency, in [Options], passes before the response.
//
// # Faults
//
// Server.Fail injects errors, lost responses, broken connections, malformed responses and
// missing responses. Intercept, in [Options], does so call by call. Server.SkewClock makes the
// clocks of caller and service differ. [Server.Throttle] gives the account its quota.
// [Server.Stale] and [Server.FreezeReads] make reads stale. [Server.Lapse] rolls a start back.
// [Server.Set], [Server.SetResourceStatus], [Server.SetPolicy], [Server.Switchover] and
// [Server.Remove] are the changes of other actors. Server.Calls and [Server.History] show
// afterwards which requests arrived and which statuses the streams had.
//
// # What is unconfirmed
//
// AWS does not document all responses. Where it does not, the simulator does what is plausible, and
// the comments say so. Where a test could depend on it, [Options] has a setting. Unconfirmed
// and without a setting are:
//
//   - the order in which the parameters of a command, the database and the stream are checked
//   - the code for an absent parameter: MissingParameter
//   - the code for mode sync where only async is possible, for an unsupported engine or class, and
//     for a cluster without members: InvalidParameterCombination
//   - the code for ModifyActivityStream of a cluster: InvalidParameterValue
//   - what Describe shows of a stopped stream besides its status: nothing, except the locked policy
//     of Oracle and SQL Server
//   - that an ARN of another account or Region is not found
//   - what DescribeEvents does with both StartTime and Duration (StartTime takes precedence), and
//     with an unknown SourceIdentifier (an empty list)
//   - the events of a start or a stop that is rolled back: none
package activitystreamtest
