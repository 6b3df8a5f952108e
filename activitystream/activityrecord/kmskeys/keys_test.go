package kmskeys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

const (
	clusterId  = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	instanceId = "db-ZYXWVUTSRQPONMLKJIHGFEDCBA"
)

// fakeKMS is AWS KMS as far as Decrypt goes, behind the SDK's HTTP client. A ciphertext is the
// plaintext after "enc:".
type fakeKMS struct {
	context map[string]string
	latency time.Duration
	refuse  atomic.Pointer[string] // the error code of each response, if set
	calls   atomic.Int64
	request sync.Map // of the last call: "keyId", "context"
}

func (f *fakeKMS) Do(r *http.Request) (*http.Response, error) {
	f.calls.Add(1)
	var in struct {
		CiphertextBlob    []byte
		EncryptionContext map[string]string
		KeyId             string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	f.request.Store("keyId", in.KeyId)
	if err := assert.Sleep(r.Context(), f.latency); err != nil {
		return nil, err
	}
	respond := func(status int, body any) (*http.Response, error) {
		text, err := json.Marshal(body)
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
			Body: io.NopCloser(bytes.NewReader(text)), Request: r}, err
	}
	plaintext, ok := bytes.CutPrefix(in.CiphertextBlob, []byte("enc:"))
	switch code := f.refuse.Load(); {
	case code != nil:
		return respond(400, map[string]string{"__type": *code, "message": "refused"})
	case !ok || !cmp.Equal(f.context, in.EncryptionContext):
		return respond(400, map[string]string{"__type": "InvalidCiphertextException"})
	}
	return respond(200, map[string]any{"Plaintext": plaintext, "KeyId": "arn:aws:kms:us-east-1:123456789012:key/1", "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

// newKMS returns a fake for the stream of a cluster, and the SDK's client for it.
func newKMS() (*fakeKMS, *kms.Client) {
	f := &fakeKMS{context: map[string]string{"aws:rds:dbc-id": clusterId}}
	return f, kms.NewFromConfig(aws.Config{
		Region:     "us-east-1",
		HTTPClient: f,
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
		}),
	})
}

func newKeys(t *testing.T, api kmskeys.API, optFns ...func(*kmskeys.Options)) *kmskeys.Keys {
	t.Helper()
	keys, err := kmskeys.New(api, clusterId, optFns...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// ciphertext returns what the fake decrypts to 32 bytes that depend on i.
func ciphertext(i int) []byte { return fmt.Appendf(nil, "enc:%032d", i) }

func get(t *testing.T, keys *kmskeys.Keys, i int) {
	t.Helper()
	key, err := keys.DataKey(t.Context(), ciphertext(i))
	if want := fmt.Sprintf("%032d", i); err != nil || string(key) != want {
		t.Errorf("got %q, %v, want %q", key, err, want)
	}
}

func (f *fakeKMS) wantCalls(t *testing.T, want int64) {
	t.Helper()
	if got := f.calls.Load(); got != want {
		t.Errorf("got %d KMS calls, want %d", got, want)
	}
}

func TestThreeKeysForTenThousandRecords(t *testing.T) {
	f, client := newKMS()
	keys := newKeys(t, client)
	for i := range 10_000 {
		get(t, keys, i%3)
	}
	f.wantCalls(t, 3)
}

func TestConcurrentMissesMakeOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, client := newKMS()
		f.latency = time.Second
		keys := newKeys(t, client)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { get(t, keys, 7) })
		}
		start := time.Now()
		all.Wait()
		f.wantCalls(t, 1)
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want one latency", took)
		}
	})
}

