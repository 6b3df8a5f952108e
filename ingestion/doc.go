// Package ingestion manages live event ingestion of AWS CloudTrail Lake event data stores. Most
// programs need one call: [Client.EnsureStarted], which starts ingestion if necessary, waits until
// the store is enabled, and is safe to repeat.
//
//	client := ingestion.NewFromConfig(cfg)
//	in := &ingestion.StartInput{EventDataStore: arn}
//	out, err := client.EnsureStarted(ctx, in, 15*time.Minute)
//
// [Client.Start] and [Client.Stop] only call the operations, which return before the status has
// changed and are not idempotent. [Client.Wait] waits for a status, [Client.Watch] yields changes,
// and [Client.Get] and [Client.List] read stores with their statuses.
//
// # When not to use it
//
// CloudTrail Lake has been closed to new customers since May 31, 2026. For trails, use the SDK's
// StartLogging and StopLogging. The package does not create, update, delete or restore stores.
//
// # Lifecycle
//
// [Machine] is the lifecycle. A deleted store is PENDING_DELETION for seven days, during which
// RestoreEventDataStore brings it back.
//
// Only some event categories can be started and stopped: see [EventDataStore.Controllable]. AWS
// does not document whether CloudTrail delivers events of a stop later. Assume that they are lost.
//
// # Waiting
//
// The rules are those of [statemachine.Waiter.Wait]. The package reads a store every 2 s at first,
// then at growing intervals of at most 1 minute (2 minutes after a failed read). SDK retries are
// off, so each command is sent once. [Options].Wait has the settings.
//
// # Many at once
//
// The Each methods handle many stores under CloudTrail's quotas, which all calls of a [Client]
// share. An account has at most ten stores in a Region.
//
// # Concurrency
//
// A [Client] is safe for concurrent use. The caller owns a returned [EventDataStore], except that
// one yielded by Watch must not be modified, and duplicate inputs of an Each method share one. The
// OnProgress of [Options].Wait runs in the goroutine of the call: in an Each method, between two
// results of the range loop.
//
// # Errors
//
// Test for kinds and reasons with errors.Is. [statemachine.Kind] and [statemachine.Reason] say
// what each means. Specific to this package:
//
//   - [statemachine.Unsupported]: CloudTrail cannot start or stop ingestion for the store's event
//     categories, or CloudTrail Lake is not available to the account.
//   - [statemachine.AccessDenied]: the caller lacks a permission (docs/permissions.md lists them),
//     or the store is an organization's. Call from its management account or its delegated
//     administrator.
//   - [statemachine.MissingDependency]: the organization's service-linked role or trusted access
//     is missing.
//   - [statemachine.Unreachable]: the store is PENDING_DELETION, for example. Call
//     RestoreEventDataStore, which this package never does.
//
// # Testing
//
// Package ingestiontest simulates CloudTrail in the process of a test, in virtual time.
package ingestion
