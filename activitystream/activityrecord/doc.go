// Package activityrecord decodes the records of an RDS database activity stream: from the bytes
// of a Kinesis record to typed events. It serves Aurora PostgreSQL, Aurora MySQL, RDS for
// Oracle and RDS for SQL Server.
//
//	keys, err := kmskeys.New(kms.NewFromConfig(cfg), stream.ResourceId)
//	…
//	decoder := activityrecord.NewDecoder(keys)
//	record, err := decoder.Decode(ctx, data) // data is the Data member of a Kinesis record
//	…
//	for _, event := range record.Events {
//		if event.Heartbeat() {
//			continue
//		}
//		fmt.Println(event.DBUserName, event.Command, event.Outcome())
//	}
//
// The bytes can come from anywhere: the Kinesis API, a Lambda event, a Firehose transformation,
// a file in S3. The package imports the standard library only. Package kmskeys provides the
// data keys by calling AWS KMS, and package activityrecordtest seals records for tests.
//
// # What a record is
//
// The data of a Kinesis record is a JSON envelope with two base64 members. The member key holds
// a data key that is encrypted by KMS. The member databaseActivityEvents holds a message of the
// AWS Encryption SDK. The message is sealed with that data key, which means encrypted and
// authenticated. Its plaintext is gzip, and inside is a JSON document with a list of events. See
// "Monitoring database activity streams" in the Amazon Aurora User Guide and the Amazon RDS User
// Guide.
//
// A record can hold many events of one database instance, and heartbeats among them. RDS sends
// heartbeats while a stream records, whether or not the database has activity.
//
// # Damaged and unknown input
//
// A message is authenticated before anything of it is used. [Decoder.Decode] returns no part of a
// record that is damaged or cut off. What is authentic is decoded as far as possible. An unknown
// version, class, command or event type is not an error. A field of an unexpected JSON type is kept
// as text, and [Event.Raw] has the members that this package does not know.
//
// # Errors
//
// Decode returns a [*DecodeError], whose [Problem] says what to do. The next record can be decoded
// whatever the Problem of this one is.
//
//   - [NotARecord]: the data is not an activity record, so look at where it comes from.
//   - [KeyRefused]: Keys failed, or its key does not open the record. Check the resource ID of
//     the stream and the permissions of the key. The error of Keys is wrapped, so that a caller
//     can retry what is temporary.
//   - [Damaged]: the record was changed or cut off. Read it from Kinesis again, and report the
//     loss if it remains.
//   - [Unsupported]: the record uses a message format, an algorithm suite or a key provider
//     that this package does not know. Look for a newer version of this package.
//   - [TooLarge]: the record exceeds [Options]. Raise the limit if the record is legitimate.
//   - [Malformed]: the record is authentic, but its JSON is not a list of events. Report it.
//
// # When not to use it
//
// This package does not read from Kinesis. It does not encrypt. It opens only the messages of
// activity streams: for other messages of the AWS Encryption SDK, use that SDK.
package activityrecord
