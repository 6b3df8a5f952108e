package kmskeys

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// API is the part of a [kms.Client] that Keys calls.
type API interface {
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

var (
	_ API                 = (*kms.Client)(nil)
	_ activityrecord.Keys = (*Keys)(nil)
)

// Options configures [Keys].
type Options struct {
	// MaxKeys is how many keys are cached. Beyond it, the key that was used least recently is
	// dropped. Zero means 100. New rejects negative values.
	MaxKeys int
	// Lifetime is how long a key is cached after KMS decrypted it. Zero means 1 hour. New
	// rejects negative values.
	Lifetime time.Duration
	// KmsKeyId is the KMS key that must have encrypted the data keys: a key ID, key ARN, alias
	// name or alias ARN. It is the KeyId of the Decrypt operation. Empty means any key that the
	// caller may use.
	KmsKeyId string
	// ClientOptions are passed to each call of the SDK.
	ClientOptions []func(*kms.Options)
}

// Keys decrypts and caches the data keys of one resource's stream. It is safe for concurrent use.
// Make it with [New]: DataKey of a zero Keys returns an error.
type Keys struct {
	api     API
	context map[string]string
	options Options

	mu      sync.Mutex
	entries map[string]*entry // by ciphertext
	expiry  time.Time         // no entry expires before it
	uses    uint64            // counts the uses of entries, for entry.used
}

// entry is what is known about one ciphertext. Its fields are guarded by Keys.mu.
type entry struct {
	done    chan struct{} // closed when the call that is in flight has returned
	key     []byte        // nil if there is an error, or if the entry was dropped
	err     error         // nil also if the caller gave up, so that another has to call
	expires time.Time     // zero while the call is in flight
	used    uint64
}

// ContextError is the error of a data key that KMS does not decrypt under the encryption
// context of the resource.
type ContextError struct {
	Context map[string]string // the encryption context that was used
	Err     error             // the SDK's error
}

// Error names the encryption context, which is not secret.
func (e *ContextError) Error() string {
	return fmt.Sprintf("kmskeys: KMS does not decrypt the data key under the encryption context %v: pass the resource ID of the stream that the record comes from: %v",
		e.Context, e.Err)
}

// Unwrap returns the SDK's error.
func (e *ContextError) Unwrap() error { return e.Err }

// New returns the Keys of the stream of a resource. The resource ID is a DbClusterResourceId
// ("cluster-…") or a DbiResourceId ("db-…"): see [activityrecord.EncryptionContext], whose
// error New returns for any other text.
func New(api API, resourceId string, optFns ...func(*Options)) (*Keys, error) {
	var o Options
	for _, f := range optFns {
		f(&o)
	}
	encryptionContext, err := activityrecord.EncryptionContext(resourceId)
	if o.MaxKeys < 0 {
		err = errors.Join(err, fmt.Errorf("kmskeys: Options.MaxKeys must not be negative, got %d", o.MaxKeys))
	}
	if o.Lifetime < 0 {
		err = errors.Join(err, fmt.Errorf("kmskeys: Options.Lifetime must not be negative, got %v", o.Lifetime))
	}
	if api == nil {
		err = errors.Join(err, errors.New("kmskeys: the API must not be nil"))
	}
	if err != nil {
		return nil, err
	}
	o.MaxKeys = cmp.Or(o.MaxKeys, 100)
	o.Lifetime = cmp.Or(o.Lifetime, time.Hour)
	o.ClientOptions = slices.Clone(o.ClientOptions)
	return &Keys{api: api, context: encryptionContext, options: o, entries: make(map[string]*entry)}, nil
}

// String returns the encryption context, so that a log of Keys contains neither keys nor
// ciphertext.
func (k *Keys) String() string { return fmt.Sprintf("kmskeys.Keys(%v)", k.context) }

// GoString returns the same as String.
func (k *Keys) GoString() string { return k.String() }

// DataKey returns the plaintext of a data key, from the cache or by calling KMS. The caller
// owns the returned slice.
//
// If another call for the same key is in flight, DataKey waits for its result or for the end of
// ctx. If the context of that other call ends, DataKey calls KMS itself.
func (k *Keys) DataKey(ctx context.Context, encrypted []byte) ([]byte, error) {
	if k == nil || k.api == nil {
		return nil, errors.New("kmskeys: Keys must be made by New")
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, isNew := k.enter(encrypted)
		if isNew {
			return k.decrypt(ctx, encrypted, e)
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if key, err := k.use(e); key != nil || err != nil {
			return key, err
		}
	}
}

// Forget drops all keys. The key of a call that is in flight is cached when that call returns.
func (k *Keys) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, e := range k.entries {
		if !e.expires.IsZero() {
			k.drop(id, e)
		}
	}
}

// enter returns the entry of a ciphertext, and whether it is new: then the caller must call
// decrypt.
func (k *Keys) enter(encrypted []byte) (e *entry, isNew bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire(time.Now())
	if e, ok := k.entries[string(encrypted)]; ok {
		return e, false
	}
	e = &entry{done: make(chan struct{})}
	k.entries[string(encrypted)] = e
	return e, true
}

// use returns a copy of an entry's key, or its error. It returns neither if KMS has to be
// called again.
func (k *Keys) use(e *entry) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.uses++
	e.used = k.uses
	return bytes.Clone(e.key), e.err
}

