// Package ingestiontest is AWS CloudTrail in this process, as far as the event data stores of CloudTrail Lake
// go: for tests of programs that start, stop and wait for ingestion, without an account, a socket or a sleep.
//
//	server := ingestiontest.NewServer()
//	arn := server.AddEventDataStore(ingestiontest.EventDataStore{Status: ingestion.StatusStoppedIngestion})
//	client := ingestion.NewFromConfig(server.Config())
//
// The SDK's own client runs in front of it, with its signing, retries and parsing, because the [Server] stands
// where the HTTP client would. It serves StartEventDataStoreIngestion, StopEventDataStoreIngestion,
// GetEventDataStore and ListEventDataStores and, to set a scene with an ordinary client, CreateEventDataStore,
// UpdateEventDataStore, DeleteEventDataStore and RestoreEventDataStore. It refuses what CloudTrail refuses with
// the codes that CloudTrail uses, and moves stores by the same table, [ingestion.Machine], that the clients
// wait by. Signatures and permissions are not checked.
//
// # Time
//
// Stores move by time.Now. Inside a testing/synctest bubble that is virtual: a start of a minute, and the seven
// days after which a deleted store is gone, cost nothing and happen at an exact instant. Where no bubble can
// be, as in a godoc Example, [Options].Reads makes stores move by the reads that see them.
//
// A request is carried out at the instant at which it arrives; [Options].Latency passes between that and the answer.
//
// # What goes wrong
//
// [Server.Fail] injects errors, lost answers, broken connections, hostile answers and answers that never come;
// [Options].Intercept does so call by call. [Server.Throttle] gives the account its quotas; [Server.Stale] and
// [Server.StaleReads] make reads lag behind; [Server.Lapse] rolls a start or a stop back; [Server.Set],
// [Server.SetFederation] and [Server.Remove] are what others do meanwhile. [Server.Calls] and [Server.History]
// tell afterwards what was asked and what was true.
//
// # What is unconfirmed
//
// Some of what AWS answers is documented nowhere. The simulator then does the plausible, and says so where it
// matters; where a test could depend on it, it is a member of [Options]. Unconfirmed without such a member: the
// order in which parameters are checked, and the code for a bad one (InvalidParameterException); that an ARN of
// another account or Region is an EventDataStoreARNInvalidException, and any other that names no store an
// EventDataStoreNotFoundException; that a store that is not there yet or on its way is deleted with
// ConflictException; that a store that is stopped takes updates; that StartIngestion false is refused for
// categories that can be neither started nor stopped; that ListEventDataStores lists stores that are pending
// deletion; what is a federation's part in all this, but for its keeping a store from being deleted. An
// organization's accounts are not modelled: OrganizationEnabled is taken as it is given.
package ingestiontest
