// Package activityreadertest is an in-process Kinesis with the streams of database activity
// streams, and an in-process KMS that decrypts their data keys. It is for tests of programs that
// read streams or prove recording. Such tests need no account, no socket and no sleep.
//
//	server := activityreadertest.NewServer()
//	name := server.AddStream(activityreadertest.Stream{ResourceId: "cluster-ABC", Instances: []string{"db-A", "db-B"}})
//	keys, err := kmskeys.New(kms.NewFromConfig(server.Config()), "cluster-ABC")
//	…
//	reader := activityreader.NewFromConfig(server.Config(), activityrecord.NewDecoder(keys), name)
//
// The SDK's own clients run in front of it, with their signing, retries and parsing, because the
// [Server] takes the place of the HTTP client. It serves ListShards, GetShardIterator, GetRecords
// and DescribeStreamSummary of Kinesis, and Decrypt of KMS. Signatures, permissions and the KeyId
// of Decrypt are not checked.
//
// # Heartbeats and events
//
// Each instance of a stream writes a heartbeat every [Options].Heartbeat, by time.Now: inside a
// testing/synctest bubble that is virtual time. Nothing runs in the background: what is due is
// written when a request or a method asks. [Server.Emit] adds events, and [Server.Put] any data.
//
// [Server.Attach] ties a stream to a database of package activitystreamtest. The stream exists from
// the start of the activity stream until it is stopped. Heartbeats come while it is started.
//
// # What goes wrong
//
// [Server.Split] and [Server.Merge] reshard. [Server.SetSilent] silences an instance, and
// [Options].Deliver makes heartbeats late or loses them. [Server.ExpireIterators],
// [Server.EmptyReads], [Server.RotateKey] and [Server.DeleteStream] do what Kinesis and RDS do at
// times. Server.Fail makes requests fail. A shard has its quotas of 5 reads and 2 MB a second
// unless [Options].Unlimited is set. Server.Calls lists the requests afterwards.
//
// # What is unconfirmed
//
// AWS documents neither the interval of heartbeats nor that each instance has its own. What
// Kinesis responds for an iterator of a stream that was deleted and created again is unconfirmed:
// here it is ResourceNotFoundException.
package activityreadertest
