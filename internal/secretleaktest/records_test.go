package secretleaktest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// What the records of this test contain and no error may name.
const (
	secretSQL   = "select-5ecret-from-accounts"
	secretParam = "5ecret-parameter"
	secretUser  = "5ecret-user"
)

// secretsOf returns the texts that no error about a record may contain.
func secretsOf(s *activityrecordtest.Sealer, data []byte) []string {
	all := []string{secretSQL, secretParam, secretUser, "5ecret"}
	for _, b := range [][]byte{s.PlaintextKey(), s.EncryptedKey()} {
		for _, text := range []string{string(b), hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b), fmt.Sprintf("%d", b)} {
			all = append(all, text[:min(len(text), 16)])
		}
	}
	var e struct {
		Message []byte `json:"databaseActivityEvents"`
	}
	if json.Unmarshal(data, &e) == nil && len(e.Message) > 200 {
		for at := 100; at+24 < len(e.Message); at += 24 { // the base64 text begins at multiples of 3
			part := e.Message[at-at%3 : at-at%3+18]
			all = append(all, base64.StdEncoding.EncodeToString(part), hex.EncodeToString(part))
		}
	}
	return all
}

// texts returns what programs write of an error, with all errors that it wraps.
func texts(err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
	slog.New(slog.NewTextHandler(&b, nil)).Error("decode", "err", err)
	slog.New(slog.NewJSONHandler(&b, nil)).Error("decode", "err", err)
	switch e := err.(type) { //nolint:errorlint // it walks through the tree
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			b.WriteString(texts(inner))
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			b.WriteString(texts(inner))
		}
	}
	return b.String()
}

// TestRecords damages records in every way, and searches the errors for what is in them.
func TestRecords(t *testing.T) {
	s := activityrecordtest.NewSealer()
	event := activityrecordtest.PostgreSQL()
	event.CommandText, event.ParamList, event.DBUserName = secretSQL, []string{secretParam}, secretUser
	record := activityrecord.Record{Events: []activityrecord.Event{event}}
	whole := s.Seal(record)
	secrets := secretsOf(s, whole)

	var bad [][]byte
	for i := 0; i < len(whole); i += 2 {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		bad = append(bad, changed, whole[:i])
	}
	inner, err := json.Marshal(map[string]any{"databaseActivityEventList": []string{secretSQL, secretParam, secretUser}})
	if err != nil {
		t.Fatal(err)
	}
	bad = append(bad, s.SealJSON("1.1", inner), s.SealBytes("1.1", inner), inner, bytes.Repeat(whole, 2))
	for i := range inner { // JSON that ends within a secret
		bad = append(bad, s.SealJSON("1.1", inner[:i]))
	}
	for _, p := range []activityrecord.Problem{activityrecord.NotARecord, activityrecord.KeyRefused, activityrecord.Damaged,
		activityrecord.Unsupported, activityrecord.Malformed} {
		bad = append(bad, s.SealBroken(p))
	}
	checked := 0
	check := func(err error) {
		t.Helper()
		if err == nil {
			return // the version of a record may be anything
		}
		checked++
		text := texts(err)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("an error contains %q:\n%s", secret, text)
			}
		}
	}
	limited := activityrecord.NewDecoder(s, func(o *activityrecord.Options) { o.MaxInflated, o.MaxEvents = 100, 1 })
	_, err = limited.Decode(t.Context(), whole)
	check(err)
	for _, data := range bad {
		_, err := activityrecord.NewDecoder(s).Decode(t.Context(), data)
		check(err)
	}
	short := activityrecord.KeysFunc(func(context.Context, []byte) ([]byte, error) { return s.PlaintextKey()[:20], nil })
	_, err = activityrecord.NewDecoder(short).Decode(t.Context(), whole)
	check(err)

	// A KMS that refuses, and a program that logs its Keys.
	keys, err := kmskeys.New(refusingKMS{}, "cluster-ABC")
	if err != nil {
		t.Fatal(err)
	}
	_, err = activityrecord.NewDecoder(keys).Decode(t.Context(), whole)
	check(err)
	keys, err = kmskeys.New(&keyKMS{s.PlaintextKey()}, "cluster-ABC")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := activityrecord.NewDecoder(keys).Decode(t.Context(), whole); err != nil {
		t.Fatal(err)
	}
	check(errors.New(texts(fmt.Errorf("%v %+v %#v", keys, keys, keys))))
	if checked < 1000 {
		t.Errorf("checked only %d errors", checked)
	}
}

type refusingKMS struct{}

func (refusingKMS) Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return nil, &types.InvalidCiphertextException{}
}

// keyKMS decrypts everything to one key.
type keyKMS struct{ key []byte }

func (k *keyKMS) Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return &kms.DecryptOutput{Plaintext: bytes.Clone(k.key)}, nil
}
