package activityrecord_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
)

// keysOfVector returns Keys that know only the vector's key.
func keysOfVector(v activityrecord.Vector) activityrecord.Keys {
	return activityrecord.KeysFunc(func(_ context.Context, encrypted []byte) ([]byte, error) {
		if !bytes.Equal(encrypted, v.Blob) {
			return nil, fmt.Errorf("no key for these %d bytes", len(encrypted))
		}
		return v.Key, nil
	})
}

var problems = map[string]activityrecord.Problem{
	"key":       activityrecord.KeyRefused,
	"damaged":   activityrecord.Damaged,
	"too large": activityrecord.TooLarge,
}

func TestVectors(t *testing.T) {
	for _, v := range activityrecord.ReadVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			r, err := activityrecord.NewDecoder(keysOfVector(v)).Decode(t.Context(), v.Data)
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
