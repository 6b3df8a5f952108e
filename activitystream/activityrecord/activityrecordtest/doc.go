// Package activityrecordtest seals records of activity streams, as RDS does, for tests of
// programs that decode them.
//
//	sealer := activityrecordtest.NewSealer()
//	login := activityrecordtest.SQLServer()
//	login.Command, login.ExitCode = "LOGIN FAILED", "0"
//	data := sealer.Seal(activityrecord.Record{
//		InstanceId: "db-ABC",
//		Events:     []activityrecord.Event{login},
//	})
//
//	decoder := activityrecord.NewDecoder(sealer) // a Sealer provides its own key, without KMS
//	record, err := decoder.Decode(ctx, data)
//
// [Heartbeat], [PostgreSQL], [MySQL], [Oracle] and [SQLServer] return events to start from,
// with the JSON types that the engines write. [Sealer.SealJSON] seals any JSON, and
// [Sealer.SealBroken] returns data that fails to decode with a given problem.
//
// # When not to use it
//
// It is for tests and demonstrations. The data keys of a [Sealer] are random, but it does not
// protect them.
//
// # Errors
//
// Nothing but [Sealer.DataKey] returns an error.
package activityrecordtest
