// Package ingestion starts and stops the ingestion of live events into the event data stores of
// AWS CloudTrail Lake, waits for them and keeps them the way they should be.
//
//	client := ingestion.NewFromConfig(cfg)
//	out, err := client.EnsureStarted(ctx, &ingestion.StartInput{EventDataStore: arn}, 15*time.Minute)
//
// CloudTrail answers StartEventDataStoreIngestion and StopEventDataStoreIngestion with nothing and
// goes to work; only GetEventDataStore says when events are ingested again, ListEventDataStores
// shows no status at all, and the SDK has no waiter for it. Neither operation is idempotent:
// starting what is started is an error. This package does the rest.
//
// # When not to use it
//
// It is for those who have event data stores: CloudTrail Lake has been closed to new customers
// since 31 May 2026, and goes on for the others. It is not for trails, which StartLogging and
// StopLogging turn on and off, nor does it create, change, delete or restore event data stores.
//
// # Lifecycle
//
// [Machine] has it as a table. A store is CREATED first, and ENABLED, or STOPPED_INGESTION if it
// was created so, soon after. Stop leads from ENABLED by STOPPING_INGESTION to STOPPED_INGESTION,
// Start from there by STARTING_INGESTION back. A store that is deleted is PENDING_DELETION for
// seven days, in which RestoreEventDataStore brings it back, and then gone.
//
// Ingestion can be started and stopped for management, data and network activity events and for
// configuration items; not for what partners, Audit Manager and Insights deliver: see
// [EventDataStore.Controllable]. Whether CloudTrail makes up for the events of the time in which
// ingestion was stopped is documented nowhere; take them for lost.
//
// # What to call
//
// [Client.EnsureStarted] and [Client.EnsureStopped] say what should be. They read first, run only
// what is needed, and are safe to call again at any time. [Client.Start] and [Client.Stop] are the
// bare operations; [Client.Wait] waits for what they, or somebody else, began; [Client.Watch]
// tells each change. [Client.Get] reads one store and [Client.List] all of them, with their
// statuses.
//
// Stores are named by ARN or by the ID that it ends with. A client keeps under CloudTrail's quotas
// by itself, which are low and cannot be raised: see [Options].
//
// # Waiting
//
// Waits, watches and ensures read by the rules of [statemachine.Waiter.Wait], at first every 2 s
// and never more seldom than every minute, or two after a failure: [Options].Wait has the
// settings. A status that cannot become the target is taken for an old read for the Grace of a
// minute, then for the truth. The SDK's own retries are off meanwhile: the next read is the retry,
// and a command is sent once.
//
// # Many at once
//
// An account has at most ten stores in a Region, so that there is no method for many. Run one call
// for each in a goroutine of its own, with one [Client]: they share its pacers, and with them the
// quotas of 10 reads and one command a second. Two clients for one account and Region need the
// same pacers.
//
// # Concurrency
//
// A [Client] is safe for concurrent use; Options are copied for each call. An [EventDataStore]
// belongs to whoever got it, but for one that a Watch has yielded: it must not be changed. The
// functions and the Logger in [Options].Wait are called from the goroutine that reads: yours.
//
// # Errors
//
// Every error of the service is a [*statemachine.Fault], whose Kind says what to do; the SDK's own
// error is found in it by errors.As. What ends a wait or an ensure before its target is a
// [*statemachine.WaitError] with a Reason, and input that is not valid a
// [*statemachine.InputError], before anything is sent. Test for kinds and reasons with errors.Is.
// The kinds:
//
//   - [statemachine.InvalidInput]: mend the input. Before anything is sent it is an InputError.
//   - [statemachine.NotFound]: no such store in this account and Region, or not any more. Check
//     the ARN or ID.
//   - [statemachine.InvalidState]: its status does not permit the operation. Start wants
//     STOPPED_INGESTION, Stop ENABLED; the Ensure methods wait until that is so.
//   - [statemachine.Unsupported]: the store's categories cannot be started and stopped, or
//     CloudTrail Lake is not there for this account. Do not try again.
//   - [statemachine.Conflict]: CloudTrail is at work on the store. Try again in a few minutes;
//     waits and the Ensure methods do.
//   - [statemachine.AccessDenied]: by the caller's policies (cloudtrail:GetEventDataStore,
//     ListEventDataStores, StartEventDataStoreIngestion, StopEventDataStoreIngestion), or the
//     store is an organization's and the account neither its management account nor the delegated
//     administrator. Have it allowed, or call from there.
//   - [statemachine.MissingDependency]: the organization's service-linked role or trusted access
//     is missing. Create it.
//   - [statemachine.Unauthenticated]: the credentials are missing, expired or wrong. Renew them.
//   - [statemachine.Throttled]: somebody else is using up the quota as well. Nothing was done;
//     waits and ensures go on.
//   - [statemachine.Unavailable]: CloudTrail failed, or its answer was lost. Waits and ensures go
//     on. After a bare command, read before you send it again: it may have been carried out.
//   - [statemachine.Interrupted]: your context ended. A command may have been carried out; call
//     the Ensure again.
//   - [statemachine.Unknown]: a code that CloudTrail did not have when this was written. Look at
//     Fault.Code.
//
// The reasons:
//
//   - [statemachine.TimedOut]: call again; it carries on. If reads failed to the end, see the
//     kind.
//   - [statemachine.Canceled]: your context ended. Call again; WaitError.Accepted tells what was
//     commanded.
//   - [statemachine.Unreachable]: the status does not lead to the target. WaitError.Plan names the
//     operations that would: RestoreEventDataStore for a store that is PENDING_DELETION.
//   - [statemachine.Lapsed]: the store was on its way, or there, and went back: a start that
//     failed, or another actor. Find out which, in CloudTrail's own events, before you call again.
//   - [statemachine.Gone]: no such store, or not any more. Check the ARN or ID, or take it off the
//     list.
//   - [statemachine.ReadFailed]: a read failed in a way that does not heal; its kind says what to
//     do.
//
// # Observability
//
// [statemachine.WaitOptions].Logger, in [Options].Wait, gets a line for each change of state, each
// command and each failure that is tolerated. Each wait and each ensure is a span of the
// TracerProvider that the SDK's client has, with the SDK's calls below it; Watch has none.
// examples/observability shows both, with OpenTelemetry.
//
// # Testing
//
// Package ingestiontest has a CloudTrail that runs in the test's own process, in virtual time,
// with everything that can go wrong.
package ingestion
