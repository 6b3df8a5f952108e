// Package ingestiontest is an in-process AWS CloudTrail for tests of programs that use the event
// data stores of CloudTrail Lake. Such tests need no account, no socket and no sleep.
//
//	server := ingestiontest.NewServer()
//	arn := server.AddEventDataStore(ingestiontest.EventDataStore{
//		Status: ingestion.StatusStoppedIngestion,
//	})
//	client := ingestion.NewFromConfig(server.Config())
//
// The [Server] takes the place of the SDK's HTTP client, so the SDK's real client runs in front
// of it, with its signing, retries and parsing. It supports StartEventDataStoreIngestion,
// StopEventDataStoreIngestion, GetEventDataStore, ListEventDataStores and ListTags. To prepare a
// test with an ordinary client, it also supports CreateEventDataStore, UpdateEventDataStore,
// DeleteEventDataStore and RestoreEventDataStore. It rejects what CloudTrail rejects, with the
// codes of CloudTrail. The table that the clients wait by also moves the stores:
// [ingestion.Machine]. Signatures and permissions are not checked.
//
// # Time
//
// Stores move by time.Now. Inside a testing/synctest bubble that is virtual time. A start that
// takes a minute then costs nothing, and so do the seven days until a deleted store is removed.
// Both end at exact instants. Where a bubble is not possible, as in a godoc Example, set
// ReadsPerTransition in [Options].
//
// A request is executed when it arrives. Latency, in [Options], passes before the response.
//
// # Faults
//
// Server.Fail injects errors, lost responses, broken connections, malformed responses and
// missing responses. Intercept, in [Options], does so call by call. Server.SkewClock makes the
// clocks of caller and service differ. [Server.Throttle] gives the account its quotas.
// [Server.Stale] and [Server.FreezeReads] make reads stale. [Server.Lapse] rolls a start or a
// stop back. [Server.Set], [Server.SetFederation] and [Server.Remove] are the changes of other
// actors. Server.Calls and [Server.History] show afterwards which requests arrived and which
// statuses the stores had.
//
// # What is unconfirmed
//
// AWS does not document all responses. Where it does not, the simulator does what is plausible, and
// the comments say so. Where a test could depend on it, [Options] has a setting. Unconfirmed
// and without a setting are:
//
//   - the order in which parameters are checked, and the code for an invalid one:
//     InvalidParameterException
//   - that an ARN of another account or Region is an EventDataStoreARNInvalidException, and any
//     other ARN or ID without a store an EventDataStoreNotFoundException
//   - that deleting a store that is created, starting or stopping is a ConflictException
//   - that a stopped store accepts updates
//   - the errors of ListTags for invalid requests, and that it rejects stores that are pending
//     deletion
//   - that StartIngestion false is rejected for categories that cannot be started or stopped
//   - that ListEventDataStores lists stores that are pending deletion
//   - the effects of a federation, except that it prevents the deletion of the store
//
// The accounts of an organization are not modeled: OrganizationEnabled has no effect.
package ingestiontest
