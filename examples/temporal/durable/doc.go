// Package durable runs Ensure calls for activity streams on Temporal, so that none depends on one
// process staying alive.
//
// A [statemachine.EnsureTrack] is the workflow's own data. One activity reads, another sends
// commands, a timer waits, and the library decides. A worker may crash at any point.
//
//   - [Resource] is a workflow that brings one stream to the target state.
//   - [Region] does so for all streams of one account in one Region. It makes one call after the
//     other, and nothing else reads these streams. So it stays under the quota of the account in
//     that Region, whatever the number of workers.
//   - [Estate] starts a Region for each of thousands of accounts and Regions, and collects their
//     reports.
package durable
