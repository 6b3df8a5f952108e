// Package activitystreamtest is Amazon RDS in this process, as far as database activity streams go: for tests
// of programs that start, stop and wait for streams, without an account, a socket or a sleep.
//
//	server := activitystreamtest.NewServer()
//	arn := server.AddCluster(activitystreamtest.Cluster{})
//	client := activitystream.NewFromConfig(server.Config())
//
// The SDK's own client runs in front of it, with its signing, retries and parsing, because the [Server] stands
// where the HTTP client would. It serves StartActivityStream, StopActivityStream, ModifyActivityStream,
// DescribeDBClusters, DescribeDBInstances and DescribeOrderableDBInstanceOptions, refuses what RDS refuses with
// the codes that RDS uses, and moves streams by the same tables, [activitystream.Machine] and
// [activitystream.PolicyMachine], that the clients wait by. Signatures and permissions are not checked.
//
// # Time
//
// Streams move by time.Now. Inside a testing/synctest bubble that is virtual: a start of two minutes costs
// nothing, and happens at an exact instant. Where no bubble can be, as in a godoc Example, [Options].Reads
// makes streams move by the reads that see them.
//
// A request is carried out at the instant at which it arrives; [Options].Latency passes between that and the answer.
//
// # What goes wrong
//
// [Server.Fail] injects errors, lost answers, broken connections, hostile answers and answers that never come;
// [Options].Intercept does so call by call. [Server.Throttle] gives the account its quota; [Server.Stale] and
// [Server.StaleReads] make reads lag behind; [Server.Lapse] rolls a start back; [Server.Set],
// [Server.SetResourceStatus], [Server.SetPolicy] and [Server.Remove] are what others do meanwhile.
// [Server.Calls] and [Server.History] tell afterwards what was asked and what was true.
//
// # What is unconfirmed
//
// Some of what AWS answers is documented nowhere. The simulator then does the plausible, and says so where it
// matters; where a test could depend on it, it is a member of [Options]. Unconfirmed without such a member: the
// order in which a command's parameters, the database and the stream are checked; the codes for an absent
// parameter (MissingParameter), for sync where only async is possible, an unsupported engine or class or a
// cluster without members (InvalidParameterCombination) and for ModifyActivityStream of a cluster
// (InvalidParameterValue); what a stopped stream shows beside its status (nothing; of Oracle and SQL Server the
// locked policy); that an ARN of another account or Region is one that is not found.
package activitystreamtest
