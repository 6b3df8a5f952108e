package activityrecord_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// vector is a record that the official JavaScript Encryption SDK has sealed. Byte slices are
// base64 in the file.
type vector struct {
	Name  string
	Data  []byte // of the Kinesis record
	Blob  []byte // the encrypted data key in it
	Key   []byte // the data key to return for it
	Error string // the problem that Decode must report; empty if none
	Plain []byte // the JSON inside
}

// keys returns Keys that know only the vector's key.
func (v vector) keys() activityrecord.Keys {
	return activityrecord.KeysFunc(func(_ context.Context, encrypted []byte) ([]byte, error) {
		if !bytes.Equal(encrypted, v.Blob) {
			return nil, fmt.Errorf("no key for these %d bytes", len(encrypted))
		}
		return v.Key, nil
	})
}

func vectors(t testing.TB) []vector {
	t.Helper()
	file, err := os.Open("testdata/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.NewDecoder(text).Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 15 {
		t.Fatalf("got %d vectors, want at least 15", len(all))
	}
	return all
}

var problems = map[string]activityrecord.Problem{
	"key":       activityrecord.KeyRefused,
	"damaged":   activityrecord.Damaged,
	"too large": activityrecord.TooLarge,
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			r, err := activityrecord.NewDecoder(v.keys()).Decode(t.Context(), v.Data)
			if v.Error != "" {
				if r != nil || !errors.Is(err, problems[v.Error]) {
					t.Fatalf("got %v, %v, want the problem %q", r, err, problems[v.Error])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				ClusterId, InstanceId     string
				DatabaseActivityEventList []json.RawMessage
			}
			if err := json.Unmarshal(v.Plain, &want); err != nil {
				t.Fatal(err)
			}
			if r.ClusterId != want.ClusterId || r.InstanceId != want.InstanceId || len(r.Events) != len(want.DatabaseActivityEventList) {
				t.Fatalf("got %q, %q, %d events, want %q, %q, %d", r.ClusterId, r.InstanceId, len(r.Events),
					want.ClusterId, want.InstanceId, len(want.DatabaseActivityEventList))
			}
			for i, e := range r.Events {
				if !bytes.Equal(e.Raw, want.DatabaseActivityEventList[i]) {
					t.Errorf("event %d: got %s, want %s", i, e.Raw, want.DatabaseActivityEventList[i])
				}
			}
		})
	}
}
