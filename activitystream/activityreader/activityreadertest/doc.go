// Package activityreadertest is the Kinesis stream of a database activity stream, and the KMS
// that decrypts its data keys, in process: for tests of programs that read streams or prove
// recording, without an account, a socket or a sleep.
//
//	server := activityreadertest.NewServer()
//	name := server.AddStream(activityreadertest.Stream{ResourceId: "cluster-ABC", Instances: []string{"db-A", "db-B"}})
//	keys, err := kmskeys.New(kms.NewFromConfig(server.Config()), "cluster-ABC")
//	…
//	reader := activityreader.NewFromConfig(server.Config(), activityrecord.NewDecoder(keys), name)
//
// The SDK's own clients run in front of it, with their signing, retries and parsing, because the
// [Server] takes the place of the HTTP client. It serves ListShards, GetShardIterator, GetRecords
// and DescribeStreamSummary of Kinesis, and Decrypt of KMS. Signatures and permissions are not
// checked.
//
// # Heartbeats and events
//
// Each instance of a stream writes a heartbeat every [Options].Heartbeat, by time.Now: inside a
// testing/synctest bubble that is virtual time. Nothing runs in the background: what is due is
// written when a request or a method asks. [Server.Emit] adds events, and [Server.Put] any data.
//
// [Server.Attach] ties a stream to a database of package activitystreamtest: the stream exists
// from the start of the activity stream until it is stopped, and heartbeats come while it is
// started.
//
// # What goes wrong
//
// [Server.Split] and [Server.Merge] reshard. [Server.SetSilent] silences an instance, and
// [Options].Deliver makes records late or loses them. [Server.ExpireIterators],
// [Server.EmptyReads], [Server.RotateKey], [Server.DeleteStream] and Server.Fail do what their
// names say. The quotas of a shard, 5 reads and 2 MB a second, are kept unless
// [Options].Unlimited is set. Server.Calls lists the requests afterwards.
//
// # What is unconfirmed
//
// AWS documents neither the interval of heartbeats nor that each instance has its own. What
// Kinesis responds for an iterator of a stream that was deleted and created again is unconfirmed:
// here it is ResourceNotFoundException.
package activityreadertest