// TestCanceledCaller checks that the end of one caller's context is not the failure of others.
func TestCanceledCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, client := newKMS()
		f.latency = 10 * time.Second
		keys := newKeys(t, client)
		first, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := keys.DataKey(first, ciphertext(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the end of the context", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() { get(t, keys, 1) })
		}
		start := time.Now()
		time.Sleep(2 * time.Second) // at 1 s the first ended, and one of the ten called
		all.Go(func() {             // waits for that call, and ends before it returns
			short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if _, err := keys.DataKey(short, ciphertext(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the end of the context", err)
			}
		})
		all.Wait()
		f.wantCalls(t, 2)
		if took := time.Since(start); took != 11*time.Second {
			t.Errorf("took %v, want 11s", took)
		}
	})
}

func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ set, want time.Duration }{{0, time.Hour}, {time.Minute, time.Minute}} {
			f, client := newKMS()
			keys := newKeys(t, client, func(o *kmskeys.Options) { o.Lifetime = c.set })
			get(t, keys, 1)
			time.Sleep(c.want - 1)
			get(t, keys, 1)
			f.wantCalls(t, 1)
			time.Sleep(time.Nanosecond)
			get(t, keys, 1)
			f.wantCalls(t, 2)
		}
	})
}

func TestMaxKeys(t *testing.T) {
	f, client := newKMS()
	keys := newKeys(t, client, func(o *kmskeys.Options) { o.MaxKeys = 2 })
	for _, i := range []int{1, 2, 1, 3, 1} { // 3 takes the place of 2, which was used least recently
		get(t, keys, i)
	}
	f.wantCalls(t, 3)
	get(t, keys, 2)
	f.wantCalls(t, 4)
}

func TestForget(t *testing.T) {
	f, client := newKMS()
	keys := newKeys(t, client)
	get(t, keys, 1)
	keys.Forget()
	get(t, keys, 1)
	f.wantCalls(t, 2)
}

// TestReturnedKeysAreTheCallers checks that a returned key outlives the cached one and the
// other way around.
func TestReturnedKeysAreTheCallers(t *testing.T) {
	_, client := newKMS()
	keys := newKeys(t, client)
	key, err := keys.DataKey(t.Context(), ciphertext(1))
	if err != nil {
		t.Fatal(err)
	}
	again, err := keys.DataKey(t.Context(), ciphertext(1))
	if err != nil {
		t.Fatal(err)
	}
	clear(key)
	keys.Forget()
	if want := fmt.Sprintf("%032d", 1); string(again) != want {
		t.Errorf("got %q, want %q", again, want)
	}
}

// TestWrongContext checks that the error names the context, and that each record does not cost
// a call.
func TestWrongContext(t *testing.T) {
	f, client := newKMS()
	keys, err := kmskeys.New(client, instanceId)
	if err != nil {
		t.Fatal(err)
	}
	sealer := activityrecordtest.NewSealer()
	decoder := activityrecord.NewDecoder(keys)
	for range 100 {
		_, err = decoder.Decode(t.Context(), sealer.Seal(activityrecord.Record{}))
	}
	refused, ok := errors.AsType[*kmskeys.ContextError](err)
	if !ok || !errors.Is(err, activityrecord.KeyRefused) || errors.Is(err, activityrecord.Damaged) {
		t.Fatalf("got %v, want a ContextError in a DecodeError", err)
	}
	if diff := cmp.Diff(map[string]string{"aws:rds:db-id": instanceId}, refused.Context); diff != "" {
		t.Error(diff)
	}
	if _, ok := errors.AsType[*types.InvalidCiphertextException](err); !ok || !strings.Contains(err.Error(), instanceId) {
		t.Errorf("got %v, want the SDK's error and the context", err)
	}
	f.wantCalls(t, 1)
}

// TestOtherErrorsAreNotKept checks that the next call tries again after an error that may be
// temporary.
func TestOtherErrorsAreNotKept(t *testing.T) {
	f, client := newKMS()
	keys := newKeys(t, client)
	for _, code := range []string{"AccessDeniedException", "ThrottlingException", "KMSInternalException"} {
		f.refuse.Store(&code)
		_, err := keys.DataKey(t.Context(), ciphertext(1))
		if api, ok := errors.AsType[interface {
			error
			ErrorCode() string
		}](err); !ok || api.ErrorCode() != code {
			t.Errorf("got %v, want the SDK's error %s", err, code)
		}
	}
	f.refuse.Store(nil)
	get(t, keys, 1)
	f.wantCalls(t, 4)
}

