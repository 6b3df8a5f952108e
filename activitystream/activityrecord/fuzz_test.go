package activityrecord_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

// sealers returns a Sealer for each suite, and one without frames.
func sealers() []*activityrecordtest.Sealer {
	var all []*activityrecordtest.Sealer
	for _, suite := range []activityrecordtest.Suite{activityrecordtest.Suite0178, activityrecordtest.Suite0378,
		activityrecordtest.Suite0478, activityrecordtest.Suite0578} {
		all = append(all, activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite, o.FrameLength = suite, 50 }))
	}
	return append(all, activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.FrameLength = -1 }))
}

// FuzzMessage decodes messages. Only those that were sealed may decode.
func FuzzMessage(f *testing.F) {
	all := sealers()
	var sealed []string
	for _, s := range all {
		message, _ := split(f, s.Seal(activityrecord.Record{Events: []activityrecord.Event{activityrecordtest.Oracle()}}))
		sealed = append(sealed, string(message))
		for i := range all {
			f.Add(i, message)
		}
	}
	f.Fuzz(func(t *testing.T, of int, message []byte) {
		s := all[uint(of)%uint(len(all))]
		_, join := split(t, s.SealBytes("1.1", nil))
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), join(message))
		if err == nil && !slices.Contains(sealed, string(message)) {
			t.Fatalf("decoded a message that was not sealed: %v", r)
		}
		if err != nil {
			refused(t, "fuzzed message", r, err)
		}
	})
}

// FuzzEnvelope decodes data. Only what has a sealed message in it may decode, and then to its
// events.
func FuzzEnvelope(f *testing.F) {
	s := activityrecordtest.NewSealer()
	data := s.Seal(activityrecord.Record{ClusterId: "cluster-A", InstanceId: "db-B", Events: []activityrecord.Event{activityrecordtest.MySQL()}})
	want, err := activityrecord.NewDecoder(s).Decode(f.Context(), data)
	if err != nil {
		f.Fatal(err)
	}
	message, _ := split(f, data)
	f.Add(data)
	f.Add([]byte(`{"type":"DatabaseActivityMonitoringRecords","version":null,"databaseActivityEvents":{},"key":[]}`))
	f.Add([]byte(`{"type":"\u0044atabaseActivityMonitoringRecords","version":1.1,"databaseActivityEvents":"` +
		base64.StdEncoding.EncodeToString(message) + `","key":"` + base64.StdEncoding.EncodeToString(s.EncryptedKey()) + `","x":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), data)
		if err != nil {
			refused(t, "fuzzed data", r, err)
			return
		}
		r.Version = want.Version
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("-sealed +decoded\n%s", diff)
		}
	})
}

func TestDecodeErrorText(t *testing.T) {
	err := &activityrecord.DecodeError{Problem: activityrecord.Damaged, Err: errors.New("cause")}
	if got, want := err.Error(), "activityrecord: damaged: cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
