package activityrecordtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

var withoutRaw = cmpopts.IgnoreFields(activityrecord.Event{}, "Raw")

// TestSealedRecordsDecode decodes every kind of event in every suite and several frame lengths.
func TestSealedRecordsDecode(t *testing.T) {
	pg := activityrecordtest.PostgreSQL()
	pg.CommandText = strings.Repeat(`quoted "x" \ é `, 1000)
	events := []activityrecord.Event{
		activityrecordtest.Heartbeat(), pg, activityrecordtest.MySQL(), activityrecordtest.Oracle(), activityrecordtest.SQLServer(),
	}
	for _, suite := range []activityrecordtest.Suite{activityrecordtest.Suite0178, activityrecordtest.Suite0378,
		activityrecordtest.Suite0478, activityrecordtest.Suite0578} {
		for _, frame := range []int{-1, 0, 1, 100, 1 << 20} {
			t.Run(fmt.Sprintf("%#04x, frames of %d", suite, frame), func(t *testing.T) {
				s := activityrecordtest.NewSealer(func(o *activityrecordtest.Options) { o.Suite, o.FrameLength = suite, frame })
				want := &activityrecord.Record{Version: "1.0", ClusterId: "cluster-A", InstanceId: "db-B", Events: events}
				got, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.Seal(*want))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, withoutRaw); diff != "" {
					t.Errorf("-sealed +decoded\n%s", diff)
				}
			})
		}
	}
}

func TestVersions(t *testing.T) {
	s := activityrecordtest.NewSealer()
	for want, event := range map[string]activityrecord.Event{
		"1.1": activityrecordtest.PostgreSQL(), "1.2": activityrecordtest.MySQL(),
		"1.3": activityrecordtest.Oracle(), "1.4": activityrecordtest.SQLServer(),
	} {
		r, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.Seal(activityrecord.Record{Events: []activityrecord.Event{event}}))
		if err != nil || r.Version != want {
			t.Errorf("got %v, %v, want version %s", r, err, want)
		}
	}
}

func TestRawIsSealedAsItIs(t *testing.T) {
	s := activityrecordtest.NewSealer()
	raw := json.RawMessage(`{"type":"new","unheardOf":[1,2]}`)
	r, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.Seal(activityrecord.Record{Events: []activityrecord.Event{{Type: "x", Raw: raw}}}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]activityrecord.Event{{Type: "new", Raw: raw}}, r.Events); diff != "" {
		t.Error(diff)
	}
}

func TestSealBroken(t *testing.T) {
	s := activityrecordtest.NewSealer()
	for _, p := range []activityrecord.Problem{activityrecord.NotARecord, activityrecord.KeyRefused, activityrecord.Damaged,
		activityrecord.Unsupported, activityrecord.TooLarge, activityrecord.Malformed} {
		if r, err := activityrecord.NewDecoder(s).Decode(t.Context(), s.SealBroken(p)); r != nil || !errors.Is(err, p) {
			t.Errorf("got %v, %v, want the problem %q", r, err, p)
		}
	}
	if data := s.SealBroken("another"); data != nil {
		t.Errorf("got %d bytes for an unknown problem", len(data))
	}
}

func TestOtherSealersKey(t *testing.T) {
	s, other := activityrecordtest.NewSealer(), activityrecordtest.NewSealer()
	_, err := activityrecord.NewDecoder(other).Decode(t.Context(), s.Seal(activityrecord.Record{}))
	if !errors.Is(err, activityrecord.KeyRefused) {
		t.Errorf("got %v, want %v", err, activityrecord.KeyRefused)
	}
	if key, err := s.DataKey(t.Context(), s.EncryptedKey()); err != nil || !cmp.Equal(key, s.PlaintextKey()) {
		t.Errorf("got %v, not the data key", err)
	}
}