// decrypt calls KMS and completes the entry.
func (k *Keys) decrypt(ctx context.Context, encrypted []byte, e *entry) (key []byte, err error) {
	returned := false
	defer func() { // also if the call panics
		k.mu.Lock()
		defer k.mu.Unlock()
		k.complete(string(encrypted), e, key, err, returned && (err == nil || ctx.Err() == nil))
	}()
	in := &kms.DecryptInput{
		CiphertextBlob:      bytes.Clone(encrypted),
		EncryptionContext:   maps.Clone(k.context),
		EncryptionAlgorithm: types.EncryptionAlgorithmSpecSymmetricDefault,
	}
	if k.options.KmsKeyId != "" {
		in.KeyId = &k.options.KmsKeyId
	}
	out, err := k.api.Decrypt(ctx, in, k.options.ClientOptions...)
	returned = true
	if _, ok := errors.AsType[*types.InvalidCiphertextException](err); ok {
		return nil, &ContextError{Context: maps.Clone(k.context), Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("kmskeys: cannot decrypt the data key: %w", err)
	}
	if out == nil || len(out.Plaintext) == 0 {
		return nil, errors.New("kmskeys: the response of KMS has no plaintext")
	}
	key = bytes.Clone(out.Plaintext)
	if _, ok := k.api.(*kms.Client); ok {
		clear(out.Plaintext) // a fake may return one slice again and again
	}
	return key, nil
}

// complete stores the result of a call, and wakes those who wait for it. If the result is not
// valid for them, because the caller gave up, one of them calls again.
func (k *Keys) complete(id string, e *entry, key []byte, err error, valid bool) {
	close(e.done)
	_, lasting := errors.AsType[*ContextError](err)
	switch {
	case !valid:
		delete(k.entries, id)
		return
	case err != nil && !lasting:
		e.err = err
		delete(k.entries, id)
		return
	}
	// A ciphertext that KMS does not decrypt under this context stays so. Without a cache, each
	// record would cost a call.
	e.key, e.err = bytes.Clone(key), err
	e.expires = time.Now().Add(k.options.Lifetime)
	if k.expiry.IsZero() || e.expires.Before(k.expiry) {
		k.expiry = e.expires
	}
	k.uses++
	e.used = k.uses
	k.evict()
}

// evict drops the entry that was used least recently, if there are too many.
func (k *Keys) evict() {
	var oldest string
	var least *entry
	kept := 0
	for id, e := range k.entries {
		if e.expires.IsZero() {
			continue
		}
		if kept++; least == nil || e.used < least.used {
			oldest, least = id, e
		}
	}
	if kept > k.options.MaxKeys {
		k.drop(oldest, least)
	}
}

// expire drops the entries whose lifetime is over.
func (k *Keys) expire(now time.Time) {
	if k.expiry.IsZero() || now.Before(k.expiry) {
		return
	}
	k.expiry = time.Time{}
	for id, e := range k.entries {
		switch {
		case e.expires.IsZero():
		case !now.Before(e.expires):
			k.drop(id, e)
		case k.expiry.IsZero() || e.expires.Before(k.expiry):
			k.expiry = e.expires
		}
	}
}

func (k *Keys) drop(id string, e *entry) {
	clear(e.key)
	e.key, e.err = nil, nil
	delete(k.entries, id)
}
