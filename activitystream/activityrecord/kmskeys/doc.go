// Package kmskeys provides the data keys of activity records by calling AWS KMS. It caches
// them, because RDS seals many records with one data key: a KMS call per record is slow,
// expensive and soon throttled.
//
//	stream, err := activitystream.NewFromConfig(cfg).Get(ctx, clusterArn)
//	…
//	keys, err := kmskeys.New(kms.NewFromConfig(cfg), stream.ResourceId)
//	…
//	decoder := activityrecord.NewDecoder(keys)
//
// The caller needs the permission kms:Decrypt for the key of the stream. A policy can require
// the encryption context with the condition key kms:EncryptionContext:aws:rds:dbc-id, or
// …:db-id for an instance.
//
// # Caching
//
// A key is cached by its ciphertext. Concurrent calls for one ciphertext make one KMS call. A
// key is dropped when [Options] says that it is too old or that there are too many, and then
// KMS is called again. An access that KMS no longer permits therefore ends within
// [Options.Lifetime]. A dropped key is overwritten with zeros.
//
// There is no background goroutine: a key that is too old is dropped by the next call.
// [Keys.Forget] drops all at once.
//
// # Errors
//
//   - [*ContextError]: KMS does not decrypt the data key under the encryption context of the
//     resource. The usual cause is the resource ID of another stream: pass that of the stream that
//     the records come from. A blue/green switchover changes the ID. KMS has the same error for a
//     data key that was changed.
//   - Any other error of [Keys.DataKey] wraps that of the SDK. Retry what is temporary, such as
//     throttling. Correct the permissions after an AccessDeniedException.
//
// An [activityrecord.Decoder] wraps all of them in a DecodeError with the problem KeyRefused.
//
// # When not to use it
//
// Use a function of your own ([activityrecord.KeysFunc]) if the keys come from elsewhere, such
// as a store that several programs share.
package kmskeys
