// Package activityreader follows the Kinesis stream of an RDS database activity stream, and
// proves that every instance of the database is being recorded.
//
// A status of "started" does not prove that anything is recorded: an asynchronous stream may lose
// records, and Oracle and SQL Server record nothing until audit policies exist. What a program can
// check are the heartbeats that RDS writes to the stream.
//
//	client := activitystream.NewFromConfig(cfg)
//	stream, err := client.Get(ctx, clusterArn)
//	…
//	keys, err := kmskeys.New(kms.NewFromConfig(cfg), stream.ResourceId)
//	…
//	reader := activityreader.New(kinesis.NewFromConfig(cfg), activityrecord.NewDecoder(keys), stream.KinesisStreamName)
//
// [Reader.Read] yields every record with its events, at least once, and a [Position] to resume at.
// [Reader.WaitRecording] waits until each instance was heard from, and returns the evidence.
// [Reader.Watch] reports each silence and each gap of each instance, with its bounds.
//
// The instances of a cluster and their resource IDs come from activitystream.Client.Members.
// Package activityreadertest is a Kinesis and a KMS in process, for tests.
//
// # Terms
//
//   - An instance is heard from when a record of it arrives in Kinesis. A heartbeat is such a
//     record, so an instance that is not used is heard from, too.
//   - An instance is silent if it was not heard from for longer than Options.Silence. A gap is a
//     silence that has ended.
//   - The watermark is the arrival time up to which every open shard was read. Only what is before
//     it can show a silence.
//
// # Shards
//
// RDS reshards the stream while it is read. A shard is read to its end before its children, and
// the list of shards is read again whenever a shard ends. A Reader reads a shard at most 4 times
// and 2 MB a second. Kinesis permits 5 times, which all consumers of the stream share. An iterator
// that expired is replaced, and a call that is throttled is retried with a delay that grows to
// 16 s.
//
// One Reader reads all shards in one process. If that is not enough, use AWS Lambda's event source
// mapping or the Kinesis Client Library, and package activityrecord to decode: it needs only the
// bytes of a record.
//
// # Permissions
//
// The caller needs kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on the
// stream (arn:…:stream/aws-rds-das-…), and kms:Decrypt on the key of the activity stream.
//
// # Errors
//
// Read and Watch end with a [*ReadError], whose [Verdict] says why and whose Position says where
// to resume. WaitRecording ends with a [*statemachine.WaitError]. Invalid input and options are a
// [*statemachine.InputError]. If a request to Kinesis failed, the error wraps a
// [*statemachine.Fault] and the SDK's error, which errors.As finds.
//
// # What is unconfirmed
//
// AWS documents neither the interval of the heartbeats nor that each instance of a cluster emits
// its own. At least one heartbeat every 2 s was observed for Aurora PostgreSQL. Whether Kinesis
// accepts a sequence number that is older than the retention period, and what it responds for an
// iterator of a stream that was recreated, is unconfirmed, too.
package activityreader
