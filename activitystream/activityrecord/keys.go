package activityrecord

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Keys decrypts the data keys of records. Package kmskeys implements it by calling AWS KMS.
//
// A [Decoder] calls DataKey once for each record, also concurrently if the Decoder is used
// concurrently. An implementation should therefore cache keys: RDS uses one data key for many
// records.
type Keys interface {
	// DataKey decrypts a data key and returns its plaintext, which has 32 bytes. The Decoder does
	// not change the plaintext, and does not use it after Decode returns. DataKey must not change
	// encrypted, or use it after DataKey returns.
	DataKey(ctx context.Context, encrypted []byte) ([]byte, error)
}

// KeysFunc is a function that implements [Keys].
type KeysFunc func(ctx context.Context, encrypted []byte) ([]byte, error)

// DataKey calls f. It returns an error if f is nil.
func (f KeysFunc) DataKey(ctx context.Context, encrypted []byte) ([]byte, error) {
	if f == nil {
		return nil, errors.New("activityrecord: the KeysFunc is nil")
	}
	return f(ctx, encrypted)
}

// EncryptionContext returns the encryption context that KMS requires to decrypt the data keys
// of a resource's stream. For an Aurora cluster it is {"aws:rds:dbc-id": resourceId}, and for a
// DB instance {"aws:rds:db-id": resourceId}.
//
// The resource ID is the DbClusterResourceId ("cluster-…") or the DbiResourceId ("db-…") that
// RDS reports; it is neither the name nor the ARN of the database. EncryptionContext returns an
// error for any other text.
func EncryptionContext(resourceId string) (map[string]string, error) {
	for prefix, member := range map[string]string{"cluster-": "aws:rds:dbc-id", "db-": "aws:rds:db-id"} {
		if id, ok := strings.CutPrefix(resourceId, prefix); ok && id != "" {
			return map[string]string{member: resourceId}, nil
		}
	}
	return nil, fmt.Errorf("activityrecord: resource ID must be a DbClusterResourceId (cluster-…) or a DbiResourceId (db-…), got %q", resourceId)
}
