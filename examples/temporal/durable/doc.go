// Package durable runs ensures of activity streams on Temporal, so that none depends on one process staying alive.
//
// It shows how little a durable ensure takes: a [statemachine.EnsureTrack] is the workflow's own data, an activity reads,
// another commands, a timer waits, and the library decides. A worker may die anywhere.
//
//   - [Resource] is a workflow that brings one stream to the wanted state.
//   - [Region] does so with all streams of one account in one Region. It is their only reader, and makes one call after the
//     other: that is how it stays under the quota of the account in that Region, whatever the number of workers.
//   - [Estate] starts a Region for each of thousands of accounts and Regions, and gathers what they report.
package durable
