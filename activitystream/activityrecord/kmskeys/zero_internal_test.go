package kmskeys

import (
	"bytes"
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
)

type fake struct{}

func (fake) Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return &kms.DecryptOutput{Plaintext: []byte("secret")}, nil
}

// TestDroppedKeysAreZeroed checks that no way of dropping a key leaves it in memory.
func TestDroppedKeysAreZeroed(t *testing.T) {
	for why, drop := range map[string]func(k *Keys, e *entry){
		"forgotten": func(k *Keys, _ *entry) { k.Forget() },
		"expired":   func(k *Keys, e *entry) { k.expire(e.expires) },
		"evicted":   func(k *Keys, _ *entry) { _, _ = k.DataKey(t.Context(), []byte("another")) },
	} {
		k, err := New(fake{}, "db-A", func(o *Options) { o.MaxKeys = 1 })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.DataKey(t.Context(), []byte("ciphertext")); err != nil {
			t.Fatal(err)
		}
		e := k.entries["ciphertext"]
		key := e.key
		drop(k, e)
		if _, ok := k.entries["ciphertext"]; ok || !bytes.Equal(key, make([]byte, len("secret"))) {
			t.Errorf("%s: %q is left, in the cache: %v", why, key, ok)
		}
	}
}