func TestKmsKeyId(t *testing.T) {
	f, client := newKMS()
	get(t, newKeys(t, client, func(o *kmskeys.Options) { o.KmsKeyId = "alias/audit" }), 1)
	if got, _ := f.request.Load("keyId"); got != "alias/audit" {
		t.Errorf("got the key ID %v", got)
	}
}

// apiFunc is a fake API.
type apiFunc func() (*kms.DecryptOutput, error)

func (f apiFunc) Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return f()
}

func TestFakes(t *testing.T) {
	shared := []byte(strings.Repeat("k", 32))
	keys := newKeys(t, apiFunc(func() (*kms.DecryptOutput, error) { return &kms.DecryptOutput{Plaintext: shared}, nil }))
	for range 2 {
		if key, err := keys.DataKey(t.Context(), []byte("c")); err != nil || !bytes.Equal(key, []byte(strings.Repeat("k", 32))) {
			t.Errorf("got %q, %v", key, err)
		}
		keys.Forget()
	}
	for _, out := range []*kms.DecryptOutput{nil, {}} {
		keys := newKeys(t, apiFunc(func() (*kms.DecryptOutput, error) { return out, nil }))
		if key, err := keys.DataKey(t.Context(), []byte("c")); key != nil || err == nil {
			t.Errorf("got %q, %v, want an error", key, err)
		}
	}
}

// TestPanicInAPI checks that the next call does not wait for the one that panicked.
func TestPanicInAPI(t *testing.T) {
	panics := true
	keys := newKeys(t, apiFunc(func() (*kms.DecryptOutput, error) {
		if panics {
			panic("fake")
		}
		return &kms.DecryptOutput{Plaintext: []byte("k")}, nil
	}))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_, _ = keys.DataKey(t.Context(), []byte("c"))
	}()
	panics = false
	if key, err := keys.DataKey(t.Context(), []byte("c")); err != nil || string(key) != "k" {
		t.Errorf("got %q, %v", key, err)
	}
}

func TestNewRejects(t *testing.T) {
	_, client := newKMS()
	for _, c := range []struct {
		why, resourceId string
		api             kmskeys.API
		options         kmskeys.Options
		want            []string
	}{
		{"a name", "orders", client, kmskeys.Options{}, []string{`got "orders"`}},
		{"an ARN", "arn:aws:rds:us-east-1:123456789012:cluster:orders", client, kmskeys.Options{}, []string{"DbClusterResourceId"}},
		{"everything at once", "", nil, kmskeys.Options{MaxKeys: -1, Lifetime: -1}, []string{"resource ID", "MaxKeys", "Lifetime", "API"}},
	} {
		keys, err := kmskeys.New(c.api, c.resourceId, func(o *kmskeys.Options) { *o = c.options })
		if keys != nil || err == nil {
			t.Errorf("%s: got %v, %v", c.why, keys, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %v, want it to name %s", c.why, err, w)
			}
		}
	}
}

func TestZeroKeys(t *testing.T) {
	for _, keys := range []*kmskeys.Keys{nil, {}} {
		if key, err := keys.DataKey(t.Context(), []byte("c")); key != nil || err == nil || !strings.Contains(err.Error(), "made by New") {
			t.Errorf("got %q, %v", key, err)
		}
	}
}

// TestConcurrentUse drops keys while others use them. It is for the race detector.
func TestConcurrentUse(t *testing.T) {
	_, client := newKMS()
	keys := newKeys(t, client, func(o *kmskeys.Options) { o.MaxKeys, o.Lifetime = 2, time.Microsecond })
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 50 {
				if get(t, keys, (g+i)%4); i%10 == 0 {
					keys.Forget()
				}
			}
		})
	}
	all.Wait()
}
